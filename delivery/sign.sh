#!/bin/sh
# Signs each digest of the lists it is given, attests who built it and what is in it, and checks all of that as a
# stranger would.
#
#   sign.sh build/delivery/images.txt            sign and check
#   sign.sh --check build/delivery/images.txt    check alone, as before a release is deployed
#
# Without a key cosign signs with the identity that the job (or, by a browser, the person) has, and writes it into the
# public log:
#   IDENTITY   whose signature is expected, as a regular expression; that of .github/workflows/release.yml in
#              GITHUB_REPOSITORY, for the tag of VERSION, where none is given
#   ISSUER     who vouches for the identity; GitHub where none is given
# With one, as for a registry that the world does not see:
#   COSIGN_KEY, COSIGN_PUBLIC_KEY   the files of the key
#   COSIGN_SIGN, COSIGN_CHECK       more words for cosign
#   COSIGN     another cosign
set -eu
cd "$(dirname "$0")/.."
cosign=${COSIGN:-cosign}
command -v "$cosign" >/dev/null || { echo "sign: $cosign is not installed: https://github.com/sigstore/cosign" >&2; exit 1; }
check_alone=
if [ "${1:-}" = --check ]; then
    check_alone=yes
    shift
fi
[ $# -gt 0 ] || { echo "sign: no list is given, expected files as build/delivery/images.txt" >&2; exit 1; }
for list in "$@"; do
    [ -s "$list" ] || { echo "sign: $list is not there or lists nothing" >&2; exit 1; }
done

# signing and checking take a command of cosign's, and its words.
signing() {
    what=$1
    shift
    # shellcheck disable=SC2086 # each word of COSIGN_SIGN is a word of its own
    "$cosign" "$what" --yes ${COSIGN_KEY:+--key "$COSIGN_KEY"} ${COSIGN_SIGN:-} "$@" </dev/null
}

# literally WORDS: as a regular expression, in which a point is any letter.
literally() {
    printf %s "$1" | sed 's/\./[.]/g'
}

checking() {
    what=$1
    shift
    if [ -n "${COSIGN_PUBLIC_KEY:-}" ]; then
        # shellcheck disable=SC2086 # each word of COSIGN_CHECK is a word of its own
        "$cosign" "$what" --key "$COSIGN_PUBLIC_KEY" ${COSIGN_CHECK:-} "$@" </dev/null >/dev/null
        return
    fi
    : "${GITHUB_REPOSITORY:?sign: whose signature is expected? Give IDENTITY, or GITHUB_REPOSITORY as OWNER/REPOSITORY}"
    "$cosign" "$what" --certificate-oidc-issuer "${ISSUER:-https://token.actions.githubusercontent.com}" \
        --certificate-identity-regexp "${IDENTITY:-^https://github[.]com/$(literally "$GITHUB_REPOSITORY")/[.]github/workflows/release[.]yml@refs/tags/v$of_version}" \
        "$@" </dev/null >/dev/null
}

# Of one release where it is known which, of any where not.
of_version=
[ -z "${VERSION:-}" ] || of_version=$(literally "${VERSION#v}")\$

mkdir -p build/delivery
if [ -z "$check_alone" ]; then
    python3 -m delivery.provenance "$(git rev-parse HEAD)" >build/delivery/provenance.json
fi
cat "$@" | while read -r name repository tag digest; do
    if [ -z "$check_alone" ]; then
        signing sign --recursive "$repository@$digest"
        signing attest --type slsaprovenance1 --predicate build/delivery/provenance.json "$repository@$digest"
        for bill in build/delivery/sbom/"$name"-a*.spdx.json; do
            [ ! -e "$bill" ] || signing attest --type spdxjson --predicate "$bill" "$repository@$digest"
        done
    fi
    checking verify "$repository@$digest"
    checking verify-attestation --type slsaprovenance1 "$repository@$digest"
    # A chart holds no programs, so that there is no bill of it.
    [ "$name" = chart ] || checking verify-attestation --type spdxjson "$repository@$digest"
    echo "sign: $name $tag is signed, and it is told who built it"
done
