"""Programs that stand in for those that need a network or a cluster.

Each notes how it was called, and answers as the real one would.

A call that matches the regular expression in the file `fails` ends with 1. Whatever can be real is: sh, make, git,
Python, and of Helm all that does not leave this machine.
"""

import os
from pathlib import Path

from tests.helm import program
from tests.servers import ROOT

NOTE = """#!/bin/sh
# In one write, since jobs run beside each other.
printf '%s\\n' "${0##*/} $*" >>"$STANDINS/told"
if [ -s "$STANDINS/fails" ] && printf '%s\\n' "${0##*/} $*" | grep -qEf "$STANDINS/fails"; then
    echo "${0##*/} fails, as it was told to" >&2
    exit 1
fi
"""

PROGRAMS = {
    # An image's digest follows from its name without the tag, so that all tags of one have the same.
    "docker": """
case "$*" in
    login*) cat >"$STANDINS/password" ;;
    *"imagetools inspect"*) image=$4
        case $image in *-demo*) kind=demo ;; *-gpu*) kind=gpu ;; *) kind= ;; esac
        printf '"sha256:%s"\\n' "$(printf %s "${image%:*}$kind" | sha256sum | cut -c 1-64)" ;;
    run*) echo container ;;
    exec*) cat >/dev/null; echo '{"data":[7]}' ;;
    inspect*) echo 0 ;;
esac
""",
    "cosign": "",
    "syft": """
for word in "$@"; do case $word in spdx-json=*) echo '{"spdxVersion": "SPDX-2.3"}' >"${word#spdx-json=}" ;; esac; done
""",
    "gh": """
case "$*" in
    "run list"*) echo "${CHECKS:-completed success https://github.com/runs/1}" ;;
    "release create"*) cp -R build/delivery "$STANDINS/published" ;;
esac
""",
    "kubectl": """
case "$*" in
    *"get httproute"* | *"get grpcroute"*) cat "$STANDINS/route.json" ;;
esac
""",
    "helm": """
case "$*" in
    push*) echo "Pushed: ${3#oci://}:1.2.3"; echo "Digest: sha256:$(sha256sum <"$2" | cut -c 1-64)" ;;
    lint* | package* | template*) exec "$REAL_HELM" "$@" ;;
    *history*) [ ! -e "$STANDINS/history.json" ] || exec cat "$STANDINS/history.json"
        echo "Error: release: not found" >&2; exit 1 ;;
esac
""",
    # The one on the path may be a slow shim.
    "python3": """exec "$REAL_PYTHON" "$@"
""",
    # What a checkout's .venv/bin/python is asked for that needs a cluster, a server or TensorFlow.
    "python": """
case "$*" in
    "-m k8s.rollout"*--abort*) [ -e "$STANDINS/unfinished" ] ;;
    "-m k8s.rollout"*) mkdir -p build/delivery/rollout; echo "# Rollout" >build/delivery/rollout/report.md
        status=$(cat "$STANDINS/rollout" 2>/dev/null || echo 0)
        [ "$status" != 0 ] || cp "$STANDINS/promoted.json" "$STANDINS/route.json"
        exit "$status" ;;
    "-m model.train"*) mkdir -p models/mnist/1 && echo saved >models/mnist/1/saved_model.pb ;;
    "-m k8s.wait"* | "-m loadtests"* | "-m model."*) ;;
    *) exec "$REAL_PYTHON" "$@" ;;
esac
""",
}

ACTIONS = {
    # What `make setup` has made; nothing is installed.
    "actions/setup-python": """
mkdir -p .venv/bin
ln -s "$STANDINS/programs/python" .venv/bin/python
touch .venv/stamp
""",
    "actions/upload-artifact": """
mkdir -p "$STANDINS/kept"
kept=$STANDINS/kept/$NAME
rm -rf "$kept"
# A folder is kept as what is in it, as the real one does.
if [ -d "$AT" ]; then cp -R "$AT" "$kept"; else mkdir "$kept" && cp "$AT" "$kept/"; fi
""",
    "actions/download-artifact": """
mkdir -p "$AT"
cp -R "$STANDINS/kept/$NAME/." "$AT/"
""",
    "actions/cache": "",
    "sigstore/cosign-installer": "",
    "anchore/sbom-action": "",
    "helm/kind-action": "",
}
"""Composite actions in place of those that are fetched."""

ACTION = """name: stand-in
inputs: {{name: {{default: ""}}, path: {{default: ""}}}}
runs:
  using: composite
  steps:
    - shell: sh -e {{0}}
      env:
        NAME: ${{{{ inputs.name }}}}
        AT: ${{{{ inputs.path }}}}
      run: |
{script}
"""


def put(folder: Path) -> None:
    """Write all of them into a folder: `programs/`, and `actions/OWNER/NAME/action.yml`."""
    programs = folder / "programs"
    programs.mkdir(parents=True)
    for name, text in PROGRAMS.items():
        stand_in = programs / name
        stand_in.write_text(NOTE + text)
        stand_in.chmod(0o755)
    for action, script in ACTIONS.items():
        for sub in ("", "download-syft", "restore", "save"):
            place = folder / "actions" / action / sub
            place.mkdir(parents=True, exist_ok=True)
            lines = "\n".join(f"        {line}" for line in ("true\n" + script).splitlines())
            (place / "action.yml").write_text(ACTION.format(script=lines))


def environment(folder: Path) -> dict[str, str]:
    """Give the variables that they need."""
    return {
        "STANDINS": str(folder),
        "REAL_HELM": str(program("helm")),
        # What serving/image.sh would otherwise ask pip, slowly, for each image.
        "PIP_INDEX_URL": "https://example.invalid/simple",
        "PIP_EXTRA_INDEX_URL": "https://example.invalid/more",
        "PIP_CERT": os.devnull,
        "REAL_PYTHON": str(ROOT / ".venv" / "bin" / "python"),
    }
