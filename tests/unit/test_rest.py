"""The REST application in process: paths, status codes, headers, and each request counted once."""

import asyncio
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.api_keys import parse
from serving.body_coding import BodyCoding
from serving.capture import Capture
from serving.catalogue import Catalogue
from serving.door import Door
from serving.errors import (
    DeadlineExceeded,
    Draining,
    InvalidRequest,
    ModelFailed,
    NotReady,
    Overloaded,
    PayloadTooLarge,
    ServingError,
)
from serving.guard import Guard
from serving.http_message import HttpRequest
from serving.inflight_bytes import InflightBytes
from serving.lifecycle import Lifecycle, Phase
from serving.metrics import Metrics
from serving.request_log import RequestLog
from serving.rest import RestApp
from tests.doubles import Answered, ScriptedEndpoint
from tests.strategies import json_values

INFER = "/v2/models/mnist/infer"
PREDICT = "/v1/models/mnist:predict"


class Service:
    """A REST application with one model, `mnist` version 1, in the phase given."""

    def __init__(
        self,
        answer: bytes | BaseException = b"{}",
        *,
        phase: Phase = Phase.READY,
        shed_status: int = 503,
        head_bytes: int | None = None,
        seconds: float = 0.0,
        door: Door | None = None,
        compress_bytes: int = 0,
    ) -> None:
        self.metrics = Metrics()
        self.lifecycle = Lifecycle()
        catalogue = Catalogue(self.lifecycle)
        catalogue.announce("mnist")
        self.endpoint = ScriptedEndpoint(self.metrics, answer, head_bytes=head_bytes, seconds=seconds)
        path = [Phase.LOADING, Phase.WARMING, Phase.READY, Phase.DRAINING, Phase.STOPPED]
        for step in path[1 : path.index(phase) + 1]:
            self.lifecycle.enter(step)
        if path.index(phase) >= path.index(Phase.READY):
            catalogue.open(self.endpoint)
        self.app = RestApp(
            catalogue,
            self.lifecycle,
            self.metrics,
            {"name": "ecluse", "version": "0", "extensions": []},
            shed_status=shed_status,
            coding=BodyCoding(1 << 20, InflightBytes(1 << 30), compress_bytes),
            door=door,
        )

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        headers: dict[str, str] | None = None,
        failure: BaseException | None = None,
    ) -> Answered:
        sent = {name.lower().encode(): value.encode("latin-1") for name, value in (headers or {}).items()}
        answer = await self.app.answer(HttpRequest(method, path, sent, body, failure=failure))
        return Answered(answer.status, {name.decode(): value.decode() for name, value in answer.headers}, answer.body)

    def counted(self) -> dict[tuple[str, str, str], int]:
        """How many requests ended how, by model, protocol and status; those that are not zero."""
        return {
            (labels["model_name"], labels["protocol"], labels["code"]): count
            for labels, count in self._samples("ecluse_requests_total")
        }

    def timed(self) -> int:
        """How many durations were observed."""
        return sum(count for _, count in self._samples("ecluse_request_duration_seconds_count"))

    def rejected(self) -> dict[str, int]:
        return {labels["reason"]: count for labels, count in self._samples("ecluse_rejected_total")}

    def _samples(self, name: str) -> Iterator[tuple[dict[str, str], int]]:
        for family in self.metrics.registry.collect():
            for sample in family.samples:
                if sample.name == name and sample.value:
                    yield sample.labels, int(sample.value)

    def inflight(self) -> int:
        return sum(self.metrics.inflight.values())


@pytest.fixture(scope="module")
def service() -> Service:
    """One for tests of many examples, which count nothing."""
    return Service()


# Paths


