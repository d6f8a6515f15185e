"""Labels to a server, a batch at a time, until it has taken them.

A server that is busy, restarting or out of reach is asked again, a little later
each time. What it has counted already it tells as duplicates, so a batch whose
answer was lost does no harm when it is sent once more.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from typing import Any

import httpx

from monitoring.contract.values import FEEDBACK_RESULTS
from monitoring.feedback.labels_file import BadLine, LateLabel

PATH = "/v1/feedback"
MOST_LABELS = 1000
"""What a server takes at once unless its operator says otherwise."""
TRIES = 8
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
BUSY = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


class Unreachable(Exception):
    """The server could not be asked, however often; the message is a sentence."""


class NotTaken(Exception):
    """The server takes no labels sent like this; the message is its own sentence."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A label that was not counted."""

    line: int
    result: str
    reason: str


@dataclass(slots=True)
class Outcome:
    """What became of the labels so far."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    """The first ones; all of them are in `counts`."""
    most_refused: int = 1000

    @property
    def labels(self) -> int:
        return self.counts.total()

    @property
    def not_counted(self) -> int:
        """How many labels are counted nowhere: those told as duplicates were counted before."""
        return self.labels - self.counts["accepted"] - self.counts["duplicate"]

    def refuse(self, line: int, result: str, reason: str) -> None:
        if result != "duplicate" and len(self.refused) < self.most_refused:
            self.refused.append(Refused(line, result, reason))


def send_all(
    lines: Iterable[LateLabel | BadLine],
    client: httpx.Client,
    outcome: Outcome,
    *,
    at_once: int = MOST_LABELS,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Send every label and note in `outcome` what became of it; raises Unreachable or NotTaken."""
    for batch in _batches(_sendable(lines, outcome), at_once):
        body = {"labels": [{"id": each.id, "row": each.row, "label": each.label} for each in batch]}
        _note(_ask(client, body, sleep), batch, outcome)


def _sendable(lines: Iterable[LateLabel | BadLine], outcome: Outcome) -> Iterator[LateLabel]:
    for line in lines:
        if isinstance(line, BadLine):
            outcome.counts["not_sent"] += 1
            outcome.refuse(line.line, "not_sent", line.reason)
        else:
            yield line


def _batches(labels: Iterator[LateLabel], at_once: int) -> Iterator[Sequence[LateLabel]]:
    while batch := list(islice(labels, at_once)):
        yield batch


def _ask(client: httpx.Client, body: Any, sleep: Callable[[float], None]) -> Any:
    why, pause = "", 0.0
    for turn in range(TRIES):
        if turn:
            sleep(pause)
        pause = min(FIRST_PAUSE_SECONDS * 2**turn, LONGEST_PAUSE_SECONDS) * random.uniform(0.5, 1.0)  # noqa: S311
        try:
            answer = client.post(PATH, json=body)
        except httpx.TransportError as error:
            why = str(error) or type(error).__name__
            continue
        if answer.status_code == HTTPStatus.OK:
            return _json(answer)
        why = _sentence(answer)
        if answer.status_code not in BUSY:
            raise NotTaken(why)
        pause = max(pause, _retry_after(answer))
    raise Unreachable(f"{client.base_url} could not be asked in {TRIES} tries: {why}")


def _json(answer: httpx.Response) -> Any:
    try:
        told = answer.json()
        if isinstance(told["counts"], dict) and isinstance(told["refused"], list):
            return told
    except (ValueError, KeyError, TypeError):
        pass
    raise NotTaken(f"{answer.request.url} answered with something else than what became of labels: is it Écluse?")


def _sentence(answer: httpx.Response) -> str:
    try:
        told = str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        told = answer.reason_phrase or "no reason given"
    return f"{answer.request.url} answered {answer.status_code}: {told}"


def _retry_after(answer: httpx.Response) -> float:
    seconds = answer.headers.get("retry-after", "")
    return min(float(seconds), LONGEST_PAUSE_SECONDS) if seconds.isdecimal() else 0.0


def _note(told: Any, batch: Sequence[LateLabel], outcome: Outcome) -> None:
    outcome.counts.update({result: int(told["counts"].get(result, 0)) for result in FEEDBACK_RESULTS})
    for refused in told["refused"]:
        outcome.refuse(batch[refused["index"]].line, refused["result"], refused["reason"])
