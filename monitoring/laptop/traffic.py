"""Callers of a laptop's server: a steady, uneven stream of digits, and labels for half of them some time later.

    python -m monitoring.laptop.traffic --rate 20 --incident drift --after 120

Arrivals are drawn ahead (Poisson) and wait for no answer. Prints a line every
so often; ends on Ctrl-C, and on any fault that is not the server's word.
"""

import asyncio
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import numpy as np

from monitoring.laptop.digits import Digits, NoDigits, digits
from monitoring.laptop.questions import OVERLOAD_CALLERS, Incident, Question, ask, flood, labels

LABELLED = 0.5
"""The share of requests whose truth becomes known."""
DELAY_SECONDS = 20.0
"""How long that takes, about."""
MOST_LABELS = 500
MOST_AT_ONCE = 256
"""Requests on their way; what is beyond is not sent, and counted."""
TELL_SECONDS = 30.0
PATIENCE_SECONDS = 15.0


class Callers:
    """Everybody who calls, and what came of it."""

    def __init__(self, options: Namespace, given: Digits) -> None:
        self.options, self.digits = options, given
        self.random = np.random.default_rng(options.seed)
        self.began = monotonic()
        self.answers: Counter[str] = Counter()
        self.labels: Counter[str] = Counter()
        self.waiting: list[tuple[float, list[dict[str, Any]]]] = []
        self.under_way: set[asyncio.Task[None]] = set()
        limits = httpx.Limits(max_connections=MOST_AT_ONCE, max_keepalive_connections=64)
        self.client = httpx.AsyncClient(base_url=options.url, timeout=PATIENCE_SECONDS, limits=limits, trust_env=False)

    @property
    def incident(self) -> Incident | None:
        """What is amiss by now."""
        begun = self.options.incident and monotonic() - self.began >= self.options.after
        return self.options.incident if begun else None

    async def run(self) -> None:
        async with self.client, asyncio.TaskGroup() as group:
            group.create_task(self.arrive())
            group.create_task(self.label())
            group.create_task(self.tell())
            for _ in range(OVERLOAD_CALLERS if self.options.incident is Incident.OVERLOAD else 0):
                group.create_task(self.crowd())

    async def arrive(self) -> None:
        """Send one request after the other at their time, whatever became of those before."""
        due = monotonic()
        while True:
            due += self.random.exponential(1 / self.options.rate)
            await asyncio.sleep(max(due - monotonic(), 0))
            if len(self.under_way) >= MOST_AT_ONCE:
                self.answers["not sent"] += 1
                continue
            question = ask(self.random, self.digits, self.options.model_name, self.incident)
            task = asyncio.create_task(self.send(question))
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)

    async def send(self, question: Question) -> None:
        try:
            reply = await self.client.post(question.path, content=question.body, headers=question.headers)
        except httpx.HTTPError as fault:
            self.answers[type(fault).__name__] += 1
            return
        self.answers[str(reply.status_code)] += 1
        if reply.status_code == 200 and question.truth and self.random.random() < LABELLED:
            known = labels(reply.json(), question.truth)
            if known:
                self.waiting.append((monotonic() + self.random.exponential(DELAY_SECONDS), known))

    async def label(self) -> None:
        """Send the labels that are known by now."""
        while True:
            await asyncio.sleep(1.0)
            now = monotonic()
            due = [label for time, known in self.waiting if time <= now for label in known]
            self.waiting = [(time, known) for time, known in self.waiting if time > now]
            for start in range(0, len(due), MOST_LABELS):
                body = {"labels": due[start : start + MOST_LABELS]}
                with suppress(httpx.HTTPError):
                    reply = await self.client.post("/v1/feedback", json=body)
                    self.labels["sent" if reply.status_code == 200 else f"refused with {reply.status_code}"] += len(
                        body["labels"]
                    )

    async def crowd(self) -> None:
        """One of many who ask too much, as soon as the overload begins."""
        question = flood(self.digits, self.options.model_name)
        while True:
            await asyncio.sleep(0.01 if self.incident else 1.0)
            if self.incident:
                await self.send(question)

    async def tell(self) -> None:
        told = False
        while True:
            for _ in range(round(TELL_SECONDS)):
                await asyncio.sleep(1.0)
                if self.incident and not told:
                    told = True
                    print(f"traffic: {self.incident} begins", flush=True)
            parts = [f"{count} x {what}" for what, count in sorted(self.answers.items())]
            known = [f"{count} {what}" for what, count in sorted(self.labels.items())]
            spent = round(monotonic() - self.began)
            print(
                f"traffic: {spent} s: {', '.join(parts) or 'nothing'}; labels: {', '.join(known) or 'none'}", flush=True
            )


def parse_options() -> Namespace:
    parser = ArgumentParser(prog="python -m monitoring.laptop.traffic", description="Send digits to a server.")
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--model_name", default="mnist")
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second")
    parser.add_argument("--incident", type=Incident, choices=list(Incident), help="what goes wrong")
    parser.add_argument("--after", type=float, default=120.0, help="seconds until it does")
    parser.add_argument("--digits", type=Path, metavar="FOLDER", help="the files of MNIST's test pictures")
    parser.add_argument("--example", type=Path, default=Path("docs/examples/seven.json"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if not options.rate > 0:
        parser.error(f"--rate is {options.rate}, expected more than 0")
    return options


async def call(options: Namespace, given: Digits) -> None:
    task = asyncio.current_task()
    # Asked for by name: a shell that starts this in the background has Ctrl-C ignored otherwise.
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel if task else lambda: None)
    with suppress(asyncio.CancelledError):
        await Callers(options, given).run()


def main() -> int:
    options = parse_options()
    try:
        given = digits(options.digits, options.example)
    except (NoDigits, OSError, ValueError) as fault:
        print(f"traffic: {fault}", file=sys.stderr)
        return 2
    if not given.real:
        print("traffic: no pictures are kept here, so it is one seven again and again; drift will be seen, and rightly")
    asyncio.run(call(options, given))
    return 0


if __name__ == "__main__":
    sys.exit(main())