@pytest.mark.parametrize(
    ("path", "call"),
    [
        pytest.param(INFER, "infer", id="V2"),
        pytest.param("/v2/models/mnist/versions/1/infer", "infer", id="V2 with a version"),
        pytest.param(PREDICT, "predict", id="V1"),
        pytest.param("/v1/models/mnist/versions/1:predict", "predict", id="V1 with a version"),
        pytest.param("/v1/models/mnist:explain", "explain", id="V1 explain"),
    ],
)
async def test_a_request_reaches_the_endpoint_whole(path: str, call: str) -> None:
    service = Service(b'{"answer": 42}')
    answered = await service.ask("POST", path, b'{"question": 6}', headers={"X-Request-Id": "abc"})
    assert (answered.status, answered.json) == (200, {"answer": 42})
    assert answered.headers == {"content-type": "application/json", "x-request-id": "abc"}
    assert service.endpoint.asked == [(call, b'{"question": 6}')]
    assert service.endpoint.headers_asked == [{"x-request-id": "abc"}]
    protocol = path[1:3]
    assert service.counted() == {("mnist", protocol, "200"): 1}


async def test_binary_tensors_come_and_go_with_the_length_of_their_head() -> None:
    service = Service(b"{}abcd", head_bytes=2)
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": "3"}
    answered = await service.ask("POST", INFER, b"{ }1234", headers=headers)
    assert answered.status == 200
    assert answered.headers["content-type"] == "application/octet-stream"
    assert answered.headers["inference-header-content-length"] == "2"
    assert service.endpoint.head_bytes_asked == [3]


