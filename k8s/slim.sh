#!/bin/sh
# Takes out of the virtual environment $1 what a rollout never uses, and compiles what it does.
#
# Run by the Dockerfile behind the installation, with pip from outside the environment. That the rest is whole is shown
# by the tests on a cluster, which run the image.
set -eu
packages=$1/lib/python3.11/site-packages

# The Kubernetes client a second time, for asyncio, and what only that needs: two fifths of all.
asynchronous="aiohttp aiohttp-retry aiosignal aiohappyeyeballs frozenlist multidict propcache yarl"
# shellcheck disable=SC2086 # each name is a word of its own
python -m pip --python "$1/bin/python" uninstall --quiet --yes --root-user-action=ignore $asynchronous
rm -rf "$packages/kubernetes/aio"

# Bytecode that is never compared with its source stays right whatever a layer does to the files' times.
python -m compileall -q -j 0 --invalidation-mode unchecked-hash "$packages"
