#!/bin/sh
# Builds the images from this checkout, with labels and this machine's package index.
#
#   IMAGE    the repository; tags are those that the chart asks for: VERSION[-demo][-gpu], and dev or demo
#   LOADTESTS_IMAGE, ROLLOUT_IMAGE   those of the load tests and of rollouts; their tags are VERSION and dev
#   VARIANT  cpu, or gpu for TensorFlow with the CUDA libraries
#   TARGET   serving without a model, demo with the newest version of models/mnist, loadtests for the load tests,
#            rollout for rollouts, or all (cpu alone): these four, and demo-2, which has the same model as its next
#            version, for the tests of rollouts; rival is the image of stock KServe that `make bench-image` measures
#   BUILD    more words for `docker build`, as in BUILD="--platform linux/arm64"
#   DOCKER   another docker
set -eu
cd "$(dirname "$0")/.."
docker=${DOCKER:-docker}
model=
image=${IMAGE:-ecluse/serving}
loadtests_image=${LOADTESTS_IMAGE:-ecluse/loadtests}
rollout_image=${ROLLOUT_IMAGE:-ecluse/rollout}
variant=${VARIANT:-cpu}
target=${TARGET:-all}
case $variant in
    cpu) suffix= ;;
    gpu) suffix=-gpu ;;
    *) echo "image: VARIANT is '$variant'; it can be cpu or gpu" >&2; exit 1 ;;
esac
command -v "$docker" >/dev/null || { echo "image: $docker is not installed, and it is what builds images" >&2; exit 1; }

version=$(sed -n 's/^VERSION = "\(.*\)"$/\1/p' serving/__init__.py)
revision=$(git rev-parse HEAD 2>/dev/null || true)
created=$(git log -1 --format=%cI 2>/dev/null || true)
# An address may carry a name and a password, and one that is no web page helps nobody.
source=${SOURCE:-$(git remote get-url origin 2>/dev/null | sed -n 's#^\(https\{0,1\}://\)\([^/@]*@\)\{0,1\}#\1#p' || true)}

# Where this machine has a mirror of the package index, the build has the same; neither file is kept in a layer.
setting() {
    for python in .venv/bin/python python3; do
        "$python" -m pip config get "global.$1" 2>/dev/null && return
    done
    true
}
secrets=$(mktemp -d)
trap 'rm -rf "$secrets"' EXIT
index=${PIP_INDEX_URL:-$(setting index-url)}
more=${PIP_EXTRA_INDEX_URL:-$(setting extra-index-url)}
{
    echo '[global]'
    if [ -n "$index" ]; then echo "index-url = $index"; fi
    if [ -n "$more" ]; then echo "extra-index-url = $more"; fi
} >"$secrets/pip.conf"
authorities=${PIP_CERT:-$(setting cert)}
cat ${authorities:+"$authorities"} </dev/null >"$secrets/certificates"

# build DOCKERFILE TARGET MODEL_VERSION NAME...
build() {
    file=$1 stage=$2 model_version=$3
    shift 3
    # shellcheck disable=SC2046,SC2086 # each name, and each word of BUILD, is a word of its own
    DOCKER_BUILDKIT=1 "$docker" build --file "$file" --target "$stage" \
        --secret id=pip.conf,src="$secrets/pip.conf" --secret id=certificates,src="$secrets/certificates" \
        --build-arg VARIANT="$variant" --build-arg VERSION="$version" --build-arg REVISION="$revision" \
        --build-arg CREATED="$created" --build-arg SOURCE="$source" \
        --build-arg MODEL="$model" --build-arg MODEL_VERSION="$model_version" \
        $(for name in "$@"; do echo --tag "$name$suffix"; done) ${BUILD:-} .
}

newest() {
    newest=$(find -L models/mnist -maxdepth 1 -name '[0-9]*' ! -name '*[!0-9]*' 2>/dev/null | sed 's#.*/##' | sort -n | tail -n 1)
    if [ -z "$newest" ]; then
        echo "image: models/mnist holds no version of the reference model; \`make model\` makes one" >&2
        exit 1
    fi
    model=models/mnist/$newest
}

serving() {
    build serving/Dockerfile serving 1 "$image:$version" "$image:dev"
}

demo() {
    newest
    build serving/Dockerfile demo "$newest" "$image:$version-demo" "$image:demo"
}

loadtests() {
    build loadtests/Dockerfile loadtests 1 "$loadtests_image:$version" "$loadtests_image:dev"
}

rollout() {
    build k8s/Dockerfile rollout 1 "$rollout_image:$version" "$rollout_image:dev"
}

case $target in
    serving) serving ;;
    demo) demo ;;
    loadtests) loadtests ;;
    rollout) rollout ;;
    all)
        serving
        demo
        if [ "$variant" = cpu ]; then
            build serving/Dockerfile demo "$((newest + 1))" "$image:demo-2"
            loadtests
            rollout
        fi
        ;;
    rival)
        newest
        build loadtests/image/stock.Dockerfile stock 1 ecluse/stock-kserve:bench
        ;;
    *) echo "image: TARGET is '$target'; it can be serving, demo, loadtests, rollout, all or rival" >&2; exit 1 ;;
esac
