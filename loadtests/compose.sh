#!/bin/sh
# Runs the load test of loadtests/compose.yaml, brings its reports, takes all of it away, and ends with its exit status.
#
#   PROFILE, MODEL, URL, GRPC, WORKERS, WITH   as loadtests/compose.yaml says; without a URL the reference model is
#             served beside them, and without GRPC it is port 8081 of the URL's host
#   OUT       the folder of the reports; build/load/compose where none is given
set -eu
cd "$(dirname "$0")/.."
out=${OUT:-build/load/compose}
compose() { docker compose --file loadtests/compose.yaml "$@"; }

docker compose version >/dev/null 2>&1 || {
    echo "load-compose: this docker has no compose; it comes with Docker Desktop, or as docker-compose-plugin" >&2
    exit 2
}
trap 'compose --profile server down --volumes --timeout 20' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -n "${URL:-}" ] && [ -z "${GRPC:-}" ]; then
    host=${URL#*://}
    host=${host%%/*}
    export GRPC="${host%%:*}:8081"
fi
status=0
# shellcheck disable=SC2046 # both words, or none
compose $([ -n "${URL:-}" ] || echo --profile server) up --no-color --exit-code-from lead || status=$?
mkdir -p "$out"
compose cp lead:/results/. "$out"
echo "load-compose: exit status $status; the reports are in $out"
exit "$status"
