#!/bin/sh
# Whether every check has passed on a commit, on GitHub: waits while they run, and ends with 1 where one has not.
#
#   COMMIT     the one checked out where none is given
#   SECONDS_TO_WAIT   7200 where none are given
#   GH         another gh
set -eu
cd "$(dirname "$0")/.."
gh=${GH:-gh}
commit=${COMMIT:-$(git rev-parse HEAD)}
left=${SECONDS_TO_WAIT:-7200}
command -v "$gh" >/dev/null || { echo "proven: $gh is not installed: https://cli.github.com" >&2; exit 1; }
while :; do
    # The newest run: one that failed by bad luck may have been run again.
    found=$("$gh" run list --workflow change.yml --commit "$commit" --event push --limit 1 --json status,conclusion,url \
        --jq '.[0] | "\(.status) \(.conclusion) \(.url)"')
    case $found in
        "completed success "*) echo "proven: every check passed on $commit"; exit ;;
        completed*) echo "proven: the checks on $commit ended as ${found#completed }" >&2; exit 1 ;;
        "" | null*) echo "proven: no checks have run on $commit; is it on main?" >&2; exit 1 ;;
    esac
    if [ "$left" -le 0 ]; then
        echo "proven: the checks on $commit have not ended in time: $found" >&2
        exit 1
    fi
    sleep 30
    left=$((left - 30))
done