@pytest.mark.parametrize(
    ("path", "status", "answer"),
    [
        pytest.param("/", 200, {"status": "alive"}, id="the root"),
        pytest.param("/v2", 200, {"name": "ecluse", "version": "0", "extensions": []}, id="the server"),
        pytest.param("/v2/", 200, {"name": "ecluse", "version": "0", "extensions": []}, id="with a slash at the end"),
        pytest.param("/v2/health/live", 200, {"live": True}, id="liveness"),
        pytest.param("/v2/health/ready", 200, {"ready": True, "phase": "ready"}, id="readiness"),
        pytest.param("/v1/models", 200, {"models": ["mnist"]}, id="the models of V1"),
        pytest.param("/v2/models", 200, {"models": ["mnist"]}, id="the models of V2"),
        pytest.param("/v1/models/mnist", 200, {"name": "mnist", "ready": True}, id="the status of a model in V1"),
        pytest.param("/v1/models/mnist/versions/1", 200, {"name": "mnist", "ready": True}, id="of a version in V1"),
        pytest.param("/v2/models/mnist/ready", 200, {"name": "mnist", "ready": True}, id="the readiness of a model"),
        pytest.param("/v2/models/mnist/versions/1/ready", 200, {"name": "mnist", "ready": True}, id="of a version"),
        pytest.param(
            "/v2/models/mnist",
            200,
            {"name": "mnist", "versions": ["1"], "platform": "none", "inputs": [], "outputs": []},
            id="the metadata of a model",
        ),
        pytest.param(
            "/v2/models/mnist/versions/1",
            200,
            {"name": "mnist", "versions": ["1"], "platform": "none", "inputs": [], "outputs": []},
            id="the metadata of a version",
        ),
        pytest.param(
            "/v2/models/other",
            404,
            {"error": "model 'other' is not served here, only 'mnist'", "reason": "unknown_model"},
            id="an unknown model",
        ),
        pytest.param(
            "/v2/models/mnist/versions/2/ready",
            404,
            {"error": "model 'mnist' has no version '2' here, it is served as '1'", "reason": "unknown_model"},
            id="an unknown version",
        ),
        pytest.param("/v3", 404, {"error": "no such path: /v3", "reason": "unknown_route"}, id="an unknown path"),
        pytest.param(
            "/v2/models/mnist/infer/",
            404,
            {"error": "no such path: /v2/models/mnist/infer/", "reason": "unknown_route"},
            id="a path too long",
        ),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_may_be_looked_up(method: str, path: str, status: int, answer: object) -> None:
    service = Service()
    answered = await service.ask(method, path)
    assert (answered.status, answered.json) == (status, answer)
    assert answered.headers["content-type"] == "application/json"
    assert service.counted() == {}, "only inference is counted"


async def test_metrics_are_text_for_prometheus() -> None:
    service = Service()
    await service.ask("POST", INFER, b"{}")
    answered = await service.ask("GET", "/metrics")
    assert answered.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b'ecluse_requests_total{code="200",model_name="mnist",model_version="1",protocol="v2"} 1.0' in answered.body


@pytest.mark.parametrize(
    ("method", "path", "status", "sentence", "allowed"),
    [
        pytest.param("POST", "/v2", 405, "POST is not allowed on /v2: use GET", "GET", id="asking by POST"),
        pytest.param("DELETE", "/metrics", 405, "DELETE is not allowed on /metrics: use GET", "GET", id="deleting"),
        pytest.param("GET", INFER, 405, f"GET is not allowed on {INFER}: use POST", "POST", id="inference by GET"),
        pytest.param("HEAD", PREDICT, 405, f"HEAD is not allowed on {PREDICT}: use POST", "POST", id="V1 by HEAD"),
        pytest.param("POST", "/v1/models/mnist:train", 404, "a model has no verb 'train'", None, id="an unknown verb"),
        pytest.param("POST", "/v1/models/mnist:infer", 404, "a model has no verb 'infer'", None, id="V2's verb in V1"),
        pytest.param("POST", "/v1/models/mnist:", 404, "a model has no verb ''", None, id="no verb"),
        pytest.param(
            "POST",
            "/v2/models//infer",
            404,
            "model '' is not served here, only 'mnist'",
            None,
            id="a model without a name",
        ),
        pytest.param(
            "POST",
            "/v1/models/a:b:predict",
            404,
            "model 'a:b' is not served here, only 'mnist'",
            None,
            id="a colon in the name of a model",
        ),
        pytest.param(
            "POST",
            "/v1/models/mnist/versions/9:predict",
            404,
            "model 'mnist' has no version '9' here, it is served as '1'",
            None,
            id="an unknown version",
        ),
    ],
)
async def test_what_is_not_there_is_told(
    method: str, path: str, status: int, sentence: str, allowed: str | None
) -> None:
    service = Service()
    answered = await service.ask(method, path, b"{}")
    assert (answered.status, answered.json["error"]) == (status, sentence)
    assert answered.headers.get("allow") == allowed
    assert service.endpoint.asked == []


async def test_requests_for_models_we_do_not_serve_are_counted_under_no_name() -> None:
    service = Service()
    await service.ask("POST", "/v2/models/other/infer", b"{}")
    await service.ask("POST", "/v1/models/mnist:train", b"{}")
    assert service.counted() == {("", "v2", "404"): 1, ("", "v1", "404"): 1}


paths = st.builds(
    str.__add__,
    st.sampled_from(["/", "/v1/models/", "/v2/models/", "/v2/models/mnist/", "/v1/models/mnist:"]),
    st.text("/:%?a1é\0 .\ufffd", max_size=8),
)


@pytest.mark.timeout(10)
@given(paths, st.sampled_from(["GET", "POST", "OPTIONS", "HEAD", "nonsense"]))
async def test_any_path_has_an_answer_in_json(service: Service, path: str, method: str) -> None:
    answered = await service.ask(method, path, b"{}")
    assert answered.status in (200, 404, 405)
    assert isinstance(answered.json, dict)


# Phases


@pytest.mark.parametrize(
    ("phase", "ready", "infers", "reason"),
    [
        pytest.param(Phase.LOADING, 503, 503, "loading", id="loading"),
        pytest.param(Phase.WARMING, 503, 503, "loading", id="warming"),
        pytest.param(Phase.READY, 200, 200, None, id="ready"),
        pytest.param(Phase.DRAINING, 503, 200, None, id="draining"),
        pytest.param(Phase.STOPPED, 503, 503, "draining", id="stopped"),
    ],
)
async def test_what_each_phase_answers(phase: Phase, ready: int, infers: int, reason: str | None) -> None:
    service = Service(phase=phase)
    assert (await service.ask("GET", "/v2/health/live")).status == 200
    assert (await service.ask("GET", "/metrics")).status == 200
    for path in ("/v2/health/ready", "/v2/models/mnist/ready", "/v1/models/mnist"):
        assert (await service.ask("GET", path)).status == ready
    answered = await service.ask("POST", INFER, b"{}")
    assert answered.status == infers
    assert answered.json.get("reason") == reason
    assert ("retry-after" in answered.headers) is (infers == 503)


@pytest.mark.parametrize("phase", Phase)
def test_connections_are_to_be_closed_from_the_drain_on(phase: Phase) -> None:
    assert Service(phase=phase).app.is_draining is (phase in (Phase.DRAINING, Phase.STOPPED))


# Errors


@pytest.mark.parametrize(
    ("error", "shed_status", "status", "retry_after", "rejected"),
    [
        pytest.param(InvalidRequest("x"), 503, 400, None, {"bad_input": 1}, id="bad input"),
        pytest.param(PayloadTooLarge("x"), 503, 413, None, {"too_large": 1}, id="too large"),
        pytest.param(DeadlineExceeded("x"), 503, 504, None, {"late": 1}, id="late"),
        pytest.param(Overloaded("x"), 503, 503, "1", {"queue_full": 1}, id="a full queue"),
        pytest.param(Overloaded("x"), 429, 429, "1", {"queue_full": 1}, id="a full queue that says 429"),
        pytest.param(NotReady("x"), 429, 503, "5", {"loading": 1}, id="not ready is 503 whatever shedding is"),
        pytest.param(Draining("x"), 429, 503, "1", {"draining": 1}, id="and so is draining"),
        pytest.param(ModelFailed("x"), 503, 500, None, {}, id="a model that failed"),
    ],
)
@pytest.mark.parametrize("path", [pytest.param(INFER, id="V2"), pytest.param(PREDICT, id="V1")])
async def test_each_error_is_told_and_counted_once(
    path: str,
    error: ServingError,
    shed_status: int,
    status: int,
    retry_after: str | None,
    rejected: dict[str, int],
) -> None:
    service = Service(error, shed_status=shed_status)
    answered = await service.ask("POST", path, b"{}")
    assert (answered.status, answered.json) == (status, {"error": "x", "reason": error.reason})
    assert answered.headers.get("retry-after") == retry_after
    assert service.counted() == {("mnist", path[1:3], str(status)): 1}
    assert service.rejected() == rejected
    assert service.timed() == 1
    assert service.inflight() == 0


async def test_an_error_that_nobody_foresaw_keeps_its_secrets() -> None:
    service = Service(KeyError("a secret"))
    answered = await service.ask("POST", INFER, b"{}")
    assert answered.status == 500
    assert answered.json["reason"] == "internal"
    assert answered.json["error"] == f"internal error of request {answered.headers['x-request-id']}"
    assert b"secret" not in answered.body
    assert service.counted() == {("mnist", "v2", "500"): 1}
    assert service.inflight() == 0


async def test_two_errors_that_nobody_foresaw_have_two_ids() -> None:
    service = Service(KeyError("a secret"))
    first, second = [(await service.ask("POST", INFER, b"{}")).json["error"] for _ in range(2)]
    assert first != second


async def test_a_look_up_that_fails_is_an_answer_too() -> None:
    service = Service()
    service.endpoint.metadata = lambda: {"inputs": object()}  # type: ignore[method-assign]
    answered = await service.ask("GET", "/v2/models/mnist")
    assert (answered.status, answered.json["reason"]) == (500, "internal")


# Bodies and their headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 200, id="none"),
        pytest.param({"Content-Type": "application/json"}, 200, id="JSON"),
        pytest.param({"Content-Type": "Application/JSON; charset=utf-8"}, 200, id="JSON with a charset"),
        pytest.param({"Content-Type": "text/plain"}, 415, id="text"),
        pytest.param({"Content-Type": ""}, 415, id="nothing"),
        pytest.param({"Content-Type": "application/octet-stream"}, 200, id="octets without the length of a head"),
        pytest.param(
            {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": "2"},
            200,
            id="octets with it",
        ),
        pytest.param({"Content-Type": "text/plain", "Inference-Header-Content-Length": "2"}, 415, id="text with it"),
        pytest.param({"Content-Encoding": "br"}, 415, id="compressed in another way"),
        pytest.param({"Content-Encoding": "gzip"}, 400, id="said to be compressed"),
        pytest.param({"Content-Encoding": "identity"}, 200, id="not compressed"),
        pytest.param({"Inference-Header-Content-Length": "x"}, 400, id="a length that is no number"),
        pytest.param({"Inference-Header-Content-Length": "-1"}, 400, id="a negative length"),
        pytest.param({"Inference-Header-Content-Length": "9" * 19}, 400, id="a length beyond all bodies"),
    ],
)
async def test_which_headers_are_taken(headers: dict[str, str], status: int) -> None:
    service = Service()
    answered = await service.ask("POST", INFER, b"{}", headers=headers)
    assert answered.status == status
    assert service.counted() == {("mnist", "v2", str(status)): 1}
    assert bool(service.endpoint.asked) is (status == 200)


async def test_what_the_transport_found_wrong_with_a_body_is_told() -> None:
    service = Service()
    answered = await service.ask("POST", INFER, failure=PayloadTooLarge("too much"))
    assert (answered.status, answered.json) == (413, {"error": "too much", "reason": "too_large"})
    assert service.endpoint.asked == []
    assert service.counted() == {("mnist", "v2", "413"): 1}
    assert service.rejected() == {"too_large": 1}


async def test_a_look_up_needs_no_body_and_is_answered_whatever_is_wrong_with_one() -> None:
    assert (await Service().ask("GET", "/v2/health/live", failure=PayloadTooLarge("too much"))).status == 200


@pytest.mark.timeout(10)
@given(json_values)
async def test_a_body_reaches_the_endpoint_as_it_is(service: Service, value: object) -> None:
    body = orjson.dumps(value)
    assert (await service.ask("POST", PREDICT, body)).status == 200
    assert service.endpoint.asked[-1] == ("predict", body)


async def test_a_compressed_body_reaches_the_endpoint_plain_and_the_length_of_its_head_is_that_of_the_plain_one() -> (
    None
):
    service = Service(b"{}abcd", head_bytes=2)
    headers = {"Content-Encoding": "gzip", "Inference-Header-Content-Length": "3"}
    answered = await service.ask("POST", INFER, gzip.compress(b"{ }1234"), headers=headers)
    assert (answered.status, answered.body) == (200, b"{}abcd")
    assert service.endpoint.asked == [("infer", b"{ }1234")]
    assert service.endpoint.head_bytes_asked == [3]


async def test_a_large_answer_is_compressed_for_who_asks() -> None:
    service = Service(b"[" + b"1," * 50_000 + b"1]", compress_bytes=1000)
    answered = await service.ask("POST", INFER, b"{}", headers={"Accept-Encoding": "gzip"})
    assert answered.headers["content-encoding"] == "gzip"
    assert len(gzip.decompress(answered.body)) == 100_003
    assert "content-encoding" not in (await service.ask("POST", INFER, b"{}")).headers


# What is refused before its body comes


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        pytest.param("POST", INFER, {}, None, id="nothing to object to"),
        pytest.param("GET", "/v2", {}, None, id="a look-up"),
        pytest.param("GET", INFER, {}, 405, id="a wrong method"),
        pytest.param("POST", "/v2/models/other/infer", {}, 404, id="an unknown model"),
        pytest.param("POST", "/v1/models/mnist:train", {}, 404, id="an unknown verb"),
        pytest.param("POST", INFER, {"Content-Type": "text/plain"}, 415, id="another type"),
        pytest.param("POST", INFER, {"Content-Encoding": "br"}, 415, id="another coding"),
        pytest.param("POST", INFER, {"Inference-Header-Content-Length": "x"}, 400, id="a length that is no number"),
    ],
)
async def test_what_a_head_tells_is_objected_to(
    method: str, path: str, headers: dict[str, str], status: int | None
) -> None:
    service = Service()
    sent = {name.lower().encode(): value.encode() for name, value in headers.items()}
    objection = service.app.objection(HttpRequest(method, path, sent))
    assert (None if objection is None else objection.http_status) == status
    assert service.counted() == {}, "it is counted when it is answered"


