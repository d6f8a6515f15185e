#!/bin/sh
# Takes out of the virtual environment $1 what a load test never uses, and compiles what it does.
#
# Run by the Dockerfile behind the installation, with pip from outside the environment. Each part says why it may
# go. That the rest is whole is shown by the tests on a cluster, which run the image.
set -eu
packages=$1/lib/python3.11/site-packages

# Of the benches, which are not in the image.
bench="py-spy uvloop"
# Declared for building, and for tests that users of Locust write.
tools="pbr setuptools pytest pluggy iniconfig"
# shellcheck disable=SC2086 # each name is a word of its own
python -m pip --python "$1/bin/python" uninstall --quiet --yes --root-user-action=ignore $bench $tools

# Tests, and sources of what is compiled already.
find "$packages" -type d -name tests -print | xargs rm -rf
find "$packages" -type f \( -name '*.a' -o -name '*.c' -o -name '*.h' -o -name '*.pxd' -o -name '*.pyi' -o -name '*.pyx' \) -delete

# Bytecode that is never compared with its source stays right whatever a layer does to the files' times.
python -m compileall -q -j 0 --invalidation-mode unchecked-hash "$packages"
