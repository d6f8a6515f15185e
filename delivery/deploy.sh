#!/bin/sh
# Brings what build/delivery/images.txt lists to an environment, by its digest.
#
# A rolling update replaces the pods of one release. A canary is deployed beside the one that has the traffic, and
# `python -m k8s.rollout` moves it there step by step; its exit status is this one's. What there was before is kept in
# build/delivery/ENVIRONMENT.record, from which rollback.sh goes back.
#
#   ENVIRONMENT     one of delivery/environments
#   PROMETHEUS      its address, for a canary
#   ROLLOUT         more words for k8s.rollout
#   READY_SECONDS   how long pods may take; 600 where none are given
#   WITH            more words for helm
set -eu
cd "$(dirname "$0")/.."
self=deploy
# shellcheck source=delivery/environment.sh
. delivery/environment.sh
list=build/delivery/images.txt
rm -f "$record"
[ -s "$list" ] || refuse "$list is not there; \`make release-index\` or \`make released-images\` writes it"
image=$(sed -n "s/^$IMAGE_NAME //p" "$list")
[ -n "$image" ] || refuse "$list lists no image $IMAGE_NAME, which delivery/environments/$ENVIRONMENT asks for"
# shellcheck disable=SC2086 # three words: repository, tag and digest
set -- $image
repository=$1 tag=$2 digest=$3

# upgrade RELEASE
upgrade() {
    # --wait is k8s.wait's, which says why; without --install's own rollback the pods stay to be looked at.
    # shellcheck disable=SC2086 # each word of WITH is a word of its own
    in_namespace "$helm" upgrade --install "$1" helm/ecluse --create-namespace --reset-values \
        --values "delivery/environments/$ENVIRONMENT/values.yaml" \
        --set "image.registry=${repository%/ecluse/*},image.repository=ecluse/${repository##*/}" \
        --set "image.tag=$tag,image.digest=$digest" --description "$tag" ${WITH:-} >/dev/null
}

# noted LIVE NEW REVISION: what rollback.sh needs.
noted() {
    mkdir -p build/delivery
    printf 'strategy=%s\nlive=%s\nnew=%s\nrevision=%s\n' "$STRATEGY" "$1" "$2" "$3" >"$record"
    # From here on there is something to take back.
    [ -z "${GITHUB_OUTPUT:-}" ] || echo begun=yes >>"$GITHUB_OUTPUT"
}

rolling() {
    revision=$(revision_of "$RELEASE")
    noted "$RELEASE" "$RELEASE" "$revision"
    echo "deploy: $RELEASE in $NAMESPACE goes from revision ${revision:-none} to $tag, pod by pod"
    upgrade "$RELEASE"
    await "$RELEASE"
}

canary() {
    [ -n "${PROMETHEUS:-}" ] || refuse "PROMETHEUS is not given, and a canary is judged by what it says"
    route=$(in_namespace "$kubectl" get httproute "$ROUTE" --output json) ||
        refuse "there is no HTTPRoute $ROUTE in $NAMESPACE to share traffic by; k8s/examples/rollout has one"
    # No echo: where that knows escapes, it would break the JSON's own.
    whose=$(printf '%s\n' "$route" | "$python" -m delivery.way_back --whose)
    # shellcheck disable=SC2086 # two words
    set -- $whose
    live='' new=''
    for release in $RELEASES; do
        case $(service_of "$release") in
            "$1") live=$release ;;
            "$2") new=$release ;;
        esac
    done
    case $live,$new in
        ,* | *,) refuse "the route $ROUTE shares between $1 and $2, expected the releases $RELEASES" ;;
    esac
    revision=$(revision_of "$new")
    noted "$live" "$new" "$revision"
    echo "deploy: $tag goes to $new in $NAMESPACE, beside $live, which has the traffic"
    upgrade "$new"
    await "$new"
    plan=delivery/environments/$ENVIRONMENT/plan.yaml
    # shellcheck disable=SC2086 # each word of ROLLOUT is a word of its own
    exec "$python" -m k8s.rollout "httproute/$ROUTE" --to "$(service_of "$new")" --namespace "$NAMESPACE" \
        --prometheus "$PROMETHEUS" --plan "$plan" --out build/delivery/rollout ${ROLLOUT:-}
}

"$STRATEGY"
