"""Who may do what: a table of paths, keys and verdicts."""

import hashlib
from collections.abc import Mapping

import pytest

from serving.api_keys import ApiKeys, parse
from serving.errors import Forbidden, Unauthenticated
from serving.guard import Guard, in_bytes, shown_key


def keys_of(**keys: bytes) -> ApiKeys:
    return parse("\n".join(f"{name}:{hashlib.sha256(key).hexdigest()}" for name, key in keys.items()))


CALLERS = keys_of(shop=b"sesame")
ADMINS = keys_of(root=b"crowbar")
KEYED = Guard(keys=lambda: CALLERS, has_admin=True, admin_keys=lambda: ADMINS)
OPEN = Guard()

OPEN_PATHS = [
    "/",
    "/v2/health/live",
    "/v2/health/ready",
    "/v2/models/mnist/ready",
    "/v2/models/mnist/versions/1/ready",
    "/v2/models/mnist/labels/stable/ready",
    "/v1/models/mnist",
    "/v1/models/mnist/labels/stable",
    "/v1/models/mnist/versions/1",
    "/metrics",
    "/openapi.json",
]
GUARDED_PATHS = [
    "/v2",
    "/v2/models",
    "/v1/models",
    "/v2/models/mnist",
    "/v2/models/mnist/infer",
    "/v2/models/ready/infer",
    "/v2/models/mnist/versions/1/infer",
    "/v2/models/mnist/stats",
    "/v2/models/mnist/config",
    "/v2/repository/index",
    "/v1/models/mnist:predict",
    "/v1/models/mnist/versions/1:predict",
    "/v1/models/mnist:explain",
    "/nothing/that/anybody/thought/of",
    "/metrics/more",
]
PREFIX = "/inference.GRPCInferenceService/"
OPEN_METHODS = [
    *(PREFIX + method for method in ("ServerLive", "ServerReady", "ModelReady")),
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
]
GUARDED_METHODS = [
    *(PREFIX + method for method in ("ModelInfer", "ModelStreamInfer", "ModelMetadata", "RepositoryIndex")),
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "/nobody.Knows/This",
]


def bearer(key: str) -> dict[bytes, bytes]:
    return {b"authorization": b"Bearer " + key.encode()}


def admits(guard: Guard, path: str, headers: Mapping[bytes, bytes]) -> bool:
    try:
        guard.admit_rest(path, headers)
    except Unauthenticated:
        return False
    return True


def admits_call(guard: Guard, method: str, headers: Mapping[bytes, bytes]) -> bool:
    try:
        guard.admit_grpc(method, headers)
    except Unauthenticated:
        return False
    return True


@pytest.mark.parametrize("path", OPEN_PATHS)
def test_what_probes_and_scrapers_ask_takes_no_key(path: str) -> None:
    assert admits(KEYED, path, {})


@pytest.mark.parametrize("path", GUARDED_PATHS)
def test_everything_else_takes_a_key(path: str) -> None:
    with pytest.raises(Unauthenticated, match="none came"):
        KEYED.admit_rest(path, {})
    assert admits(KEYED, path, bearer("sesame"))


@pytest.mark.parametrize("path", OPEN_PATHS + GUARDED_PATHS)
def test_without_a_file_of_keys_everybody_may_call(path: str) -> None:
    assert admits(OPEN, path, {})


def test_metrics_can_be_guarded() -> None:
    guard = Guard(keys=lambda: CALLERS, guards_metrics=True)
    with pytest.raises(Unauthenticated):
        guard.admit_rest("/metrics", {})
    assert admits(guard, "/metrics", bearer("sesame"))


@pytest.mark.parametrize("method", OPEN_METHODS)
def test_health_over_grpc_takes_no_key(method: str) -> None:
    assert admits_call(KEYED, method, {})


@pytest.mark.parametrize("method", GUARDED_METHODS)
def test_everything_else_over_grpc_takes_a_key(method: str) -> None:
    with pytest.raises(Unauthenticated):
        KEYED.admit_grpc(method, {})
    KEYED.admit_grpc(method, {b"x-api-key": b"sesame"})
    OPEN.admit_grpc(method, {})


@pytest.mark.parametrize(
    "headers",
    [
        {b"authorization": b"Bearer sesame"},
        {b"authorization": b"bearer  sesame"},
        {b"x-api-key": b"sesame"},
        {b"x-api-key": b"sesame", b"authorization": b"Bearer a.token.of-the-mesh"},
        {b"x-api-key": b"sesame", b"authorization": b"Basic c2VzYW1l"},
    ],
)
def test_a_key_comes_in_either_header(headers: Mapping[bytes, bytes]) -> None:
    assert admits(KEYED, "/v2", headers)


