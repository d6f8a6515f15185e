#!/bin/sh
# Writes requirements/*.lock from pyproject.toml: all.lock resolves every group
# together, and each group's own lock takes its versions from there. So does that of
# serving-gpu, which is not installed here: its libraries have gigabytes.
#
#   lock.sh            keep the versions that are locked, add and drop what changed
#   lock.sh --upgrade  take the newest versions that pyproject.toml allows
#   lock.sh --check    change nothing; fail if the locks do not follow from pyproject.toml
#
# No address of any index is written, so any mirror can serve the same bytes.
set -eu
cd "$(dirname "$0")/.."
. requirements/uv.sh
groups="model serving monitoring loadtests k8s test lint setup"

compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --custom-compile-command "make lock" "$@"
}

# Writes the locks into the folder $1; the other arguments are for uv.
resolve() {
    into=$1
    shift
    # shellcheck disable=SC2046 # each --group is a word of its own
    compile $(for group in $groups; do echo --group "$group"; done) --output-file "$into/all.lock" "$@" || return
    for group in $groups; do
        compile --group "$group" --constraints "$into/all.lock" --output-file "$into/$group.lock" "$@" || return
    done
    # Two distributions of one TensorFlow.
    one=$(mktemp)
    sed -n 's/^tensorflow-cpu==\([^ ]*\).*/tensorflow==\1/p' "$into/all.lock" >"$one"
    compile --group serving-gpu --constraints "$into/all.lock" --constraints "$one" \
        --output-file "$into/serving-gpu.lock" "$@" || { rm "$one"; return 1; }
    rm "$one"
}

# The locks are current when resolving again, from them, gives them again.
is_current() {
    rm -f "$copy/stale"
    cp requirements/*.lock "$copy" || return
    resolve "$copy" "$@" 2>"$copy/errors" || return
    for lock in requirements/*.lock; do
        cmp -s "$lock" "$copy/${lock##*/}" || echo "${lock##*/}" >>"$copy/stale"
    done
    [ ! -e "$copy/stale" ]
}

check() {
    copy=$(mktemp -d)
    trap 'rm -rf "$copy"' EXIT
    # Resolving keeps the hashes it finds. Those of all.lock are proven by installing it, and those of
    # packages that only serving-gpu has by building its image.
    if ! awk '
        /==/ { name = $1; sub(/[[=].*/, "", name) }
        !/--hash/ { next }
        FILENAME == "requirements/all.lock" { right[$1]; known[name]; next }
        name in known && !($1 in right) { print FILENAME ": " name " " $1; wrong = 1 }
        END { exit wrong }
    ' requirements/all.lock requirements/*.lock >&2; then
        echo "locks: these hashes are not those of all.lock; delete the lock they are in and run \`make lock\`" >&2
        return 1
    fi
    # What uv remembers is enough to say yes; only the index can say no.
    if is_current --offline; then return 0; fi
    if is_current; then return 0; fi
    if [ -e "$copy/stale" ]; then
        echo "locks: $(paste -s -d ' ' "$copy/stale") would change; run \`make lock\` and commit what it writes" >&2
        return 1
    fi
    if echo pip | uv pip compile --quiet --no-cache - >/dev/null 2>&1; then
        cat "$copy/errors" >&2
        return 1
    fi
    sh .ci/skip.sh "locks: no package index can be reached, so whether requirements/*.lock follow from pyproject.toml was not checked"
}

case ${1:-} in
    --check) check ;;
    *) resolve requirements "$@" ;;
esac
