#!/bin/sh
# Writes requirements/*.lock from pyproject.toml: all.lock resolves every group
# together, and each group's own lock takes its versions from there.
#
#   lock.sh           keep the versions that are locked, add and drop what changed
#   lock.sh --upgrade take the newest versions that pyproject.toml allows
#
# No address of any index is written, so any mirror can serve the same bytes.
set -eu
cd "$(dirname "$0")/.."
groups="model serving monitoring loadtests k8s test lint setup"

compile() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --custom-compile-command "make lock" "$@"
}

compile $(for group in $groups; do echo --group "$group"; done) --output-file requirements/all.lock "$@"
for group in $groups; do
    compile --group "$group" --constraints requirements/all.lock --output-file "requirements/$group.lock"
done
