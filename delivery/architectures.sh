# For which kinds of machine an image can be built; images.sh and sbom.sh read it in by `.`.
# shellcheck shell=sh
#
# KServe 0.21 pins psutil below 6, which has no wheel for Linux on arm64, and the images compile nothing: what is made
# of requirements/serving.lock or loadtests.lock is for amd64 until it does. TensorFlow with CUDA is for amd64 anyway.

# architectures_of NAME: those of ARCHITECTURES, or of both, that it can be built for.
architectures_of() {
    for one in ${ARCHITECTURES:-amd64 arm64}; do
        case $1-$one in
            rollout-arm64 | *-amd64) echo "$one" ;;
        esac
    done
}