# Callers who leave


async def test_a_caller_who_leaves_before_the_end_of_their_body_is_counted_as_such_and_not_answered() -> None:
    service = Service()
    with pytest.raises(asyncio.CancelledError):
        await service.ask("POST", INFER, failure=asyncio.CancelledError())
    assert service.counted() == {("mnist", "v2", "499"): 1}
    assert service.inflight() == 0
    assert service.endpoint.asked == []


@pytest.mark.looptime
async def test_a_caller_who_leaves_while_the_model_runs_takes_the_work_with_them(looptime: float) -> None:
    service = Service(seconds=10.0)
    asking = asyncio.create_task(service.ask("POST", INFER, b"{}"))
    await asyncio.sleep(1.0)
    assert service.inflight() == 1
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert looptime == 1.0
    assert service.counted() == {("mnist", "v2", "499"): 1}
    assert (service.inflight(), service.timed()) == (0, 1)


@pytest.mark.looptime
async def test_requests_in_flight_are_counted_by_protocol_and_down_to_none() -> None:
    service = Service(seconds=1.0)
    asking = [asyncio.create_task(service.ask("POST", path, b"{}")) for path in (INFER, INFER, PREDICT)]
    await asyncio.sleep(0.5)
    assert service.metrics.inflight == {"v1": 1, "v2": 2, "grpc": 0}
    assert service.metrics.registry.get_sample_value("ecluse_inflight_requests", {"protocol": "v2"}) == 2
    await asyncio.gather(*asking)
    assert service.metrics.inflight == {"v1": 0, "v2": 0, "grpc": 0}
    assert service.counted() == {("mnist", "v2", "200"): 2, ("mnist", "v1", "200"): 1}


