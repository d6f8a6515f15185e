"""What the load tests ask is answered by the real server, for every model of the zoo and in every protocol."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from google.protobuf.json_format import MessageToDict

from loadtests.profile.form import Made, Stream
from loadtests.requests import encoding, made
from loadtests.requests.datatypes import DTYPES
from loadtests.requests.expectation import Expectation
from loadtests.requests.question import Question, Reply
from loadtests.requests.questions import questions
from loadtests.requests.repeatable import is_repeatable
from loadtests.requests.rows import Rows
from loadtests.requests.target import Target, TensorForm, read_target
from serving.oip_pb2 import ModelMetadataRequest
from tests.contract.serve_zoo import PLAIN
from tests.contract.wire import Caller, Rpc
from tests.servers import ROOT, RunningServer, environment

PROTOCOLS = [("v1", "json"), ("v2", "json"), ("v2", "binary"), ("grpc", "json"), ("grpc", "binary")]
every_protocol = pytest.mark.parametrize(("protocol", "form"), PROTOCOLS, ids=["-".join(each) for each in PROTOCOLS])

ANSWERED = sorted({*PLAIN, "double"} - {"broken"})
"""All but the model whose fault it is."""
CASES = [(model, *kind) for model in ANSWERED for kind in PROTOCOLS if (model, *kind) != ("echo", "grpc", "json")]
"""Two inputs of `echo` are of datatypes that gRPC carries raw alone."""
ASKED = 4

Ask = Callable[[Question], Reply]


@pytest.fixture
def rpc(zoo_server: RunningServer) -> Iterator[Rpc]:
    """A channel over the usual transport: that the other answers alike is tested for itself, and REST has neither."""
    with Rpc(zoo_server.grpc_address) as rpc:
        yield rpc


@pytest.fixture
def ask(caller: Caller, rpc: Rpc) -> Ask:
    def ask(question: Question) -> Reply:
        if question.path == encoding.GRPC_METHOD:
            return Reply({}, rpc.send("ModelInfer", question.body))
        reply = caller.ask("POST", question.path, question.body, question.headers)
        assert reply.status == 200, (question.path, reply.body)
        return Reply(dict(reply.headers), reply.body)

    return ask


def target_of(caller: Caller, model: str) -> Target:
    return read_target(caller.get(f"/v2/models/{model}").json, caller.get(f"/v2/models/{model}/config").json)


def stream(protocol: Any, form: Any, **others: Any) -> Stream:
    return Stream(name="s", protocol=protocol, format=form, **others)


@pytest.mark.parametrize(("model", "protocol", "form"), CASES, ids=["-".join(case) for case in CASES])
def test_any_model_answers_what_is_made_of_its_metadata(
    caller: Caller, ask: Ask, model: str, protocol: str, form: str
) -> None:
    target = target_of(caller, model)
    rows = {1: 1, 3: 1} if target.is_batched else {1: 1}
    for question in questions(stream(protocol, form, rows=rows), target, seed=1)[:ASKED]:
        assert question.judge(ask(question)).wrong == ""


@every_protocol
def test_dimensions_are_as_the_profile_says(caller: Caller, ask: Ask, protocol: str, form: str) -> None:
    said = {"x": Made(shape=(7,), low=-1, high=0)}
    question = questions(stream(protocol, form, inputs=said), target_of(caller, "open_length"), seed=1)[0]
    reply = ask(question)
    assert question.judge(reply).wrong == ""
    if protocol == "v1":
        assert len(json.loads(reply.body)["predictions"][0]["same"]) == 7


def pictures(labels: np.ndarray) -> Rows:
    """Pictures for `image`, whose first ten pixels are what it takes for chances."""
    images = np.zeros((len(labels), 4, 4), dtype=np.uint8)
    images.reshape(-1, 16)[np.arange(len(labels)), labels] = 255
    return Rows("mine.npz", {"image": images}, labels)


@every_protocol
def test_accuracy_is_counted_and_a_server_that_mixes_rows_up_is_seen(
    caller: Caller, ask: Ask, protocol: str, form: str
) -> None:
    labels = np.random.default_rng(1).integers(0, 10, 200)
    target = target_of(caller, "image")
    assert target.outputs[0].name == "digit"
    written = questions(
        stream(protocol, form, rows={4: 1}), target, seed=1, pictures=pictures(labels), expectation=Expectation()
    )[:8]
    replies = [ask(question) for question in written]
    judged = [question.judge(reply) for question, reply in zip(written, replies, strict=True)]
    assert [judgement.wrong for judgement in judged] == [""] * 8
    assert sum(judgement.right for judgement in judged) == sum(judgement.labelled for judgement in judged) == 32
    # Each is given the answer of the one before, as a server would that mixes its batches up.
    others = [replies[-1], *replies[:-1]]
    assert all(question.judge(reply).wrong for question, reply in zip(written, others, strict=True))
    ignorant = questions(stream(protocol, form, rows={4: 1}), target, seed=1, pictures=pictures(labels))[:8]
    if protocol == "v1":
        # It has no ids: the labels alone tell.
        judged = [question.judge(reply) for question, reply in zip(ignorant, others, strict=True)]
        assert sum(judgement.right for judgement in judged) < 16


@every_protocol
@pytest.mark.parametrize("drift", ["inverted", "noisy", "dimmed"])
def test_pictures_that_drift_are_answered(caller: Caller, ask: Ask, protocol: str, form: str, drift: Any) -> None:
    rows = pictures(np.arange(10))
    written = questions(stream(protocol, form), target_of(caller, "image"), seed=1, pictures=rows, drift=drift)
    judgement = written[0].judge(ask(written[0]))
    assert judgement.wrong == ""
    assert judgement.labelled == 1


@every_protocol
def test_a_model_that_answers_the_same_is_found_repeatable(caller: Caller, ask: Ask, protocol: str, form: str) -> None:
    assert is_repeatable(questions(stream(protocol, form), target_of(caller, "dense"), seed=1), ask)


def test_the_version_is_read_where_the_protocol_tells_it(caller: Caller, ask: Ask) -> None:
    target = target_of(caller, "versions")
    said = {each: judge(target, ask, *each).version for each in PROTOCOLS}
    assert said == {each: "" if each[0] == "v1" else "10" for each in PROTOCOLS}


def judge(target: Target, ask: Ask, protocol: str, form: str) -> Any:
    question = questions(stream(protocol, form), target, seed=1)[0]
    return question.judge(ask(question))


def test_grpcs_own_metadata_makes_the_same_target(caller: Caller, rpc: Rpc) -> None:
    for model in ANSWERED:
        told = rpc.call("ModelMetadata", ModelMetadataRequest(name=model))
        assert read_target(MessageToDict(told)) == read_target(caller.get(f"/v2/models/{model}").json)


def test_tritons_client_writes_the_same_tensors(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    arrays = {}
    for datatype in DTYPES:
        target = Target("m", (TensorForm("x", datatype, (-1, 3)),), ())
        arrays[datatype] = made.make(target, 2, {}, random)["x"]
    np.savez(tmp_path / "arrays.npz", **arrays)  # type: ignore[arg-type]
    done = subprocess.run(
        [sys.executable, "-m", "tests.contract.loadtests.triton_bodies", str(tmp_path / "arrays.npz")],
        cwd=ROOT,
        env=environment({"PYTHONPATH": str(ROOT)}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    theirs = json.loads(done.stdout)
    assert theirs.keys() == DTYPES.keys()
    for datatype, (body, theirs_head) in theirs.items():
        target = Target("m", (TensorForm("x", datatype, (-1, 3)),), ())
        ours, ours_head = encoding.v2_binary(target, {"x": arrays[datatype]}, "q-1")
        their_body = base64.b64decode(body)
        assert ours[ours_head:] == their_body[theirs_head:], datatype
        assert orjson.loads(ours[:ours_head]) == orjson.loads(their_body[:theirs_head]), datatype
