"""Triton's extensions over REST and gRPC: those that are served, and those that are refused."""

from typing import Any

from serving import oip_pb2
from tests.contract.conformance.fact import Fact, Grpc, GrpcAnswer, Rest, RestAnswer, get, infer, post, tensor
from tests.contract.conformance.facts_grpc import typed_x

SECTION = "Triton's extensions"
INFER = "/v2/models/dense/infer"
X = tensor("x", "FP32", [1, 3], [1, 2, 3])


def rest(words: str, ask: Rest, status: int = 200, json: Any = None, **others: Any) -> Fact:
    return Fact(SECTION, words, ask, RestAnswer(status, json, **others))


def grpc(words: str, ask: Grpc, code: str = "OK", message: Any = None, **others: Any) -> Fact:
    return Fact(SECTION, words, ask, GrpcAnswer(code, message, **others))


def with_parameter(name: str, value: Any) -> Rest:
    return post(INFER, {"inputs": [X], "parameters": {name: value}})


def with_output(**parameters: Any) -> Rest:
    return post(INFER, {"inputs": [X], "outputs": [{"name": "y", "parameters": parameters}]})


def with_grpc_output(name: str, value: int) -> Grpc:
    asked = infer("dense", typed_x)
    asked.request.outputs.add(name="y").parameters[name].int64_param = value
    return asked


def with_grpc_parameter(name: str, field: str, value: Any) -> Grpc:
    asked = infer("dense", typed_x)
    setattr(asked.request.parameters[name], field, value)
    return asked


def best(*classes: str) -> dict[str, Any]:
    return {"outputs": [{"name": "y", "datatype": "BYTES", "shape": [1, len(classes)], "data": list(classes)}]}


NO_SEQUENCE = "a request in a sequence is refused"
FACTS = [
    rest("classification gives the best classes", with_output(classification=1), json=best("5.000000:1")),
    rest("more classes than there are give all", with_output(classification=9), json=best("5.000000:1", "4.000000:0")),
    rest("no classes are the output itself", with_output(classification=0), json={"outputs": [{"datatype": "FP32"}]}),
    rest("a number of classes is a number", with_output(classification="2"), 400, error=("classification", "'2'")),
    rest(
        "BYTES have no classes",
        post(
            "/v2/models/text/infer",
            {
                "inputs": [tensor("text", "BYTES", [1], ["a"])],
                "outputs": [{"name": "shouted", "parameters": {"classification": 1}}],
            },
        ),
        400,
        error=("'shouted'", "BYTES"),
    ),
    grpc(
        "classification over gRPC",
        with_grpc_output("classification", 1),
        message={"outputs": [{"datatype": "BYTES", "contents": {"bytes_contents": ["NS4wMDAwMDA6MQ=="]}}]},
    ),
    *(
        rest(f"{NO_SEQUENCE}: {name} {value!r}", with_parameter(name, value), 400, error=(name,))
        for name, value in (("sequence_id", 7), ("sequence_id", "a"), ("sequence_start", True), ("sequence_end", True))
    ),
    rest("no sequence is no sequence", with_parameter("sequence_id", 0)),
    grpc(f"{NO_SEQUENCE} over gRPC", with_grpc_parameter("sequence_id", "int64_param", 7), "INVALID_ARGUMENT"),
    grpc("a sequence id may be unsigned", with_grpc_parameter("sequence_id", "uint64_param", 7), "INVALID_ARGUMENT"),
    rest("an output in shared memory is refused", with_output(shared_memory_region="r"), 400, error=("shared memory",)),
    grpc(
        "an output in shared memory is refused over gRPC",
        with_grpc_output("shared_memory_offset", 0),
        "INVALID_ARGUMENT",
        error=("shared memory",),
    ),
    rest("a timeout is in microseconds", with_parameter("timeout", 20_000_000)),
    rest("a timeout of zero is none", with_parameter("timeout", 0)),
    rest("a timeout below zero is refused", with_parameter("timeout", -1), 400, error=("timeout", "-1")),
    rest("a priority is taken", with_parameter("priority", 1)),
    rest("a priority that is no number is refused", with_parameter("priority", "high"), 400, error=("priority",)),
    grpc("a priority over gRPC", with_grpc_parameter("priority", "uint64_param", 1)),
    grpc("a double is a parameter like any other", with_grpc_parameter("weight", "double_param", 0.5)),
    *(
        rest(f"statistics of {of}", get(path), json={"model_stats": ...})
        for of, path in (
            ("everything", "/v2/models/stats"),
            ("a model", "/v2/models/dense/stats"),
            ("a version", "/v2/models/dense/versions/1/stats"),
        )
    ),
    rest("an unknown model has no statistics", get("/v2/models/nobody/stats"), 404, error=("nobody",)),
    grpc(
        "statistics over gRPC",
        Grpc("ModelStatistics", oip_pb2.ModelStatisticsRequest(name="dense")),
        message={"model_stats": [{"name": "dense", "version": "1", "inference_stats": ...}]},
    ),
    rest(
        "a configuration has dimensions without rows",
        get("/v2/models/dense/config"),
        json={
            "name": "dense",
            "backend": "tensorflow",
            "max_batch_size": 64,
            "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": [3]}],
        },
    ),
    rest("a model without rows has no largest batch", get("/v2/models/scalar/config"), json={"max_batch_size": 0}),
    grpc(
        "a configuration over gRPC",
        Grpc("ModelConfig", oip_pb2.ModelConfigRequest(name="dense")),
        message={"config": {"name": "dense", "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": ["3"]}]}},
    ),
    rest("the repository has an index", post("/v2/repository/index", {})),
    rest("the index takes no body too", Rest("POST", "/v2/repository/index")),
    grpc(
        "an index over gRPC",
        Grpc("RepositoryIndex", oip_pb2.RepositoryIndexRequest(ready=True)),
        message={"models": ...},
    ),
    rest("loading is off unless switched on", post("/v2/repository/models/dense/load", {}), 403, error=("admin",)),
    rest("unloading is off unless switched on", post("/v2/repository/models/dense/unload", {}), 403, error=("admin",)),
    grpc(
        "loading over gRPC is off unless switched on",
        Grpc("RepositoryModelLoad", oip_pb2.RepositoryModelLoadRequest(model_name="dense")),
        "PERMISSION_DENIED",
    ),
    *(
        rest(f"{path} is refused by what it is", get(path), 404, error=("here: ",), json={"reason": "unsupported"})
        for path in (
            *("/v2/trace/setting", "/v2/models/dense/trace/setting", "/v2/logging"),
            *("/v2/systemsharedmemory/status", "/v2/cudasharedmemory/status"),
        )
    ),
    *(
        grpc(f"{method} is refused by what it is", Grpc(method, None), "UNIMPLEMENTED", error=("here: ",))
        for method in ("TraceSetting", "LogSettings", "SystemSharedMemoryStatus", "CudaSharedMemoryRegister")
    ),
]
