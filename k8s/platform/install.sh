#!/bin/sh
# Installs charts that are not ours, in the order given, each as the first lines of its file here say:
#
#   sh k8s/platform/install.sh cert-manager kserve-crd kserve
#   sh k8s/platform/install.sh --print kserve      say the commands and run none of them
#
# HELM names another helm, KSERVE_VERSION another KServe than the pinned one.
set -eu
here=$(dirname "$0")

field() { sed -n "s/^# $1: //p" "$here/$2.yaml"; }

run=
if [ "${1:-}" = --print ]; then
    run=echo
    shift
fi
if [ $# -eq 0 ]; then
    echo "name what to install: $(cd "$here" && ls ./*.yaml | sed 's|^./||; s/\.yaml$//' | tr '\n' ' ')" >&2
    exit 2
fi
for name in "$@"; do
    if [ ! -f "$here/$name.yaml" ]; then
        echo "there is no $here/$name.yaml" >&2
        exit 2
    fi
    version=$(field version "$name")
    case $name in kserve | kserve-*) version=${KSERVE_VERSION:-$version} ;; esac
    repository=$(field repository "$name")
    $run "${HELM:-helm}" upgrade --install "$(field release "$name")" "$(field chart "$name")" \
        ${repository:+--repo "$repository"} --version "$version" \
        --namespace "$(field namespace "$name")" --create-namespace \
        --values "$here/$name.yaml" --wait --timeout 10m
done
