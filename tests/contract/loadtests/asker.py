"""Clients in a process of their own, asked line by line: a test process must not import gevent.

`python -m tests.contract.loadtests.asker` reads a JSON object a line and answers
with one: {"open": NAME, "stream": {...}, "url", "grpc", "access": {...}},
{"ask": NAME, "times", "at_once", "timeout", "body", "path", "headers"} and
{"close": NAME}. While it waits for a line, its event loop stands still.
"""

import json
import sys
from pathlib import Path
from typing import Any

import gevent

from loadtests.clients import Access, BadAddress, open_client
from loadtests.clients.exchange import Client, Exchange
from loadtests.profile.form import Stream
from loadtests.requests.question import Judgement, Question, Reply

clients: dict[str, Client] = {}


def judge(_: Reply) -> Judgement:
    return Judgement()


def told(exchange: Exchange) -> dict[str, Any]:
    reply = exchange.reply
    return {
        "outcome": exchange.outcome.value,
        "code": exchange.code,
        "words": exchange.words,
        "headers": reply.headers if reply else {},
        "body": reply.body.hex() if reply else "",
    }


def do(order: dict[str, Any]) -> Any:
    if "open" in order:
        access = dict(order.get("access", {}))
        if "ca" in access:
            access["ca"] = Path(access["ca"])
        stream = Stream.model_validate({"name": "asked", "connections": 1, **order["stream"]})
        try:
            clients[order["open"]] = open_client(stream, order.get("url", ""), order.get("grpc", ""), Access(**access))
        except BadAddress as error:
            return str(error)
        return ""
    if "close" in order:
        clients.pop(order["close"]).close()
        gevent.sleep(0)
        return len(list(Path("/proc/self/fd").iterdir()))
    client = clients[order["ask"]]
    question = Question(
        order.get("path", "/v2/models/m/infer"),
        bytes.fromhex(order.get("body", "")),
        1,
        judge,
        order.get("headers", {}),
    )

    def ask() -> dict[str, Any]:
        return told(client.ask(question, order.get("timeout", 20)))

    found: list[dict[str, Any]] = []
    times, at_once = order.get("times", 1), order.get("at_once", 1)
    for begun in range(0, times, at_once):
        greenlets = [gevent.spawn(ask) for _ in range(min(at_once, times - begun))]
        gevent.joinall(greenlets, raise_error=True)
        found += [greenlet.value for greenlet in greenlets]
    return found


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(do(json.loads(line))) + "\n")
        sys.stdout.flush()
