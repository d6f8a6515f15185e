"""Requests drawn from our own OpenAPI document: every answer is one that the document tells of.

schemathesis makes good requests and bad ones of each operation. None may be
answered with a fault, cost the connection or leave an error in the log.
"""

import copy
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import GenerationConfig, ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from serving import openapi
from tests.contract.mistakes import GOOD, GOOD_ANSWER, INFER
from tests.contract.wire import Caller
from tests.servers import RunningServer

EXAMPLES = 15
"""Of each operation; the same each time."""

SECONDS = 20.0
"""A request must be answered within; a busy machine takes its time."""

VALUES = {
    "model_name": ["dense", "image", "text", "echo", "a model"],
    "version": ["1", "2"],
    "label": ["stable", "1"],
}
"""Names that lead somewhere, and some that do not: those drawn at random would all be unknown."""

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
    allow_header_conformance,
]


def document() -> dict[str, Any]:
    """The document, with models of the zoo for names."""
    known = copy.deepcopy(openapi.document())
    for path in known["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = {"enum": VALUES[parameter["name"]]}
    infer = known["components"]["schemas"]["InferRequest"]
    infer["examples"] = [GOOD]
    return known


schema = schemathesis.openapi.from_dict(
    document(),
    config=SchemathesisConfig(
        seed=1,
        projects=ProjectsConfig(
            default=ProjectConfig(
                generation=GenerationConfig(max_examples=EXAMPLES, deterministic=True, database="none")
            )
        ),
    ),
)


@pytest.fixture(scope="module")
def statuses() -> Counter[int]:
    """How all of these requests ended."""
    return Counter()


@pytest.fixture(scope="module")
def session(zoo_server: RunningServer) -> Iterator[requests.Session]:
    """One connection for all requests of this file."""
    with requests.Session() as session:
        yield session


@schema.parametrize()
@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=EXAMPLES)
def test_no_request_gets_an_answer_that_the_document_does_not_tell_of(
    case: schemathesis.Case[Any], zoo_server: RunningServer, session: requests.Session, statuses: Counter[int]
) -> None:
    response = case.call(base_url=zoo_server.http_url, session=session, timeout=SECONDS)
    statuses[response.status_code] += 1
    # Every model of the zoo is ready and idle.
    assert response.status_code < 500 or case.operation.path.endswith(("/load", "/unload", "/index")), response.content
    assert response.headers.get("connection") != ["close"]
    case.validate_response(response, checks=CHECKS)


def test_none_of_them_cost_a_connection_or_left_an_error(
    zoo_server: RunningServer, session: requests.Session, statuses: Counter[int]
) -> None:
    assert statuses[200] > 50
    assert statuses[400] > 100
    pool: Any = session.get_adapter(zoo_server.http_url)
    connections = pool.poolmanager.connection_from_url(zoo_server.http_url).num_connections
    assert connections <= 1
    assert [event for event in zoo_server.errors() if event.get("model_name") != "broken"] == []
    with Caller(zoo_server.http_address) as caller:
        assert caller.post(INFER.format("dense"), GOOD).json["outputs"][0]["data"] == GOOD_ANSWER


def test_the_document_is_served(zoo_server: RunningServer) -> None:
    with Caller(zoo_server.http_address) as caller:
        reply = caller.get("/openapi.json")
    assert reply.headers["content-type"] == "application/json"
    assert reply.json == openapi.document()
