"""Who may do what: the rules of keys, for both protocols.

Three areas. What probes ask is open. Whatever else there is takes a key, once
a file of keys is given; a path that nobody thought of is among that. Loading
and unloading models is off, and where it is on, it takes a key of a file of
its own, which opens the rest as well. Pure: knows paths, headers and sums of
keys, no file and no connection.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from serving.api_keys import ApiKeys
from serving.errors import Forbidden, Unauthenticated

AUTHORIZATION = b"authorization"
API_KEY = b"x-api-key"
BEARER = b"bearer "
NOT_TOLD = (AUTHORIZATION, API_KEY, b"proxy-authorization", b"cookie")
"""Headers that never leave the process, in no log and no record."""

SERVICE = "/inference.GRPCInferenceService/"
OPEN_METHODS = frozenset(
    {*(SERVICE + method for method in ("ServerLive", "ServerReady", "ModelReady"))}
    | {"/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"}
)
"""What asks for health over gRPC."""
ADMIN_METHODS = frozenset(SERVICE + method for method in ("RepositoryModelLoad", "RepositoryModelUnload"))

Keys = Callable[[], ApiKeys]
"""The keys of now: a file of them may change while we serve."""


@dataclass(frozen=True, slots=True)
class Guard:
    """The rules of one process."""

    keys: Keys | None = None
    """Who may call at all; None is everybody."""
    guards_metrics: bool = False
    has_admin: bool = False
    """Whether models may be loaded and unloaded by request."""
    admin_keys: Keys | None = None
    """Who may do that; None is everybody who may call."""

    def admit_rest(self, path: str, headers: Mapping[bytes, bytes]) -> None:
        """Let a request over REST in, or raise Unauthenticated or Forbidden."""
        parts = [part for part in path.split("/") if part]
        if self.keys is not None and not self._is_open(parts):
            self._check(self.keys, headers)
        match parts:
            case ["v2", "repository", "models", _, "load" | "unload"]:
                self.admit_admin(headers)

    def has_rules_for(self, method: str) -> bool:
        """Whether calls of a method over gRPC are asked for anything."""
        return method in ADMIN_METHODS or (self.keys is not None and method not in OPEN_METHODS)

    def admit_grpc(self, method: str, metadata: Mapping[bytes, bytes]) -> None:
        """Let a call of a method, by its full name, in, or raise Unauthenticated or Forbidden."""
        if self.keys is not None and method not in OPEN_METHODS:
            self._check(self.keys, metadata)
        if method in ADMIN_METHODS:
            self.admit_admin(metadata)

    def admit_admin(self, headers: Mapping[bytes, bytes]) -> None:
        """Let a request that changes what is served in, or raise Forbidden or Unauthenticated."""
        if not self.has_admin:
            raise Forbidden(
                "loading and unloading models by request is switched off here: "
                "the server's operator switches it on with --admin_enabled (ADMIN_ENABLED)"
            )
        if self.admin_keys is None:
            return
        key = shown_key(headers)
        if key is None or self.admin_keys().name_of(key) is None:
            raise Unauthenticated(
                f"loading and unloading models takes a key of --admin_keys_file (ADMIN_KEYS_FILE), {_came(key)}"
            )

    def _check(self, keys: Keys, headers: Mapping[bytes, bytes]) -> None:
        key = shown_key(headers)
        if key is not None:
            # Both files are always looked at: the time must not tell which of them a key is in.
            names = [each().name_of(key) for each in (keys, self.admin_keys) if each is not None]
            if any(name is not None for name in names):
                return
        raise Unauthenticated(
            f"this server takes a key, as 'Authorization: Bearer ...' or 'X-API-Key: ...', {_came(key)}"
        )

    def _is_open(self, parts: list[str]) -> bool:
        match parts:
            case [] | ["v2", "health", "live" | "ready"] | ["openapi.json"]:
                return True
            case ["metrics"]:
                return not self.guards_metrics
            # Whether a model is ready is what KServe and its clients probe.
            case ["v1", "models", action] if ":" not in action:
                return True
            case ["v1", "models", _, "versions" | "labels", action] if ":" not in action:
                return True
            case ["v2", "models", _, "ready"] | ["v2", "models", _, "versions" | "labels", _, "ready"]:
                return True
        return False


def shown_key(headers: Mapping[bytes, bytes]) -> bytes | None:
    """Find the key: X-API-Key first, because a mesh may have use for Authorization itself."""
    key = headers.get(API_KEY)
    if key is not None:
        return key
    authorization = headers.get(AUTHORIZATION, b"")
    if authorization[: len(BEARER)].lower() == BEARER:
        return authorization[len(BEARER) :].strip()
    return None


def in_bytes(headers: Mapping[str, str]) -> dict[bytes, bytes]:
    """Metadata of gRPC as the guard reads headers."""
    return {name.encode("latin-1", "replace"): value.encode("latin-1", "replace") for name, value in headers.items()}


def _came(key: bytes | None) -> str:
    return "none came" if key is None else "the one that came is not known"
