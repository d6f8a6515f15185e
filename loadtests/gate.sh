#!/bin/sh
# Serves a model of this checkout on free ports, puts a load test on it, and ends with the test's exit status.
#
#   PROFILE   which load test: a name or a file; smoke where none is given
#   WITH      more words for `python -m loadtests run`, as in WITH="--set rate=100"
#   OUT       the folder of the reports; build/load/gate where none is given
#   BASELINE  an earlier run.json or its folder. The two are compared, and what is found is told: it decides nothing,
#             since another day's machine is another machine
#   PYTHON, MODEL_NAME, MODEL_DIR   as for `make serve`
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
out=${OUT:-build/load/gate}
name=${MODEL_NAME:-mnist}
began=$(date +%s)
seconds() { echo $(($(date +%s) - began)); }

mkdir -p "$out"
: >"$out/server.log"
"$python" -m serving --model_name "$name" --model_dir "${MODEL_DIR:-models/mnist}" \
    --bind_address 127.0.0.1 --http_port 0 --grpc_port 0 --drain_lame_duck_seconds 0 >"$out/server.log" 2>&1 &
server=$!
trap 'kill -TERM "$server" 2>/dev/null || true; wait "$server" || true' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# What the server says of itself, once it has said it: that it listens, and where.
ports=
while [ -z "$ports" ]; do
    ports=$(sed -n 's/.*"event":"listening","http_port":\([0-9]*\),"grpc_port":\([0-9]*\).*/\1 \2/p' "$out/server.log")
    if ! kill -0 "$server" 2>/dev/null; then
        tail -n 20 "$out/server.log" >&2
        echo "gate: the server ended before it listened; its log is above" >&2
        exit 4
    fi
    [ -n "$ports" ] || sleep 0.2
done
echo "gate: $name listens after $(seconds) s"

status=0
# shellcheck disable=SC2086 # each word of WITH is a word of its own
"$python" -m loadtests run --profile "${PROFILE:-smoke}" --url "http://127.0.0.1:${ports% *}" \
    --grpc "127.0.0.1:${ports#* }" --model "$name" --wait-ready 60 --out "$out" ${WITH:-} || status=$?
if [ -n "${BASELINE:-}" ] && [ -e "$BASELINE" ] && [ -e "$out/run.json" ]; then
    echo "gate: compared with $BASELINE, which decides nothing"
    "$python" -m loadtests compare "$BASELINE" "$out" || true
    if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
        echo "Compared with the run before it, on another machine, which decides nothing:" >>"$GITHUB_STEP_SUMMARY"
        "$python" -m loadtests compare --markdown "$BASELINE" "$out" >>"$GITHUB_STEP_SUMMARY" || true
    fi
fi
echo "gate: exit status $status after $(seconds) s"
exit "$status"
