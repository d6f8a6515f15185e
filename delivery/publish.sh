#!/bin/sh
# Makes the release on GitHub: notes from the changelog, the chart and the bills of materials beside them.
#
#   VERSION   the release; its tag is there
#   GH        another gh
set -eu
cd "$(dirname "$0")/.."
gh=${GH:-gh}
: "${VERSION:?publish: VERSION is not given}"
VERSION=${VERSION#v}
command -v "$gh" >/dev/null || { echo "publish: $gh is not installed: https://cli.github.com" >&2; exit 1; }
source=${GITHUB_SERVER_URL:-https://github.com}/${GITHUB_REPOSITORY:-OWNER/REPOSITORY}
python3 -m delivery.notes "$VERSION" build/delivery/images.txt build/delivery/chart.txt --source "$source" >build/delivery/notes.md
set -- "build/delivery/ecluse-$VERSION.tgz" build/delivery/images.txt build/delivery/chart.txt
for bill in build/delivery/sbom/*.spdx.json; do
    [ ! -e "$bill" ] || set -- "$@" "$bill"
done
(cd build/delivery && find . -type f ! -name checksums.txt ! -name notes.md ! -name provenance.json | sort | xargs sha256sum) >build/checksums.txt
mv build/checksums.txt build/delivery/checksums.txt
"$gh" release create "v$VERSION" --verify-tag --title "Écluse $VERSION" --notes-file build/delivery/notes.md "$@" build/delivery/checksums.txt
