#!/bin/sh
# Makes the cluster of kind.yaml with metrics-server and KServe on it, and does nothing that is done already. Its last line is an `export`.
#
#   NODE_IMAGE       another Kubernetes: a node image of kind's, by digest
#   KSERVE_VERSION   another KServe; `none` for a cluster without it, where the chart renders mode plain
#   PLATFORM         more of platform/ to install, as "prometheus-stack keda"
#   KUBECONFIG       where to write the way in, if not to build/kubeconfig; your own ~/.kube/config is left alone
set -eu
cd "$(dirname "$0")/.."
export KUBECONFIG="${KUBECONFIG:-$PWD/build/kubeconfig}"
# Helm comes with the tests' packages where nobody names one and none is on the path.
HELM=${HELM:-$(command -v helm || .venv/bin/python -c 'from tests.helm import program; print(program("helm"))')}
export HELM
for tool in docker kind kubectl; do
    command -v "$tool" >/dev/null || { echo "$tool is not installed" >&2; exit 1; }
done
mkdir -p "$(dirname "$KUBECONFIG")"
if kind get clusters 2>/dev/null | grep -qx ecluse; then
    kind export kubeconfig --name ecluse
else
    kind create cluster --config k8s/kind.yaml ${NODE_IMAGE:+--image "$NODE_IMAGE"} --wait 120s
fi
sh k8s/platform/install.sh metrics-server
if [ "${KSERVE_VERSION:-}" != none ]; then
    sh k8s/platform/install.sh cert-manager kserve-crd kserve
fi
if [ -n "${PLATFORM:-}" ]; then
    # shellcheck disable=SC2086 # each name is a word of its own
    sh k8s/platform/install.sh $PLATFORM
fi
echo "The cluster is up. This shell finds it after:" >&2
echo "export KUBECONFIG=$KUBECONFIG"
