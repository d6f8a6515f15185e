"""Which models this process serves, by name and version."""

from typing import NoReturn

from serving.endpoint import Endpoint
from serving.errors import Draining, NotReady, UnknownModel
from serving.lifecycle import Lifecycle, Phase


class Catalogue:
    """Models that are announced, and of these the ones that can answer."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._endpoints: dict[str, Endpoint | None] = {}

    def announce(self, name: str) -> None:
        """Say that a model will be served, so that asking for it early is no mistake."""
        self._endpoints[name] = None

    def open(self, endpoint: Endpoint) -> None:
        self._endpoints[endpoint.name] = endpoint

    def names(self) -> list[str]:
        return sorted(self._endpoints)

    def find(self, name: str, version: str = "") -> Endpoint:
        """Raises UnknownModel, or NotReady or Draining while it cannot answer."""
        endpoint = self._endpoints.get(name)
        if endpoint is None:
            self._explain_absence(name)
        if version and version != endpoint.version:
            raise UnknownModel(f"model {name!r} has no version {version!r} here, it is served as {endpoint.version!r}")
        if self._lifecycle.phase is Phase.STOPPED:
            raise Draining("the server is stopping and takes no more requests")
        return endpoint

    def is_ready(self, name: str, version: str = "") -> bool:
        """Raises UnknownModel; a model of a process that drains is not ready."""
        try:
            self.find(name, version)
        except (NotReady, Draining):
            return False
        return not self._lifecycle.is_draining

    def _explain_absence(self, name: str) -> NoReturn:
        if name in self._endpoints and self._lifecycle.is_draining:
            raise Draining(f"model {name!r} was not loaded before the server was told to stop")
        if name in self._endpoints:
            raise NotReady(f"model {name!r} is {self._lifecycle.phase}, try again soon")
        served = ", ".join(repr(other) for other in self.names())
        raise UnknownModel(f"model {name!r} is not served here, only {served}")
