#!/usr/bin/env bash
# `make test-cluster` on a cluster of this machine's own, with images built from this checkout.
#
#   cluster.sh FOLDER SECONDS   FOLDER has the commands up, base-image, load and down; SECONDS is the time for all
#
# Says how long each part took. Where no cluster or no base image can be had in time, that is one sentence and no
# failure; what fails after that is one. Where FOLDER has a command monitoring too, it brings a Prometheus: one that
# cannot be had in time is a sentence as well, and the tests that need it are skipped. Where it has a command gateway,
# the quick part of the proof of gated rollouts follows. The long proof of rolling updates comes last, and of its three
# runs those for which there is no time are left out with a sentence. Leaves nothing running that was not running before.
set -uo pipefail
cd "$(dirname "$0")/.."
folder=$1 limit=$2
for_tests=720     # without so much left for them, the tests are not begun
for_monitoring=480   # what those that need a Prometheus take of it, which is not waited for at their cost
for_rollout=${ROLLOUT_SECONDS:-540}   # nor the quick part of the proof of gated rollouts
for_rolling=${ROLLING_SECONDS:-420}   # nor a run of the proof of rolling updates

left() { echo $((limit - SECONDS)); }

not_run() {
    echo "not run: the tests on a cluster: $1"
    exit 0
}

# part SECONDS NAME COMMAND...: runs it for so long at the most, and says how long it took.
part() {
    local allowed=$1 name=$2 began=$SECONDS status=0
    shift 2
    if [ "$allowed" -le 0 ]; then return 124; fi
    timeout --kill-after=30 "$allowed" "$@" || status=$?
    echo "cluster: $name took $((SECONDS - began)) s"
    return "$status"
}

if ! "$folder/running" apiserver 2>/dev/null; then
    # The images stay: they are what takes long to build again.
    trap 'part 120 "taking it down" "$folder/down" --keep-images' EXIT
fi
exported=$(mktemp)
part $(($(left) - for_tests)) "bringing it up" "$folder/up" >"$exported" ||
    { cat "$exported"; not_run "it could not be brought up in the time there is (the reason is above)"; }
grep -v '^export ' "$exported"
eval "$(grep '^export ' "$exported" | tail -n 1)"
rm -f "$exported"
part $(($(left) - for_tests)) "the base image" "$folder/base-image" ||
    not_run "there is no base image to build on (the reason is above)"

# Debian's client knows BuildKit; the addresses of packages are this machine's own.
export DOCKER=/usr/bin/docker BUILD="--network host --build-arg PYTHON_IMAGE=python:3.11-slim-bookworm"
part $(($(left) - for_tests)) "building the images" make image || {
    status=$?
    if [ "$status" -eq 124 ]; then not_run "the images were not built in the time there is"; fi
    exit "$status"
}
LOAD="$folder/load" part $(($(left) - for_tests / 2)) "loading the images" make load-image || exit
export REQUIRE_TOOLS="$REQUIRE_TOOLS cluster kserve metrics"
if [ -x "$folder/monitoring" ]; then
    if part $(($(left) - for_tests - for_monitoring)) "bringing Prometheus up" "$folder/monitoring"; then
        REQUIRE_TOOLS="$REQUIRE_TOOLS prometheus"
    else
        echo "not run: what needs a Prometheus on the cluster: it could not be brought up in the time there is"
    fi
fi
status=0
part "$(left)" "make test-cluster" make test-cluster CLUSTER_TESTS="tests/cluster --ignore=tests/cluster/rolling --ignore=tests/cluster/rollout" || status=$?
if [ -x "$folder/gateway" ] && [[ " $REQUIRE_TOOLS " = *" prometheus "* ]]; then
    if [ "$(left)" -lt "$for_rollout" ]; then
        echo "not run: the proof of gated rollouts takes up to $for_rollout s, and $(left) s are left: \`make test-rollout\` has it"
    elif part $(($(left) - for_rollout)) "bringing a gateway up" "$folder/gateway"; then
        REQUIRE_TOOLS="$REQUIRE_TOOLS gateway" part "$(left)" "the proof of gated rollouts (quick)" \
            make test-rollout QUICK=1 || status=$?
    else
        echo "not run: the proof of gated rollouts: no gateway could be brought up in the time there is"
    fi
fi
# Begun with too little time, a run would be cut off and look like a loss.
for which in plain without_the_drain kserve; do
    if [ "$(left)" -lt "$for_rolling" ]; then
        echo "not run: the proof of rolling updates ($which) takes up to $for_rolling s, and $(left) s are left: \`make test-cluster\` has it"
    else
        part "$(left)" "the proof of rolling updates ($which)" \
            make test-cluster CLUSTER_TESTS="tests/cluster/rolling -k $which" || status=$?
    fi
done
exit "$status"