@pytest.mark.parametrize(
    "headers",
    [
        bearer("Sesame"),
        bearer(""),
        {b"x-api-key": b""},
        {b"x-api-key": b"wrong", b"authorization": b"Bearer sesame"},
        {b"authorization": b"Basic sesame"},
        {b"authorization": b"Bearersesame"},
        {b"cookie": b"sesame"},
    ],
)
def test_a_key_that_is_not_in_the_file_opens_nothing(headers: Mapping[bytes, bytes]) -> None:
    with pytest.raises(Unauthenticated) as refused:
        KEYED.admit_rest("/v2", headers)
    assert "esame" not in str(refused.value)


def test_the_keys_of_now_count() -> None:
    keys = [CALLERS]
    guard = Guard(keys=lambda: keys[0])
    guard.admit_rest("/v2", bearer("sesame"))
    keys[0] = keys_of(shop=b"another")
    with pytest.raises(Unauthenticated, match="not known"):
        guard.admit_rest("/v2", bearer("sesame"))
    guard.admit_rest("/v2", bearer("another"))


LOAD = "/v2/repository/models/mnist/load"
ADMIN_PATHS = [LOAD, "/v2/repository/models/mnist/unload", "//v2//repository/models/mnist/load/"]
ADMIN_CALLS = [PREFIX + "RepositoryModelLoad", PREFIX + "RepositoryModelUnload"]


class TestAdmin:
    @pytest.mark.parametrize("path", ADMIN_PATHS)
    def test_is_off_unless_switched_on_whatever_key_comes(self, path: str) -> None:
        guard = Guard(keys=lambda: CALLERS, admin_keys=lambda: ADMINS)
        with pytest.raises(Forbidden, match="ADMIN_ENABLED"):
            guard.admit_rest(path, bearer("crowbar"))
        with pytest.raises(Forbidden, match="ADMIN_ENABLED"):
            OPEN.admit_rest(path, {})

    @pytest.mark.parametrize("method", ADMIN_CALLS)
    def test_is_off_over_grpc_as_well(self, method: str) -> None:
        with pytest.raises(Forbidden, match="ADMIN_ENABLED"):
            OPEN.admit_grpc(method, {})
        assert OPEN.has_rules_for(method)

    @pytest.mark.parametrize("headers", [bearer("sesame")])
    def test_takes_a_key_of_its_own(self, headers: Mapping[bytes, bytes]) -> None:
        with pytest.raises(Unauthenticated, match="ADMIN_KEYS_FILE"):
            KEYED.admit_rest(LOAD, headers)
        with pytest.raises(Unauthenticated, match="ADMIN_KEYS_FILE"):
            KEYED.admit_grpc(ADMIN_CALLS[0], headers)

    @pytest.mark.parametrize("headers", [{}, bearer(""), bearer("wrong")])
    def test_takes_a_key_that_is_known(self, headers: Mapping[bytes, bytes]) -> None:
        with pytest.raises(Unauthenticated):
            KEYED.admit_rest(LOAD, headers)

    def test_has_keys_that_open_the_rest_as_well(self) -> None:
        """A caller has one header to show a key in."""
        assert admits(KEYED, LOAD, bearer("crowbar"))
        assert admits(KEYED, "/v2/models/mnist/infer", bearer("crowbar"))
        assert admits_call(KEYED, ADMIN_CALLS[0], bearer("crowbar"))

    def test_takes_any_callers_key_where_no_file_of_its_own_is_given(self) -> None:
        assert admits(Guard(has_admin=True), LOAD, {})
        guard = Guard(keys=lambda: CALLERS, has_admin=True)
        assert admits(guard, LOAD, bearer("sesame"))
        with pytest.raises(Unauthenticated):
            guard.admit_rest(LOAD, {})

    def test_can_be_guarded_where_the_rest_is_open(self) -> None:
        guard = Guard(has_admin=True, admin_keys=lambda: ADMINS)
        assert admits(guard, "/v2/models/mnist/infer", {})
        with pytest.raises(Unauthenticated):
            guard.admit_rest(LOAD, {})


def test_an_open_server_asks_nothing_of_a_call_that_changes_nothing() -> None:
    assert not any(OPEN.has_rules_for(method) for method in OPEN_METHODS + GUARDED_METHODS)
    assert [method for method in OPEN_METHODS + GUARDED_METHODS if KEYED.has_rules_for(method)] == GUARDED_METHODS


def test_metadata_is_read_as_headers_are() -> None:
    assert admits_call(KEYED, "/nobody.Knows/This", in_bytes({"x-api-key": "sesame", "odd": "\N{SNOWMAN}"}))


def test_no_header_no_key() -> None:
    assert shown_key({}) is None
