#!/bin/sh
# Writes the way into a cluster from a variable to the file that KUBECONFIG names, for its owner's eyes alone.
#
#   KUBECONFIG_TEXT   the file's text
#   KUBECONFIG        the file
set -eu
: "${KUBECONFIG:?kubeconfig: KUBECONFIG is not given, expected a file to write}"
if [ -z "${KUBECONFIG_TEXT:-}" ]; then
    echo "kubeconfig: KUBECONFIG_TEXT is empty: has this environment a secret KUBECONFIG?" >&2
    exit 1
fi
umask 077
mkdir -p "$(dirname "$KUBECONFIG")"
printf '%s\n' "$KUBECONFIG_TEXT" >"$KUBECONFIG"
