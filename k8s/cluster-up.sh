#!/bin/sh
# Makes the cluster of kind.yaml with KServe on it, and does nothing that is done already.
#
#   NODE_IMAGE       another Kubernetes: a node image of kind's, by digest
#   KSERVE_VERSION   another KServe; `none` for a cluster without it, where the chart renders mode plain
set -eu
cd "$(dirname "$0")/.."
for tool in docker kind kubectl helm; do
    command -v "$tool" >/dev/null || { echo "$tool is not installed" >&2; exit 1; }
done
if ! kind get clusters 2>/dev/null | grep -qx ecluse; then
    kind create cluster --config k8s/kind.yaml ${NODE_IMAGE:+--image "$NODE_IMAGE"} --wait 120s
fi
kubectl config use-context kind-ecluse
if [ "${KSERVE_VERSION:-}" != none ]; then
    sh k8s/platform/install.sh cert-manager kserve-crd kserve
fi
echo
echo "The cluster is up. Next:"
echo "  make image load"
echo "  helm install ecluse helm/ecluse --set service.type=NodePort"
