"""Ask a running server one question, and show the answer to a person.

`make ask` sends the request and draws what it asks about; `make serve` runs
this with `--invite`, which waits until the server is ready and then says how
to ask it. Imports nothing but the standard library, so that it answers at once.
"""

import json
import os
import shlex
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

TIMEOUT_SECONDS = 30.0
POLL_SECONDS = 0.2


def main() -> int:
    options = parse_options()
    if options.invite:
        return invite(options)
    try:
        request = options.request.read_bytes()
        question = json.loads(request)
    except (OSError, ValueError) as fault:
        return fail(f"{options.request} cannot be read as a JSON request: {fault}")

    started = perf_counter()
    try:
        status, body = call(options, "POST", f"/v2/models/{options.model_name}/infer", request)
    except OSError as fault:
        return fail(f"no server answers on {options.host}:{options.http_port} ({fault}); `make serve` starts one")
    except HTTPException:
        return fail(f"what answers on {options.host}:{options.http_port} does not speak HTTP/1.1")
    milliseconds = (perf_counter() - started) * 1000

    try:
        answer = json.loads(body)
    except ValueError:
        return fail(f"what answers with status {status} is no model server: {body[:80]!r}")
    if status != 200:
        return fail(f"the request was refused with status {status}: {answer.get('error', answer)}")
    print(*draw(question["inputs"][0]), sep="\n")
    print(f"{in_words(answer)}, answered in {milliseconds:.1f} ms")
    return 0


def parse_options() -> Namespace:
    parser = ArgumentParser(prog="python -m serving.ask", description="Send one V2 request and show the answer.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--http_port", type=int, default=8080)
    parser.add_argument("--model_name", default="mnist")
    parser.add_argument("--request", type=Path, default=Path("docs/examples/seven.json"))
    parser.add_argument("--invite", action="store_true", help="send nothing; once the server is ready, say how to ask")
    return parser.parse_args()


def fail(sentence: str) -> int:
    print(f"ask: {sentence}", file=sys.stderr)
    return 1


def call(options: Namespace, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = HTTPConnection(options.host, options.http_port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def invite(options: Namespace) -> int:
    """Wait as long as the process that began this one lives: `make serve` turns into the server."""
    parent = os.getppid()
    model = f"/v2/models/{options.model_name}"
    # Ours cannot be ready so soon: this is another server, and ours is about to say that the port is taken.
    with suppress(OSError, HTTPException):
        call(options, "GET", "/v2/health/live")
        return 0
    while os.getppid() == parent:
        sleep(POLL_SECONDS)
        try:
            if call(options, "GET", f"{model}/ready")[0] != 200:
                continue
            metadata = json.loads(call(options, "GET", model)[1])
        except (OSError, HTTPException, ValueError):
            continue
        print(invitation(options, metadata), flush=True)
        break
    return 0


def invitation(options: Namespace, metadata: dict[str, Any]) -> str:
    url = f"http://{options.host}:{options.http_port}/v2/models/{options.model_name}"
    if [(tensor["name"], tensor["shape"]) for tensor in metadata["inputs"]] != [("image", [-1, 28, 28])]:
        return f"\nReady. Ask from another terminal what it takes:\n\n  curl -s {url}\n"
    request = shlex.quote(f"@{options.request.resolve()}")
    curl = f"curl -s -H 'Content-Type: application/json' -d {request} {url}/infer"
    differences = {"HTTP_PORT": (options.http_port, 8080), "MODEL_NAME": (options.model_name, "mnist")}
    make = ["make ask", *(f"{name}={here}" for name, (here, usual) in differences.items() if here != usual)]
    return f"\nReady. Send it a picture from another terminal:\n\n  {curl}\n\nor see it drawn: {' '.join(make)}\n"


def draw(tensor: dict[str, Any]) -> list[str]:
    """Two rows of pixels to a line of text, since a letter is twice as high as wide; no picture, no lines."""
    shape: list[int] = tensor["shape"]
    pixels: list[int] = tensor["data"]
    if tensor["datatype"] != "UINT8" or len(shape) != 3 or len(pixels) != shape[1] * shape[2]:
        return []
    width = shape[2]
    rows = [pixels[start : start + width] for start in range(0, len(pixels), width)]
    if len(rows) % 2:
        rows.append([0] * width)
    has_greys = sys.stdout.isatty() and sys.stdout.encoding == "utf-8" and "NO_COLOR" not in os.environ
    line = in_greys if has_greys else in_letters
    return [line(rows[top], rows[top + 1]) for top in range(0, len(rows), 2)]


def in_greys(upper: Sequence[int], lower: Sequence[int]) -> str:
    """Half blocks, in the 24 greys of a terminal of 256 colours."""
    cells = (
        f"\x1b[38;5;{232 + up * 23 // 255};48;5;{232 + low * 23 // 255}m▀" for up, low in zip(upper, lower, strict=True)
    )
    return "".join(cells) + "\x1b[0m"


def in_letters(upper: Sequence[int], lower: Sequence[int]) -> str:
    return "".join(" .:*#"[(up + low) * 4 // 510] for up, low in zip(upper, lower, strict=True)).rstrip()


def in_words(answer: dict[str, Any]) -> str:
    outputs = {output["name"]: output["data"] for output in answer["outputs"]}
    if "digit" not in outputs or "probabilities" not in outputs:
        return json.dumps(outputs)
    digit = outputs["digit"][0]
    return f"{answer['model_name']} says {digit}, with probability {outputs['probabilities'][digit]:.5f}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
