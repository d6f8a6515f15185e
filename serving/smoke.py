"""Try everything of a running server once, and say pass or fail: `python -m serving.smoke --host ecluse`.

What `helm test` runs. One request goes over REST and over gRPC: one from a
file, or one of zeros that is made from the model's metadata. The answer must be
as the metadata promises and as `--expect` says. A key to show comes from the
environment, where no list of processes has it. Knows no cluster.
"""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from http.client import HTTPException
from pathlib import Path
from time import monotonic, sleep

from serving.sample import Json, Outputs, faults, outputs_of, request_of_zeros
from serving.smoke_rest import RestCaller
from serving.smoke_target import SmokeFailure, Target

POLL_SECONDS = 0.5
KEY = "ECLUSE_KEY"
"""The variable that holds the key to show."""
METRIC = b"ecluse_requests_total"
SHOWN_ELEMENTS = 10


def main(arguments: Sequence[str]) -> int:
    options = _parse(arguments)
    try:
        for line in _steps(options):
            print(line, flush=True)
    except SmokeFailure as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        return 1
    print("PASSED")
    return 0


def _parse(arguments: Sequence[str]) -> Namespace:
    parser = ArgumentParser(prog="python -m serving.smoke", description="Try a running server over REST and gRPC.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--http_port", type=int, default=8080)
    parser.add_argument("--grpc_port", type=int, default=8081, help="0 leaves gRPC out")
    parser.add_argument("--model_name", default="mnist")
    parser.add_argument("--request", type=Path, help="a V2 request in JSON; without it, one of zeros is made")
    parser.add_argument("--expect", type=json.loads, default={}, help='outputs that must come, as {"digit": [7]}')
    parser.add_argument("--trust", type=Path, help="speak TLS, and trust these certificates (PEM): its own is enough")
    parser.add_argument("--certificate", type=Path, help="the certificate to show where the server asks for one")
    parser.add_argument("--key", type=Path, help="the key of that certificate")
    parser.add_argument("--wait_seconds", type=float, default=120.0, help="how long it may take to become ready")
    return parser.parse_args(arguments)


def _steps(options: Namespace) -> Iterator[str]:
    """Take one step after the other and tell of each; raises SmokeFailure at the first that goes wrong."""
    target = Target(
        *(options.host, options.http_port, options.grpc_port, options.model_name, os.environ.get(KEY, "")),
        *(options.trust, options.certificate, options.key),
    )
    rest = RestCaller(target)
    _wait_until_ready(rest, options.wait_seconds)
    yield "ready"

    path = f"/v2/models/{target.model_name}"
    metadata = rest.read("GET", path)
    yield f"the model takes {_described(metadata['inputs'])} and gives {_described(metadata['outputs'])}"
    request = _read(options.request) if options.request is not None else request_of_zeros(metadata)

    answer = outputs_of(rest.read("POST", f"{path}/infer", json.dumps(request).encode()))
    yield f"REST: {_checked(answer, metadata, options.expect)}"
    if target.grpc_port:
        # numpy and grpcio take a second to import, in which a server that is not there is told already.
        from serving import smoke_grpc

        answer = smoke_grpc.infer(target, request, rest.certificate_names)
        yield f"gRPC: {_checked(answer, metadata, options.expect)}"
        if rest.certificate_names and not smoke_grpc.is_named(target.host, rest.certificate_names):
            yield f"note: the certificate is for {', '.join(rest.certificate_names)} and not for {target.host}"

    metrics = rest.read("GET", "/metrics")
    if not isinstance(metrics, bytes) or METRIC not in metrics:
        raise SmokeFailure(f"/metrics does not tell of {METRIC.decode()}")
    yield f"metrics: {len(metrics.splitlines())} lines"


def _wait_until_ready(rest: RestCaller, seconds: float) -> None:
    until = monotonic() + seconds
    while True:
        try:
            status, _ = rest.ask("GET", "/v2/health/ready")
            last = f"/v2/health/ready answers with {status}"
        except (OSError, HTTPException) as fault:
            status, last = 0, f"it cannot be reached: {fault}"
        if status == 200:
            return
        if monotonic() > until:
            raise SmokeFailure(f"the server is not ready after {seconds:g} s: {last}")
        sleep(POLL_SECONDS)


def _read(file: Path) -> Json:
    try:
        request: Json = json.loads(file.read_bytes())
    except (OSError, ValueError) as fault:
        raise SmokeFailure(f"{file} cannot be read as a V2 request in JSON: {fault}") from None
    return request


def _checked(outputs: Outputs, metadata: Json, expected: Json) -> str:
    found = list(faults(outputs, metadata, expected))
    if found:
        raise SmokeFailure("; ".join(found))
    return ", ".join(
        f"{name} = {tensor.data[:SHOWN_ELEMENTS]}{' …' if len(tensor.data) > SHOWN_ELEMENTS else ''}"
        for name, tensor in outputs.items()
    )


def _described(tensors: list[Json]) -> str:
    return ", ".join(f"{tensor['name']} {tensor['datatype']} {tensor['shape']}" for tensor in tensors)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
