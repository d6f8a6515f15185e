#!/bin/sh
# Lints the Dockerfiles. hadolint has a wheel for Linux on x86_64 alone; elsewhere one on the PATH is taken.
set -eu
cd "$(dirname "$0")/.."
if [ -x .venv/bin/hadolint ]; then hadolint=.venv/bin/hadolint; else hadolint=$(command -v hadolint || true); fi
if [ -z "$hadolint" ]; then
    exec sh .ci/skip.sh "hadolint: it is not installed and has no wheel for this machine, so the Dockerfiles were not linted"
fi
git ls-files -z '*Dockerfile' | xargs -0 "$hadolint"
