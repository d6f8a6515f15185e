#!/bin/sh
# Starts monitoring/compose.yaml, sends it digits for a while, looks whether Grafana shows them, and takes it away again.
#   ECLUSE_IMAGE  the demo's image, as `make image TARGET=demo` names it
#   SECONDS_OF_TRAFFIC  how long callers ask
#   PYTHON        with the dependencies of monitoring
set -eu
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv/bin/python}
seconds=${SECONDS_OF_TRAFFIC:-90}
compose() { docker compose --file monitoring/compose.yaml "$@"; }

docker compose version >/dev/null 2>&1 || {
    echo "try-compose: this docker has no compose; it comes with Docker Desktop, or as docker-compose-plugin" >&2
    exit 2
}
finish() {
    status=$?
    mkdir -p build
    compose logs --no-color >build/compose.log 2>&1 || true
    [ "$status" -eq 0 ] || tail -n 100 build/compose.log
    compose down --volumes --timeout 20
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

compose config --quiet
compose up --wait --wait-timeout 180
timeout --signal=TERM "$seconds" "$python" -m monitoring.laptop.traffic --rate 20 || [ $? -eq 124 ]
compose logs --no-color grafana >build/grafana.log
"$python" -m monitoring.grafana.check --log build/grafana.log