# Keys, names and the log


KEYS = parse(f"shop:{hashlib.sha256(b'sesame').hexdigest()}")


def guarded() -> Door:
    return Door(guard=Guard(keys=lambda: KEYS))


@pytest.mark.parametrize(("method", "path"), [("POST", INFER), ("POST", PREDICT), ("GET", "/v2"), ("GET", "/nowhere")])
async def test_without_a_key_nothing_is_told_and_the_way_to_show_one_is(method: str, path: str) -> None:
    service = Service(door=guarded())
    answered = await service.ask(method, path, b"no JSON")
    assert (answered.status, answered.json["reason"]) == (401, "unauthenticated")
    assert answered.headers["www-authenticate"] == 'Bearer realm="ecluse"'
    assert service.endpoint.asked == []


async def test_a_request_without_a_key_is_counted_and_not_under_the_model_it_names() -> None:
    service = Service(door=guarded())
    await service.ask("POST", INFER, b"{}")
    assert service.counted() == {("", "v2", "401"): 1}
    assert service.rejected() == {"unauthenticated": 1}


async def test_a_request_without_a_key_is_not_kept(tmp_path: Path) -> None:
    kept = Capture(tmp_path / "kept", 1.0, lambda *_: None, record_bytes=1024, file_bytes=65536, files=1)
    service = Service(door=replace(guarded(), capture=kept))
    kept.start()
    await service.ask("POST", INFER, b'{"from": "a stranger"}')
    await service.ask("POST", INFER, b'{"from": "a caller"}', headers={"X-API-Key": "sesame"})
    kept.stop()
    [line] = (tmp_path / "kept").read_text().splitlines()
    assert orjson.loads(line)["request"]["json"] == {"from": "a caller"}


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
async def test_a_request_with_a_key_is_served(header: str) -> None:
    service = Service(door=guarded())
    shown = {"Authorization": "Bearer sesame", "X-API-Key": "sesame"}[header]
    assert (await service.ask("POST", INFER, b"{}", headers={header: shown})).status == 200


