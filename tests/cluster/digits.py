"""Pictures of digits that the reference model was not trained on, sent as a caller would, many to a request.

The pictures are those that the model's baseline was made of. What a caller did to
them on the way is the test's to say; what the server answered is kept.
"""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from rich.console import Console

from model import data
from tests.cluster.callers import Addresses, Reply, ask

Pictures = npt.NDArray[np.uint8]

REQUEST_ROWS = 32


@dataclass(frozen=True)
class Answered:
    """One request's rows: the id that stands for them, and what they really are."""

    id: str
    digits: list[int]
    truth: list[int]


@cache
def held_out() -> data.Rows:
    """Raises model.errors.DataUnavailable where this machine has no way to the images."""
    return data.load(None, allow_fallback=False, rows=None, console=Console(quiet=True)).test


def inverted(pictures: Pictures) -> Pictures:
    """Dark on light, as a scanner has them."""
    return np.asarray(255 - pictures, np.uint8)


def send(at: Addresses, pictures: Pictures) -> Reply:
    """Ask for many at once, by the binary extension, which costs the sender little."""
    content = pictures.tobytes()
    tensor = {"name": "image", "shape": list(pictures.shape), "datatype": "UINT8"}
    head = json.dumps({"inputs": [{**tensor, "parameters": {"binary_data_size": len(content)}}]}).encode()
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(head))}
    return ask(at.rest, f"/v2/models/{at.model}/infer", head + content, headers)


def answered(
    at: Addresses, requests: int, change: Callable[[Pictures], Pictures] = lambda pictures: pictures
) -> list[Answered]:
    """Ask for so many requests' worth of different pictures; each has to be answered."""
    rows, found = held_out(), []
    for number in range(requests):
        some = np.arange(number * REQUEST_ROWS, (number + 1) * REQUEST_ROWS) % len(rows)
        reply = send(at, change(rows.images[some]))
        assert reply.status == 200, reply.body
        about = reply.json.get("parameters", {})
        found.append(Answered(about.get("prediction_id", ""), reply.digits, rows.labels[some].tolist()))
    return found


@contextmanager
def asking(at: Addresses, callers: int, rows: int, pause_seconds: float) -> Iterator[list[int]]:
    """Ask on many connections at a time for as long as the `with` block lasts; gives the statuses of the answers."""
    pictures = held_out().images[:rows]
    statuses: list[int] = []
    enough = threading.Event()

    def ask_on() -> None:
        while not enough.wait(pause_seconds):
            statuses.append(send(at, pictures).status)

    with ThreadPoolExecutor(callers) as pool:
        each = [pool.submit(ask_on) for _ in range(callers)]
        try:
            yield statuses
        finally:
            enough.set()
            for caller in each:
                caller.result()
