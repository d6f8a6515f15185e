#!/bin/sh
# Makes .venv hold exactly what requirements/all.lock names, and stamps it when it does.
#
# The stamp is taken away first and put back last, so that a run that was cut off is
# never taken for a finished one: an environment without a stamp is made anew.
set -eu
cd "$(dirname "$0")/.."

is_right() {
    "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null
}

if [ -e .venv/stamp ] && is_right .venv/bin/python; then
    rm .venv/stamp
else
    for python in ${PYTHON:-python3.11 python3 python}; do
        if is_right "$python"; then found=$python; break; fi
    done
    if [ -z "${found:-}" ]; then
        echo "setup: Python 3.11 is needed and was not found; install it, or name it: make setup PYTHON=/path/to/python3.11" >&2
        exit 1
    fi
    if ! "$found" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "setup: $found cannot make a virtual environment with pip; on Debian and Ubuntu install python3.11-venv" >&2
        exit 1
    fi
    echo "setup: making .venv with $("$found" --version)"
    "$found" -m venv --clear .venv
fi

. requirements/uv.sh
locked=$(sed -n 's/^\(uv==[^ ]*\).*/\1/p' requirements/setup.lock)
if [ "uv==$(.venv/bin/uv --version 2>/dev/null | cut -d ' ' -f 2)" != "$locked" ]; then
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
        --requirement requirements/setup.lock
fi
echo "setup: installing requirements/all.lock"
uv pip sync --quiet --python .venv/bin/python --require-hashes requirements/all.lock
touch .venv/stamp
