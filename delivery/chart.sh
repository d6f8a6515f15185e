#!/bin/sh
# Packs the chart so that it asks for the images of REGISTRY, and pushes it there.
#
#   chart.sh pack   writes build/delivery/ecluse-VERSION.tgz
#   chart.sh push   pushes it to REGISTRY/ecluse/charts, and lists its digest in build/delivery/chart.txt
#
#   REGISTRY   as ghcr.io/OWNER
#   VERSION    the release
#   HELM       another helm
#   PLAIN_HTTP yes for a registry on this machine that speaks no TLS
set -eu
cd "$(dirname "$0")/.."
helm=${HELM:-$(command -v helm || .venv/bin/python -c 'from tests.helm import program; print(program("helm"))')}
: "${REGISTRY:?chart: REGISTRY is not given, expected as ghcr.io/OWNER}"
: "${VERSION:?chart: VERSION is not given}"
REGISTRY=$(printf %s "$REGISTRY" | tr '[:upper:]' '[:lower:]') # registries know no capitals, owners may
VERSION=${VERSION#v}
packed=build/delivery/ecluse-$VERSION.tgz

pack() {
    python3 -m delivery.version "$VERSION"
    staged=$(mktemp -d)
    trap 'rm -rf "$staged"' EXIT
    cp -R helm/ecluse "$staged/ecluse"
    # The first `registry` is image.registry, which all other images follow.
    awk -v registry="$REGISTRY" '
        /^  registry: ""$/ && !done { print "  registry: " registry; done = 1; next }
        { print }
        END { exit !done }
    ' helm/ecluse/values.yaml >"$staged/ecluse/values.yaml"
    sed "s#^\( *image: \)ecluse/#\1$REGISTRY/ecluse/#" helm/ecluse/Chart.yaml >"$staged/ecluse/Chart.yaml"
    "$helm" lint --strict --quiet "$staged/ecluse"
    mkdir -p build/delivery
    "$helm" package "$staged/ecluse" --destination build/delivery
    # What is packed is what is asked: the images that were signed, and no others.
    everything=loadtest.enabled=true,rollout.job.enabled=true,rollout.rbac.create=true,rollout.target=httproute/mnist
    asked=$("$helm" template released "$packed" --set "$everything,rollout.prometheus=http://prometheus:9090" | sed -n 's/^ *image: *//p' | tr -d '"' | sort -u)
    for name in serving loadtests rollout; do
        case $asked in
            *"/ecluse/$name:"*) ;;
            *) echo "chart: the packed chart asks for no image ecluse/$name, expected all that were signed" >&2; exit 1 ;;
        esac
    done
    others=$(echo "$asked" |
        grep -v "^$REGISTRY/ecluse/[a-z]*:$VERSION\(-demo\)\{0,1\}\$" || true)
    if [ -n "$others" ]; then
        echo "chart: the packed chart asks for $others, expected images of $REGISTRY with the tag $VERSION" >&2
        exit 1
    fi
}

push() {
    [ -s "$packed" ] || { echo "chart: $packed is not there; \`make release-chart\` writes it" >&2; exit 1; }
    said=$("$helm" push "$packed" "oci://$REGISTRY/ecluse/charts" ${PLAIN_HTTP:+--plain-http} 2>&1) || { echo "$said" >&2; exit 1; }
    digest=$(echo "$said" | sed -n 's/^Digest: \(sha256:[0-9a-f]*\)$/\1/p')
    if [ -z "$digest" ]; then
        echo "chart: helm named no digest of what it pushed: $said" >&2
        exit 1
    fi
    echo "chart $REGISTRY/ecluse/charts/ecluse $VERSION $digest" >build/delivery/chart.txt
    echo "chart: $REGISTRY/ecluse/charts/ecluse:$VERSION is $digest"
}

case ${1:-} in
    pack) pack ;;
    push) push ;;
    *) echo "chart: '${1:-}' is neither pack nor push" >&2; exit 1 ;;
esac
