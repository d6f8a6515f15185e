#!/bin/sh
# Opens a pull request with the locks of a patch that another job made, which had no rights.
#
# The patch may change requirements/*.lock and nothing else: whoever could put words into it could not put code.
#
#   locks.sh PATCH
#   GH   another gh
set -eu
cd "$(dirname "$0")/.."
gh=${GH:-gh} patch=${1:?locks: no patch is given} branch=locks
[ -s "$patch" ] || { echo "locks: nothing is newer than what is locked"; exit; }
others=$(git apply --numstat "$patch" | awk '$3 !~ /^requirements\/[a-z-]+\.lock$/ { print $3 }')
if [ -n "$others" ]; then
    echo "locks: the patch changes $others, expected requirements/*.lock alone" >&2
    exit 1
fi
summary=$(git apply --summary "$patch")
if [ -n "$summary" ]; then
    echo "locks: the patch does more than change lines:$summary" >&2
    exit 1
fi
git switch --quiet --force-create "$branch"
git apply --index "$patch"
git -c user.name="github-actions[bot]" -c user.email="41898282+github-actions[bot]@users.noreply.github.com" \
    commit --quiet --message "Newer versions of what is locked"
git -c credential.helper='!gh auth git-credential' push --quiet --force origin "$branch"
if [ -n "$("$gh" pr list --head "$branch" --state open --json number --jq '.[].number')" ]; then
    echo "locks: the pull request that is open has them"
    exit
fi
"$gh" pr create --head "$branch" --title "Newer versions of what is locked" --body "By \`make lock UPGRADE=1\`. \
GitHub starts no checks on what a workflow has pushed: close this and open it again to have them run."
