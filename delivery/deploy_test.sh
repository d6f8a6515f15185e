#!/bin/sh
# Asks an environment after a deployment: the chart's own test inside the cluster, and a load test from where callers are.
#
#   ENVIRONMENT   one of delivery/environments
#   URL, GRPC     where callers ask; without URL the chart's test alone is run, without GRPC REST alone is asked
#   MODEL_NAME    mnist where none is given
#   PROFILE       smoke where none is given
#   WITH          more words for the load test
set -eu
cd "$(dirname "$0")/.."
self=deploy-test
. delivery/environment.sh
release=$RELEASE
if [ "$STRATEGY" = canary ]; then
    # What was new has the traffic now.
    release=$(sed -n 's/^new=//p' "$record" 2>/dev/null || true)
    [ -n "$release" ] || refuse "$record is not there: nothing was deployed from here"
fi
in_namespace "$helm" test "$release" --logs --timeout 5m
if [ -z "${URL:-}" ]; then
    echo "deploy-test: URL is not given, so no load was put on from outside"
    exit
fi
if [ -n "${GRPC:-}" ]; then
    set -- --grpc "$GRPC"
else
    echo "deploy-test: GRPC is not given, so it is asked over REST alone"
    set -- --set streams.grpc=null
fi
# shellcheck disable=SC2086 # each word of WITH is a word of its own
exec "$python" -m loadtests run --profile "${PROFILE:-smoke}" --url "$URL" --model "${MODEL_NAME:-mnist}" "$@" \
    --out build/delivery/load ${WITH:-}
