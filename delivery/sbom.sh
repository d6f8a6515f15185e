#!/bin/sh
# Lists what is in each image of build/delivery/images.txt, as SPDX, into build/delivery/sbom/.
#
#   ARCHITECTURES   those of amd64 and arm64 that there are where none are given
#   SYFT            another syft
set -eu
cd "$(dirname "$0")/.."
. delivery/architectures.sh
syft=${SYFT:-syft}
list=build/delivery/images.txt
command -v "$syft" >/dev/null || { echo "sbom: $syft is not installed: https://github.com/anchore/syft" >&2; exit 1; }
[ -s "$list" ] || { echo "sbom: $list is not there; \`make release-index\` writes it" >&2; exit 1; }
mkdir -p build/delivery/sbom
while read -r name repository tag digest; do
    for architecture in $(architectures_of "$name"); do
        file=build/delivery/sbom/$name-$architecture.spdx.json
        "$syft" scan "registry:$repository@$digest" --platform "linux/$architecture" --output "spdx-json=$file" --quiet </dev/null
        echo "sbom: $file is of $repository:$tag"
    done
done <"$list"
