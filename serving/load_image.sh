#!/bin/sh
# Brings the images that image.sh has built here into a cluster.
#
#   IMAGE   their repository, as for image.sh
#   LOAD    the command that takes their names; kind's for the cluster of k8s/kind.yaml where none is given
#   DOCKER  another docker
set -eu
images=$("${DOCKER:-docker}" image ls --format '{{.Repository}}:{{.Tag}}' "${IMAGE:-ecluse/serving}" | grep -v ':<none>$') || {
    echo "load-image: there is no image ${IMAGE:-ecluse/serving} here; \`make image\` builds it" >&2
    exit 1
}
# shellcheck disable=SC2086 # each name, and each word of LOAD, is a word of its own
exec ${LOAD:-kind load docker-image --name ecluse} $images
