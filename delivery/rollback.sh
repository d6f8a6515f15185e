#!/bin/sh
# Puts back what an environment had before deploy.sh, from build/delivery/ENVIRONMENT.record. Doing it again does no harm.
#
# After a canary the traffic goes back first, and at once: a rollout that is not finished is aborted, and one that is
# has its weights turned, since the version before is still running.
#
#   ENVIRONMENT   one of delivery/environments
set -eu
cd "$(dirname "$0")/.."
self=rollback
. delivery/environment.sh
[ -s "$record" ] || refuse "$record is not there: nothing was deployed from here"
strategy='' live='' new='' revision=''
while IFS='=' read -r key value; do
    case $key in
        strategy) strategy=$value ;;
        live) live=$value ;;
        new) new=$value ;;
        revision) revision=$value ;;
    esac
done <"$record"

# read_route KIND WORDS: the route of that kind as JSON. What cannot be read is not taken for what is not there.
read_route() {
    kind=$1
    shift
    if in_namespace "$kubectl" get "$kind" "$ROUTE" --output json "$@" 2>"$complaint"; then
        return
    fi
    said=$(cat "$complaint")
    # A cluster may know HTTPRoutes alone.
    case $kind-$said in grpcroute-*"have a resource type"*) return ;; esac
    refuse "$kind/$ROUTE cannot be read, so its traffic stays where it is: $said"
}

if [ "$strategy" = canary ]; then
    "$python" -m k8s.rollout "httproute/$ROUTE" --namespace "$NAMESPACE" --abort ||
        echo "rollback: no rollout was aborted; the weights are looked at"
    complaint=$(mktemp)
    trap 'rm -f "$complaint"' EXIT
    for kind in httproute grpcroute; do
        if [ "$kind" = grpcroute ]; then route=$(read_route "$kind" --ignore-not-found); else route=$(read_route "$kind"); fi
        [ -n "$route" ] || continue
        # No echo: where that knows escapes, it would break the JSON's own.
        patch=$(printf '%s\n' "$route" | "$python" -m delivery.way_back "$(service_of "$live")" "$(service_of "$new")")
        [ -z "$patch" ] || in_namespace "$kubectl" patch "$kind" "$ROUTE" --type merge --patch "$patch"
    done
    echo "rollback: $live has all the traffic of $ROUTE"
fi
if [ -z "$revision" ]; then
    [ "$strategy" = canary ] || { echo "rollback: there was no $new before, so there is nothing to go back to" >&2; exit 1; }
    echo "rollback: $new had no version before; it stays without traffic, to be looked at"
    exit
fi
in_namespace "$helm" rollback "$new" "$revision" >/dev/null
await "$new"
echo "rollback: $new is as it was at revision $revision"
