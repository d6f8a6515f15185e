# What the scripts of a deployment have in common; they read it in by `.`, in the repository's folder.
#
#   ENVIRONMENT   one of delivery/environments
#   NAMESPACE, RELEASE, RELEASES, ROUTE, STRATEGY, IMAGE_NAME   win over what the environment's settings.sh says
#   HELM, KUBECTL, PYTHON   others
# shellcheck shell=sh

# refuse SENTENCE: nothing has been done yet.
refuse() {
    echo "${self:?}: $1" >&2
    exit 1
}

environments=$(for folder in delivery/environments/*/; do basename "$folder"; done | paste -s -d ' ' -)
case " $environments " in
    *" ${ENVIRONMENT:-} "*) ;;
    *) refuse "ENVIRONMENT is '${ENVIRONMENT:-}'; it can be one of: $environments" ;;
esac
# The caller's own win, so they are put back after the file is read.
given_namespace=${NAMESPACE:-} given_release=${RELEASE:-} given_releases=${RELEASES:-} given_route=${ROUTE:-}
given_strategy=${STRATEGY:-} given_image=${IMAGE_NAME:-}
# shellcheck source=delivery/environments/production/settings.sh
. "delivery/environments/$ENVIRONMENT/settings.sh"
NAMESPACE=${given_namespace:-$NAMESPACE} RELEASE=${given_release:-${RELEASE:-}}
RELEASES=${given_releases:-${RELEASES:-}} ROUTE=${given_route:-${ROUTE:-}}
STRATEGY=${given_strategy:-$STRATEGY} IMAGE_NAME=${given_image:-$IMAGE_NAME}
case $STRATEGY in
    rolling) [ -n "$RELEASE" ] || refuse "RELEASE is not given, and a rolling update replaces the pods of one" ;;
    canary) case $ROUTE,$RELEASES in ,* | *,) refuse "a canary needs ROUTE, and RELEASES as \"blue green\"" ;; esac ;;
    *) refuse "STRATEGY is '$STRATEGY'; it can be rolling or canary" ;;
esac

python=${PYTHON:-.venv/bin/python}
kubectl=${KUBECTL:-kubectl}
helm=${HELM:-$(command -v helm || "$python" -c 'from tests.helm import program; print(program("helm"))')}
command -v "$kubectl" >/dev/null || refuse "$kubectl is not installed"
# shellcheck disable=SC2034 # for those who read this in
record=build/delivery/$ENVIRONMENT.record

# in_namespace PROGRAM WORDS...
in_namespace() {
    program=$1
    shift
    "$program" --namespace "$NAMESPACE" "$@"
}

# The name that the chart gives a release's objects.
service_of() {
    case $1 in *ecluse*) echo "$1" ;; *) echo "$1-ecluse" ;; esac
}

# The revision of a release that is in use; nothing where there is none. One that cannot be read is not taken for none.
revision_of() {
    if said=$(in_namespace "$helm" history "$1" --output json 2>&1); then
        printf '%s\n' "$said" | "$python" -c 'import json, sys
text = sys.stdin.read()
# Helm may warn of something before it and behind.
history, _ = json.JSONDecoder().raw_decode(text, text.index("["))
found = [one["revision"] for one in history if one["status"] == "deployed"]
print(found[-1] if found else "")' || refuse "the history of $1 cannot be read: $said"
        return
    fi
    case $said in *"release: not found"*) ;; *) refuse "the history of $1 cannot be read: $said" ;; esac
}

# Follows a release until its pods are out, or says in a sentence why they are not.
await() {
    "$python" -m k8s.wait "deployment/$(service_of "$1")" --namespace "$NAMESPACE" --timeout "${READY_SECONDS:-600}"
}
