"""Triton's extensions in process, over REST and gRPC alike."""

from typing import Any

import orjson
import pytest

from serving import grpc_extensions, oip_pb2
from serving.call import Call
from serving.catalogue import Catalogue
from serving.door import Door
from serving.errors import InvalidRequest, LoadFailed, UnknownModel
from serving.extensions import Extensions
from serving.grpc_method import CallFailed, Unary
from serving.grpc_service import NAME, GrpcService
from serving.guard import Guard
from serving.http_message import HttpRequest
from serving.lifecycle import Lifecycle, Phase
from serving.metrics import Metrics
from serving.repository import IndexEntry, State
from serving.rest import RestApp
from tests.doubles import Answered, ScriptedEndpoint

METADATA = {"name": "ecluse", "version": "0", "extensions": []}
ENTRIES = [
    IndexEntry("mnist", "1", State.READY),
    IndexEntry("mnist", "2", State.UNAVAILABLE, "no graph"),
]


class ScriptedRepository:
    """Remembers what it was asked to do, or fails at it."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.done: list[tuple[str, str]] = []
        self._failure = failure

    def index(self, *, only_ready: bool = False) -> list[IndexEntry]:
        return [entry for entry in ENTRIES if not only_ready or entry.state is State.READY]

    async def load(self, name: str) -> None:
        await self._do("load", name)

    async def unload(self, name: str) -> None:
        await self._do("unload", name)

    async def _do(self, verb: str, name: str) -> None:
        if self._failure is not None:
            raise self._failure
        self.done.append((verb, name))


class Server:
    """Both protocols around one catalogue with `mnist` version 1."""

    def __init__(self, repository: ScriptedRepository | None = None, *, has_admin: bool = True) -> None:
        metrics, lifecycle = Metrics(), Lifecycle()
        catalogue = Catalogue(lifecycle)
        lifecycle.enter(Phase.WARMING)
        lifecycle.enter(Phase.READY)
        self.endpoint = ScriptedEndpoint(metrics)
        catalogue.open(self.endpoint)
        catalogue.announce("later")
        door = Door(guard=Guard(has_admin=has_admin))
        served = Extensions(catalogue, repository)
        self.extensions = served
        self._rest = RestApp(catalogue, lifecycle, metrics, METADATA, shed_status=503, door=door, extensions=served)
        service = GrpcService(catalogue, lifecycle, metrics, METADATA, shed_status=503, door=door, extensions=served)
        self._methods = service.methods()

    async def rest(self, method: str, path: str, message: Any = None, body: bytes = b"") -> Answered:
        body = body if message is None else orjson.dumps(message)
        answer = await self._rest.answer(HttpRequest(method, path, {}, body))
        return Answered(answer.status, {name.decode(): value.decode() for name, value in answer.headers}, answer.body)

    async def grpc(self, name: str, request: Any = None) -> Any:
        method = self._methods[f"/{NAME}/{name}"]
        assert isinstance(method, Unary)
        answer = await method.answer(request.SerializeToString() if request is not None else b"", Call())
        return getattr(oip_pb2, f"{name}Response").FromString(answer)


class TestStatistics:
    @pytest.mark.parametrize(
        "path", ["/v2/models/stats", "/v2/models/mnist/stats", "/v2/models/mnist/versions/1/stats"]
    )
    async def test_a_path_gives_those_it_names(self, path: str) -> None:
        answer = await Server().rest("GET", path)
        assert answer.status == 200
        assert [(each["name"], each["version"]) for each in answer.json["model_stats"]] == [("mnist", "1")]

    @pytest.mark.parametrize(("name", "version"), [("", ""), ("mnist", ""), ("mnist", "1")])
    async def test_a_message_gives_those_it_names(self, name: str, version: str) -> None:
        answer = await Server().grpc("ModelStatistics", oip_pb2.ModelStatisticsRequest(name=name, version=version))
        assert [(each.name, each.version) for each in answer.model_stats] == [("mnist", "1")]

    async def test_a_model_that_is_not_here_is_unknown_and_one_to_come_is_not_ready(self) -> None:
        server = Server()
        assert (await server.rest("GET", "/v2/models/nobody/stats")).status == 404
        assert (await server.rest("GET", "/v2/models/mnist/versions/9/stats")).status == 404
        assert (await server.rest("GET", "/v2/models/later/stats")).status == 503


class TestConfiguration:
    async def test_both_protocols_say_the_same(self) -> None:
        server = Server()
        answer = await server.rest("GET", "/v2/models/mnist/config")
        message = await server.grpc("ModelConfig", oip_pb2.ModelConfigRequest(name="mnist", version="1"))
        assert answer.json["name"] == message.config.name == "mnist"
        assert answer.json["platform"] == message.config.platform == "none"
        assert answer.json["version_policy"] == {"latest": {"num_versions": 1}}
        assert message.config.version_policy.latest.num_versions == 1
        assert (await server.rest("GET", "/v2/models/mnist/versions/1/config")).json == answer.json

    async def test_nothing_can_be_changed_by_it(self) -> None:
        answer = await Server().rest("POST", "/v2/models/mnist/config", {})
        assert (answer.status, answer.headers["allow"]) == (405, "GET")


class TestRepository:
    @pytest.mark.parametrize(("body", "count"), [(b"", 2), (b"{}", 2), (b'{"ready": true}', 1)])
    async def test_the_index_lists_states_and_reasons(self, body: bytes, count: int) -> None:
        answer = await Server(ScriptedRepository()).rest("POST", "/v2/repository/index", body=body)
        assert answer.status == 200
        assert answer.json[:1] == [{"name": "mnist", "version": "1", "state": "READY", "reason": ""}]
        assert len(answer.json) == count

    async def test_the_index_over_grpc(self) -> None:
        server = Server(ScriptedRepository())
        answer = await server.grpc("RepositoryIndex", oip_pb2.RepositoryIndexRequest())
        assert [(each.name, each.version, each.state, each.reason) for each in answer.models] == [
            ("mnist", "1", "READY", ""),
            ("mnist", "2", "UNAVAILABLE", "no graph"),
        ]
        assert len((await server.grpc("RepositoryIndex", oip_pb2.RepositoryIndexRequest(ready=True))).models) == 1

    @pytest.mark.parametrize("verb", ["load", "unload"])
    @pytest.mark.parametrize("message", [None, {}, {"parameters": {"unload_dependents": False}}])
    async def test_a_model_is_loaded_and_unloaded(self, verb: str, message: Any) -> None:
        repository = ScriptedRepository()
        answer = await Server(repository).rest("POST", f"/v2/repository/models/mnist/{verb}", message)
        assert (answer.status, answer.json) == (200, {})
        assert repository.done == [(verb, "mnist")]

    @pytest.mark.parametrize("verb", ["Load", "Unload"])
    @pytest.mark.parametrize(
        "fields",
        [
            pytest.param({"repository_name": "mnist"}, id="KServe's field 1"),
            pytest.param({"model_name": "mnist"}, id="Triton's field 2"),
            pytest.param({"repository_name": "models", "model_name": "mnist"}, id="both of Triton's"),
        ],
    )
    async def test_both_numberings_mean_the_model(self, verb: str, fields: dict[str, str]) -> None:
        repository = ScriptedRepository()
        request = getattr(oip_pb2, f"RepositoryModel{verb}Request")(**fields)
        answer = await Server(repository).grpc(f"RepositoryModel{verb}", request)
        assert repository.done == [(verb.lower(), "mnist")]
        assert answer.model_name == "mnist"

    @pytest.mark.parametrize("parameter", ["config", "file:1/model.savedmodel"])
    async def test_a_model_comes_from_its_folder_alone(self, parameter: str) -> None:
        repository = ScriptedRepository()
        server = Server(repository)
        answer = await server.rest("POST", "/v2/repository/models/mnist/load", {"parameters": {parameter: "{}"}})
        assert answer.status == 400
        assert f"parameter '{parameter}'" in answer.json["error"]
        request = oip_pb2.RepositoryModelLoadRequest(model_name="mnist")
        request.parameters[parameter].string_param = "{}"
        with pytest.raises(CallFailed, match="folder alone") as refusal:
            await server.grpc("RepositoryModelLoad", request)
        assert refusal.value.status == "INVALID_ARGUMENT"
        assert repository.done == []

    @pytest.mark.parametrize(
        ("failure", "status", "code"),
        [(UnknownModel("no folder 'x'"), 404, "NOT_FOUND"), (LoadFailed("no graph"), 500, "INTERNAL")],
    )
    async def test_what_goes_wrong_is_told(self, failure: Exception, status: int, code: str) -> None:
        server = Server(ScriptedRepository(failure))
        answer = await server.rest("POST", "/v2/repository/models/x/load")
        assert (answer.status, answer.json["error"]) == (status, str(failure))
        with pytest.raises(CallFailed, match=str(failure)) as refusal:
            await server.grpc("RepositoryModelLoad", oip_pb2.RepositoryModelLoadRequest(model_name="x"))
        assert refusal.value.status == code

    async def test_loading_is_forbidden_where_it_is_not_switched_on(self) -> None:
        repository = ScriptedRepository()
        server = Server(repository, has_admin=False)
        for verb in ("load", "unload"):
            assert (await server.rest("POST", f"/v2/repository/models/mnist/{verb}")).status == 403
        assert (await server.rest("POST", "/v2/repository/index")).status == 200
        assert repository.done == []

    @pytest.mark.parametrize("body", [b"[]", b"{", b'{"ready": 1}'])
    async def test_an_index_is_asked_for_with_an_object(self, body: bytes) -> None:
        assert (await Server(ScriptedRepository()).rest("POST", "/v2/repository/index", body=body)).status == 400

    async def test_a_server_without_a_repository_says_so_and_does_not_announce_one(self) -> None:
        server = Server()
        assert "model_repository" not in server.extensions.names
        assert "model_repository" in Server(ScriptedRepository()).extensions.names
        answer = await server.rest("POST", "/v2/repository/index")
        assert (answer.status, answer.json["reason"]) == (404, "unsupported")


class TestWhatIsNotServed:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize(
        "path",
        [
            *("/v2/trace/setting", "/v2/models/mnist/trace/setting", "/v2/logging"),
            *("/v2/systemsharedmemory/status", "/v2/systemsharedmemory/region/r/register"),
            *("/v2/cudasharedmemory/region/r/status", "/v2/cudasharedmemory/unregister"),
        ],
    )
    async def test_a_path_is_refused_by_what_it_is(self, method: str, path: str) -> None:
        answer = await Server().rest(method, path)
        assert (answer.status, answer.json["reason"]) == (404, "unsupported")
        assert "here: " in answer.json["error"]

    @pytest.mark.parametrize("name", sorted(grpc_extensions.REFUSED))
    async def test_a_method_is_refused_by_what_it_is(self, name: str) -> None:
        with pytest.raises(CallFailed, match="here: ") as refusal:
            await Server().grpc(name)
        assert (refusal.value.status, refusal.value.reason) == ("UNIMPLEMENTED", "unsupported")

    async def test_a_path_of_nobody_s_is_unknown(self) -> None:
        answer = await Server().rest("GET", "/v2/tracing")
        assert (answer.status, answer.json["reason"]) == (404, "unknown_route")


class TestBytesThatAreNoMessage:
    @pytest.mark.parametrize("name", ["ModelConfig", "ModelStatistics", "RepositoryIndex", "RepositoryModelLoad"])
    async def test_they_are_refused(self, name: str) -> None:
        with pytest.raises(InvalidRequest, match=f"not a {name}Request"):
            await grpc_extensions.methods(Server().extensions)[name](b"\xff", Call())