@pytest.mark.parametrize("path", ["/v2/health/live", "/v2/health/ready", "/metrics", "//v2//health/live"])
async def test_a_probe_needs_no_key(path: str) -> None:
    assert (await Service(door=guarded()).ask("GET", path)).status == 200


@pytest.mark.parametrize("path", ["/v2/health/live", "/nowhere", INFER, PREDICT, "/metrics"])
async def test_every_answer_says_what_its_request_goes_by(path: str) -> None:
    service = Service()
    told = [(await service.ask(method, path)).headers["x-request-id"] for method in ("GET", "POST")]
    assert told[0] != told[1]
    assert (await service.ask("GET", path, headers={"X-Request-Id": "mine"})).headers["x-request-id"] == "mine"


async def test_a_sampled_request_is_logged_by_its_name(caplog: pytest.LogCaptureFixture) -> None:
    service = Service(door=Door(log=RequestLog(1.0)))
    with caplog.at_level("INFO", "ecluse"):
        await service.ask("POST", INFER, b"{}", headers={"X-Request-Id": "mine"})
        await service.ask("POST", "/v2/models/nobody/versions/3/infer", b"{}")
    first, second = (record.__dict__["fields"] for record in caplog.records)
    assert first.pop("milliseconds") >= 0
    assert {name: value for name, value in first.items() if value is not None} == {
        "request_id": "mine",
        "protocol": "v2",
        "model_name": "mnist",
        "model_version": "1",
        "code": 200,
    }
    assert (second["model_name"], second["model_version"], second["code"]) == ("nobody", "3", 404)
    assert second["reason"] == "unknown_model"


