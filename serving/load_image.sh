#!/bin/sh
# Brings the images that image.sh has built here into a cluster.
#
#   IMAGE, LOADTESTS_IMAGE, ROLLOUT_IMAGE   their repositories, as for image.sh
#   LOAD    the command that takes their names; kind's for the cluster of k8s/kind.yaml where none is given
#   DOCKER  another docker
set -eu
there_are() {
    "${DOCKER:-docker}" image ls --format '{{.Repository}}:{{.Tag}}' "$1" | grep -v ':<none>$' || true
}
images=$(there_are "${IMAGE:-ecluse/serving}"; there_are "${LOADTESTS_IMAGE:-ecluse/loadtests}"; there_are "${ROLLOUT_IMAGE:-ecluse/rollout}")
if [ -z "$images" ]; then
    echo "load-image: there is no image ${IMAGE:-ecluse/serving} here; \`make image\` builds it" >&2
    exit 1
fi
# shellcheck disable=SC2086 # each name, and each word of LOAD, is a word of its own
exec ${LOAD:-kind load docker-image --name ecluse} $images
