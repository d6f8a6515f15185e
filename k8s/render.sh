#!/bin/sh
# Writes rendered/: what the chart makes by default, in both modes, for those who have no Helm.
#
#   render.sh           write it
#   render.sh --check   fail if it is not what the chart makes
#
# Objects name no namespace, so that `kubectl apply --namespace` decides, and no Helm, so that a chart which is
# installed later does not take them for its own.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
helm=$("$python" -c 'from tests.helm import program; print(program("helm"))') || exit 1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

render() { # MODE FILE
    echo "# What helm/ecluse makes with \`mode: $1\` and its defaults, by \`make generate\`: change the chart, not this."
    "$helm" template ecluse helm/ecluse --set "mode=$1,tests.enabled=false" --no-hooks |
        sed -e '/^# Source: /d' -e '/^  namespace: default$/d' \
            -e '/^ *app\.kubernetes\.io\/managed-by: Helm$/d' -e '/^ *helm\.sh\/chart: /d'
}

mkdir -p k8s/rendered
for mode in plain kserve; do
    case $mode in plain) file=ecluse.yaml ;; *) file=ecluse-$mode.yaml ;; esac
    render "$mode" >"$out/$file"
    if [ "${1:-}" = --check ]; then
        cmp "$out/$file" "k8s/rendered/$file" || { echo "k8s/rendered/$file is stale: run make generate" >&2; exit 1; }
    else
        cp "$out/$file" "k8s/rendered/$file"
    fi
done
