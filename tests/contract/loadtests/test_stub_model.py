"""The stub before which generators are measured answers as a model would: a checked load must not cost less by it."""

import urllib.request
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from loadtests.bench.generator import Plain, Tried, stub, table
from loadtests.bench.stub_model import METADATA
from loadtests.profile.form import Stream
from loadtests.requests.question import Judgement, Reply
from loadtests.requests.questions import questions
from loadtests.requests.target import read_target


@pytest.fixture(scope="module")
def addresses() -> Iterator[tuple[str, str]]:
    with stub(None) as addresses:
        yield addresses


@pytest.mark.parametrize(("protocol", "form"), [("v1", "json"), ("v2", "json"), ("v2", "binary"), ("grpc", "binary")])
def test_every_protocol_is_answered_rightly(addresses: tuple[str, str], protocol: str, form: str) -> None:
    url, where = addresses
    stream = Stream.model_validate({"name": "asked", "protocol": protocol, "format": form})
    judged: set[Judgement] = set()
    with grpc.insecure_channel(where) as channel:
        for question in questions(stream, read_target(METADATA), seed=1)[:20]:
            if protocol == "grpc":
                call: Any = channel.unary_unary(question.path)
                reply = Reply({}, call(question.body, timeout=20))
            else:
                request = urllib.request.Request(url + question.path, question.body, question.headers)
                with urllib.request.urlopen(request, timeout=20) as answer:
                    told = {name.lower(): value for name, value in answer.headers.items()}
                    reply = Reply(told, answer.read())
            judged.add(question.judge(reply)._replace(right=0))
    assert judged == {Judgement("", "" if protocol == "v1" else "1", labelled=1)}


def test_what_was_found_is_told_in_a_table() -> None:
    tried = Tried("grpc", 1, 2000, 1990.0, 0.0021, 0.5, 0)
    assert tried.holds
    assert not Tried("grpc", 1, 2000, 1990.0, 0.0101, 0.5, 0).holds
    assert not Tried("grpc", 1, 2000, 1990.0, 0.0021, 0.5, 1).holds
    lines = table([tried], [Plain("grpc", "PlainGrpc", 5316.4)]).splitlines()
    assert lines[2] == "| grpc | 1 | 1,990/s | 2.1 ms | 50% | 3,980 |"
    assert lines[3].endswith("| - | - | - | 5,316 |")
