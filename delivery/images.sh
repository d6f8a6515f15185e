#!/bin/sh
# Builds the images of this commit and pushes them, tagged by commit; `join` makes one image of what several kinds of
# machine have pushed, and `name` gives it the version's tag. What is pushed has no version until it is signed.
#
#   images.sh push   build for this machine and push REPOSITORY:COMMIT[-demo|-gpu]-ARCHITECTURE
#   images.sh join   make REPOSITORY:COMMIT[-demo|-gpu] of them, and list the digests in build/delivery/images.txt
#   images.sh name   give what is listed there the tag VERSION[-demo|-gpu] as well
#   images.sh find   list what bears the tag VERSION[-demo|-gpu]: a release that is to be deployed
#
#   REGISTRY   where to, as ghcr.io/OWNER
#   NAMES      which of serving serving-demo serving-gpu loadtests rollout; all where none are given, or those that
#              architectures.sh knows for the kind of machine
#   ARCHITECTURE    another kind of machine to build for, where docker can: amd64 or arm64
#   ARCHITECTURES   which `join` expects; those of amd64 and arm64 that there are where none are given
#   COMMIT     another commit than the one checked out
#   VERSION    the release
#   DOCKER     another docker
set -eu
cd "$(dirname "$0")/.."
docker=${DOCKER:-docker}
list=build/delivery/images.txt

refuse() {
    echo "images: $1" >&2
    exit 1
}
[ -n "${REGISTRY:-}" ] || refuse "REGISTRY is not given, expected where to push as ghcr.io/OWNER"
REGISTRY=$(printf %s "$REGISTRY" | tr '[:upper:]' '[:lower:]') # registries know no capitals, owners may
VERSION=${VERSION:-}
VERSION=${VERSION#v}
command -v "$docker" >/dev/null || refuse "$docker is not installed, and it is what builds images"
case $(uname -m) in
    aarch64 | arm64) here=arm64 ;;
    *) here=amd64 ;;
esac
architecture=${ARCHITECTURE:-$here}
case $architecture in
    amd64 | arm64) ;;
    *) refuse "ARCHITECTURE is '$architecture'; it can be amd64 or arm64, for which there is a TensorFlow" ;;
esac
commit=${COMMIT:-$(git rev-parse HEAD)}
every="serving serving-demo serving-gpu loadtests rollout"
. delivery/architectures.sh

# of NAME: sets repository, suffix of the tag, and what serving/image.sh is to build.
of() {
    name=$1 suffix='' variant=cpu target=$1 repository=$REGISTRY/ecluse/$1
    case $name in
        serving | loadtests | rollout) ;;
        serving-demo) suffix=-demo target=demo repository=$REGISTRY/ecluse/serving ;;
        serving-gpu) suffix=-gpu variant=gpu target=serving repository=$REGISTRY/ecluse/serving ;;
        *) refuse "there is no image '$name'; NAMES can hold serving, serving-demo, serving-gpu, loadtests and rollout" ;;
    esac
}

digest_of() {
    "$docker" buildx imagetools inspect "$1" --format '{{json .Manifest.Digest}}' | tr -d '"'
}

# noted TAG: lists the image of that tag.
noted() {
    digest=$(digest_of "$repository:$1")
    case $digest in sha256:*) ;; *) refuse "$repository:$1 has no digest" ;; esac
    echo "$name $repository $1 $digest" >>"$list.new"
    echo "images: $repository:$1 is $digest"
}

push() {
    for name in ${NAMES:-$every}; do
        of "$name"
        if ! ARCHITECTURES='' architectures_of "$name" | grep -qx "$architecture"; then
            [ -z "${NAMES:-}" ] || refuse "$name cannot be built for $architecture; delivery/architectures.sh says why"
            continue
        fi
        version=$(sed -n 's/^VERSION = "\(.*\)"$/\1/p' serving/__init__.py)
        IMAGE=$REGISTRY/ecluse/serving LOADTESTS_IMAGE=$REGISTRY/ecluse/loadtests ROLLOUT_IMAGE=$REGISTRY/ecluse/rollout \
            BUILD="$([ "$architecture" = "$here" ] || echo "--platform linux/$architecture") ${BUILD:-}" VARIANT=$variant TARGET=$target \
            sh serving/image.sh
        "$docker" tag "$repository:$version$suffix" "$repository:$commit$suffix-$architecture"
        "$docker" push "$repository:$commit$suffix-$architecture"
    done
}

join() {
    for name in ${NAMES:-$every}; do
        of "$name"
        parts=''
        for part in $(architectures_of "$name"); do
            parts="$parts $repository:$commit$suffix-$part"
        done
        [ -n "$parts" ] || refuse "$name is for none of ${ARCHITECTURES:-amd64 arm64}"
        # shellcheck disable=SC2086 # each part is a word of its own
        "$docker" buildx imagetools create --tag "$repository:$commit$suffix" $parts
        noted "$commit$suffix"
    done
}

name_them() {
    [ -n "${VERSION:-}" ] || refuse "VERSION is not given"
    [ -s "$list" ] || refuse "$list is not there; \`make release-index\` writes it"
    while read -r name repository tag digest; do
        of "$name"
        "$docker" buildx imagetools create --tag "$repository:$VERSION$suffix" "$repository@$digest"
        echo "$name $repository $VERSION$suffix $digest" >>"$list.new"
        echo "images: $repository:$VERSION$suffix was $tag"
    done <"$list"
}

find_them() {
    [ -n "${VERSION:-}" ] || refuse "VERSION is not given"
    for name in ${NAMES:-$every}; do
        of "$name"
        noted "$VERSION$suffix"
    done
}

mkdir -p build/delivery
rm -f "$list.new"
case ${1:-} in
    push) push; exit ;;
    join) join ;;
    name) name_them ;;
    find) find_them ;;
    *) refuse "'${1:-}' is none of push, join, name and find" ;;
esac
mv "$list.new" "$list"
