#!/bin/sh
# Puts a load test on a release of the chart, on the cluster that KUBECONFIG names, and ends with its exit status.
#
# Installs the release where there is none, and keeps the values of one that there is. The load test stays in them:
# `helm upgrade ... --set loadtest.enabled=false` takes it out.
#
#   RELEASE, NAMESPACE   ecluse, in the namespace of the context, where none are given
#   PROFILE   which load test; smoke where none is given
#   WORKERS   pods that make the load; 1 where none are given, 0 for one pod in all
#   WITH      more words for helm, as in WITH="--set loadtest.rate=100"
#   OUT       where its log is put; build/load/cluster where none is given
#   HELM      another helm
set -eu
cd "$(dirname "$0")/.."
helm=${HELM:-$(command -v helm || .venv/bin/python -c 'from tests.helm import program; print(program("helm"))')}
release=${RELEASE:-ecluse}
out=${OUT:-build/load/cluster}
command -v kubectl >/dev/null || { echo "load-cluster: kubectl is not installed" >&2; exit 2; }
if [ -n "${NAMESPACE:-}" ]; then set -- --namespace "$NAMESPACE"; else set --; fi

# shellcheck disable=SC2086 # each word of WITH is a word of its own
"$helm" upgrade --install "$release" helm/ecluse "$@" --create-namespace --reset-then-reuse-values --output yaml \
    --set loadtest.enabled=true,loadtest.profile="${PROFILE:-smoke}",loadtest.workers="${WORKERS:-1}" ${WITH:-} \
    >/dev/null || exit 2
selector=app.kubernetes.io/instance=$release,app.kubernetes.io/component=load
revision=$("$helm" history "$release" "$@" --max 1 --output yaml | sed -n 's/^[- ]*revision: //p')
pods="$selector,ecluse.dev/load-run=$revision,ecluse.dev/load-role=lead"
job=$(kubectl "$@" get jobs --selector "$selector" --output name | grep -- "-load-$revision\$")
echo "load-cluster: $job, profile ${PROFILE:-smoke}, ${WORKERS:-1} workers"

# of_pod JSONPATH: what the status of the pod that leads says, empty where there is no such pod or word yet.
of_pod() {
    kubectl "$@" get pods --selector "$pods" --output jsonpath="{.items[0].status.$path}" 2>/dev/null || true
}

# awaited TRIES PATH PATTERN: asks each second until what the pod's status has there is as the pattern says.
awaited() {
    tries=$1 path=$2 pattern=$3
    shift 3
    while [ "$tries" -gt 0 ]; do
        found=$(of_pod "$@")
        # shellcheck disable=SC2254 # it is a pattern
        case $found in $pattern) return ;; esac
        tries=$((tries - 1))
        sleep 1
    done
    kubectl "$@" describe "$job" >&2 || true
    kubectl "$@" get events >&2 || true
    echo "load-cluster: $job has no exit status: its pod did not run to its end" >&2
    exit 3
}

mkdir -p "$out"
awaited 600 phase '[RSF]*' "$@" # Running, Succeeded or Failed
kubectl "$@" logs --follow "$job" | tee "$out/load.log"
awaited 60 'containerStatuses[0].state.terminated.exitCode' '[0-9]*' "$@"
echo "load-cluster: exit status $found"
exit "$found"
