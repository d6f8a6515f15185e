#!/bin/sh
# Runs the image with the reference model as a cluster would that trusts nobody, and asks it.
#
# A read-only root, no capability, no network: the question is put from inside, by the image's own Python. Prints
# the answer and how long each part took; ends with 1 where the picture is not read or SIGTERM does not end it with 0.
#
#   IMAGE   a name with its tag; ecluse/serving:demo where none is given
#   DOCKER  another docker
set -eu
cd "$(dirname "$0")/.."
docker=${DOCKER:-docker}
image=${IMAGE:-ecluse/serving}
case ${image##*/} in *:*) ;; *) image=$image:demo ;; esac
"$docker" image inspect "$image" >/dev/null 2>&1 || {
    echo "try-image: there is no image $image here; \`make image\` builds it" >&2
    exit 1
}
container=$("$docker" run --detach --network none --read-only --cap-drop ALL --security-opt no-new-privileges \
    --env DRAIN_LAME_DUCK_SECONDS=0 "$image")
trap '"$docker" rm --force "$container" >/dev/null' EXIT

if ! answer=$("$docker" exec --interactive "$container" python -c '
import http.client, os, sys, time
begun = time.monotonic()
while True:
    server = http.client.HTTPConnection("127.0.0.1", 8080, timeout=10)
    try:
        server.request("GET", "/v2/health/ready")
        answer = server.getresponse()
        answer.read()
        if answer.status == 200:
            break
    except OSError:
        pass
    if time.monotonic() - begun > 120:
        sys.exit("not ready after 120 s")
    time.sleep(0.1)
print(f"user {os.getuid()}, ready after {time.monotonic() - begun:.1f} s", file=sys.stderr)
server.request("POST", "/v2/models/mnist/infer", sys.stdin.buffer.read(), {"Content-Type": "application/json"})
print(server.getresponse().read().decode())
' <docs/examples/seven.json); then
    "$docker" logs "$container" >&2
    echo "try-image: $image did not answer; its log is above" >&2
    exit 1
fi
echo "$answer"
case $answer in
    *'"data":[7]'*) ;;
    *) echo "try-image: that is not the digit 7" >&2; exit 1 ;;
esac
"$docker" stop --time 60 "$container" >/dev/null
status=$("$docker" inspect --format '{{.State.ExitCode}}' "$container")
if [ "$status" -ne 0 ]; then
    echo "try-image: SIGTERM ended the server with $status, expected 0" >&2
    exit 1
fi
echo "ended with 0 on SIGTERM"
