#!/bin/sh
# Logs docker in to the registry, and with it helm, cosign and syft, which read what docker keeps.
#
#   REGISTRY                        as ghcr.io/OWNER
#   REGISTRY_USER, REGISTRY_TOKEN   who pushes
#   DOCKER                          another docker
set -eu
: "${REGISTRY:?login: REGISTRY is not given, expected as ghcr.io/OWNER}"
REGISTRY=$(printf %s "$REGISTRY" | tr '[:upper:]' '[:lower:]') # registries know no capitals, owners may
: "${REGISTRY_USER:?login: REGISTRY_USER is not given}"
: "${REGISTRY_TOKEN:?login: REGISTRY_TOKEN is not given}"
printf %s "$REGISTRY_TOKEN" | "${DOCKER:-docker}" login "${REGISTRY%%/*}" --username "$REGISTRY_USER" --password-stdin
