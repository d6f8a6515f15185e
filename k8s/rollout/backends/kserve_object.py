"""Read and write one InferenceService: a write goes by what was read, and is made anew where another came first."""

from collections.abc import Callable, Mapping
from typing import Protocol

from k8s.api_server import ApiError, Conflict, NotFound
from k8s.json_object import Json
from k8s.rollout.backends.backend import NO_HEADERS, Changed, Refused
from k8s.wait.seen import metadata

ATTEMPTS = 6
"""KServe writes the status after each change, which looks like another's write for a moment."""


class Api(Protocol):
    """What of an ApiServer is used."""

    def read(self, *path: str, **query: str) -> Json:
        """Give the object or list at a path."""

    def text(self, *path: str, **query: str) -> str:
        """Give what is at a path as text."""

    def patch(self, body: Json, *path: str, resource_version: str = "", **query: str) -> Json:
        """Change an object by a merge patch."""

    def send(
        self, method: str, *path: str, body: bytes | None = None, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, bytes]:
        """Send one request through a proxy."""


class InferenceService:
    """One of a namespace."""

    def __init__(self, api: Api, namespace: str, name: str) -> None:
        self._api = api
        self._namespace = namespace
        self._path = ("apis", "serving.kserve.io", "v1beta1", "namespaces", namespace, "inferenceservices", name)
        self.called = f"inferenceservice/{name}"

    def read(self) -> Json:
        """Raises ApiError, and Refused where it is not there."""
        try:
            return self._api.read(*self._path)
        except NotFound:
            raise Refused(f"there is no {self.called} in namespace {self._namespace}") from None

    def write(self, patching: Callable[[Json], Json]) -> None:
        """Change it as a function of what it is; an empty patch changes nothing. Raises ApiError and Changed."""
        for _ in range(ATTEMPTS):
            service = self.read()
            patch = patching(service)
            if not patch:
                return
            version = str(metadata(service).get("resourceVersion", ""))
            try:
                self._api.patch(patch, *self._path, resource_version=version)
            except Conflict:
                continue
            return
        raise Changed(f"{self.called} is written by others all the time")

    def try_writing(self, patch: Json) -> None:
        """Have the API server and KServe say whether it may be written, and write nothing. Raises Refused, ApiError."""
        try:
            self._api.patch(patch, *self._path, dryRun="All")
        except (Conflict, NotFound):
            raise
        except ApiError as error:
            if not error.answer.startswith(("400", "403", "422")):
                raise
            raise Refused(f"the canary cannot be written to {self.called}: {error}") from None
