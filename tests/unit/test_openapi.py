"""The OpenAPI document says what is served: every route, and no other."""

import ast
import itertools
import json
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from serving import openapi, rest, rest_extensions
from serving.api_keys import ApiKeys
from serving.errors import ServingError, Unauthenticated
from serving.guard import Guard
from serving.openapi import REFUSALS, ROUTES, Route

DOCUMENT = openapi.document()

VERBS = (":predict", ":explain")
"""What may follow the colon of a path that the application takes apart itself."""

ANY = "*"
NAMES = {"versions": "{version}", "labels": "{label}"}
"""What a part of a path is that may be anything, by the part before it; after any other it is a model."""


def matched(module: Any, functions: set[str]) -> Iterator[str]:
    """The paths that the `case` lines of these functions take, read from their source."""
    tree = ast.parse(Path(module.__file__).read_text())
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or function.name not in functions:
            continue
        for case in (node for node in ast.walk(function) if isinstance(node, ast.match_case)):
            patterns = case.pattern.patterns if isinstance(case.pattern, ast.MatchOr) else [case.pattern]
            for pattern in patterns:
                if isinstance(pattern, ast.MatchSequence):
                    yield from spelled(pattern)


def spelled(pattern: ast.MatchSequence) -> Iterator[str]:
    for parts in itertools.product(*(choices(part) for part in pattern.patterns)):
        words: list[str] = []
        for part in parts:
            if part:
                words.append(NAMES.get(words[-1], "{model_name}") if part == ANY else part)
        yield "/" + "/".join(words)


def choices(part: ast.pattern) -> list[str]:
    match part:
        case ast.MatchValue(value=ast.Constant(value=str() as word)):
            return [word]
        case ast.MatchOr(patterns=patterns):
            return [choice for each in patterns for choice in choices(each)]
        case ast.MatchAs(pattern=None, name="action"):
            return ["action"]
        case ast.MatchAs(pattern=None):
            return [ANY]
        case ast.MatchAs(pattern=inner) if inner is not None:
            return choices(inner)
    raise AssertionError(f"a pattern that this test cannot read: {ast.dump(part)}")


def with_verbs(path: str) -> Iterator[str]:
    """`action` is a model or a version, a colon and a verb."""
    if not path.endswith("/action"):
        yield path
        return
    prefix = path.removesuffix("action")
    last = prefix.rstrip("/").rpartition("/")[2]
    for verb in VERBS:
        yield prefix + NAMES.get(last, "{model_name}") + verb


def served() -> set[str]:
    paths = {*matched(rest, {"_inference", "_ask", "_look_up"}), *matched(rest_extensions, {"answer"})}
    return {whole for path in paths for whole in with_verbs(path)}


def test_the_document_has_every_path_that_is_served_and_no_other() -> None:
    assert served() == {route.path for route in ROUTES}


def test_no_route_is_written_twice() -> None:
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
    ids = [operation["operationId"] for path in DOCUMENT["paths"].values() for operation in path.values()]
    assert len(set(ids)) == len(ids)


def test_the_document_is_json_and_every_reference_leads_somewhere() -> None:
    text = json.dumps(DOCUMENT)
    references = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert references == set(DOCUMENT["components"]["schemas"])


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_route_is_open_in_the_document_where_the_guard_lets_everybody_in(route: Route) -> None:
    path = route.path.format(model_name="mnist", version="1", label="stable")
    guard = Guard(keys=lambda: ApiKeys(()), has_admin=True)
    with nullcontext() if route.is_open else pytest.raises(Unauthenticated):
        guard.admit_rest(path, {})


def test_every_status_of_a_refusal_is_in_the_document() -> None:
    def leaves(error: type[ServingError]) -> Iterator[type[ServingError]]:
        yield from (leaf for child in error.__subclasses__() for leaf in leaves(child))
        if not error.__subclasses__():
            yield error

    statuses = {error.http_status.value for error in leaves(ServingError)}
    assert statuses <= REFUSALS.keys()