async def test_a_fault_of_ours_is_logged_by_the_requests_name(caplog: pytest.LogCaptureFixture) -> None:
    await Service(KeyError("x")).ask("POST", INFER, b"{}", headers={"X-Request-Id": "mine"})
    assert [(record.getMessage(), record.__dict__["fields"]["request_id"]) for record in caplog.records] == [
        ("request_failed", "mine"),
        ("request", "mine"),
    ]


class TestIdsOfRefusals:
    async def test_a_refusal_carries_the_id_in_its_body(self) -> None:
        answered = await Service(InvalidRequest("no")).ask("POST", INFER, b'{"id": "7"}')
        assert (answered.json["id"], answered.headers["ecluse-reason"]) == ("7", "bad_input")

    async def test_an_error_that_several_requests_share_gives_none_the_id_of_another(self) -> None:
        shared = ModelFailed("the model failed")
        shared.request_id = "7"
        service = Service(shared)
        assert (await service.ask("POST", INFER, b"{}")).json["id"] == "7"
        assert "id" not in (await service.ask("POST", INFER, b"{}")).json
        assert "id" not in (await service.ask("POST", PREDICT, b'{"id": "8"}')).json

    async def test_a_large_body_is_not_read_for_its_id(self) -> None:
        body = b'{"id": "7", "rest": "' + b"0" * 20_000 + b'"}'
        assert "id" not in (await Service(Overloaded("full")).ask("POST", INFER, body)).json
