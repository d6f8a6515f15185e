"""Which models this process serves, by name and by version or label.

Finds the endpoint that a request means. A version may be named by its number or
by a label that stands for one; without either the label `stable` decides where
it is given, else the newest version that is ready. What can answer is kept as
one flat table that each change replaces, so that a swap is one assignment.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from serving.endpoint import Endpoint
from serving.errors import Draining, NotReady, UnknownModel
from serving.lifecycle import Lifecycle, Phase
from serving.versions import by_number

STABLE = "stable"
"""The label whose version is served to those who name none."""

Labels = Callable[[str], Mapping[str, str]]
"""The labels of a model: the version that each stands for."""


def no_labels(name: str) -> Mapping[str, str]:  # noqa: ARG001
    return {}


class Catalogue:
    """Models that are announced, and of these the versions that can answer."""

    def __init__(self, lifecycle: Lifecycle, labels: Labels = no_labels) -> None:
        self._lifecycle = lifecycle
        self._labels = labels
        self._models: dict[str, dict[str, Endpoint]] = {}
        self._required: set[str] = set()
        """Those whose absence makes the process unready: announced before it was ready, or able to answer once."""
        self._absent: dict[tuple[str, str], str] = {}
        self._routes: dict[tuple[str, str], Endpoint] = {}
        self._change()

    # What is served

    def announce(self, name: str) -> None:
        """Say that a model will be served, so that asking for it early is no mistake."""
        self._models.setdefault(name, {})
        # One that joins later must not take the others' callers away while it loads, nor if it never can.
        if self._lifecycle.phase in (Phase.LOADING, Phase.WARMING):
            self._required.add(name)
        self._change()

    def withdraw(self, name: str) -> None:
        """Serve a model no more, nor promise to."""
        self._models.pop(name, None)
        self._required.discard(name)
        self._absent = {key: reason for key, reason in self._absent.items() if key[0] != name}
        self._change()

    def open(self, endpoint: Endpoint) -> None:
        """Send requests to a version from now on; one of the same number gives way to it."""
        self._models.setdefault(endpoint.name, {})[endpoint.version] = endpoint
        self._required.add(endpoint.name)
        self._absent.pop((endpoint.name, endpoint.version), None)
        self._change()

    def close(self, name: str, version: str) -> None:
        """Send no new request to a version."""
        self._models.get(name, {}).pop(version, None)
        self._change()

    def explain(self, name: str, version: str, reason: str) -> None:
        """Say why a version that may be asked for cannot answer; empty forgets it."""
        if reason:
            self._absent[name, version] = reason
        else:
            self._absent.pop((name, version), None)

    # What can be asked

    def names(self) -> list[str]:
        return sorted(self._models)

    def versions(self, name: str) -> list[str]:
        """The versions that can answer, oldest first."""
        return sorted(self._models.get(name, ()), key=by_number)

    def find(self, name: str, version: str = "") -> Endpoint:
        """Give the endpoint of a version or a label.

        Raises UnknownModel, or NotReady or Draining while it cannot answer.
        """
        endpoint = self._routes.get((name, version))
        if endpoint is None:
            self._explain_absence(name, version)
        if self._lifecycle.phase is Phase.STOPPED:
            raise Draining("the server is stopping and takes no more requests")
        return endpoint

    def metadata(self, name: str, version: str = "") -> dict[str, Any]:
        """The V2 metadata of a version or a label, with every version that can answer; raises as `find` does."""
        return self.find(name, version).metadata() | {"versions": self.versions(name)}

    def is_ready(self, name: str, version: str = "") -> bool:
        """Raises UnknownModel; a model of a process that drains is not ready."""
        if name not in self._models:
            # Probes ask without a key: what else is served is not told to them.
            raise UnknownModel(f"model {name!r} is not served here")
        try:
            self.find(name, version)
        except (NotReady, Draining):
            return False
        return not self._lifecycle.is_draining

    # Inside

    def _change(self) -> None:
        routes: dict[tuple[str, str], Endpoint] = {}
        for name, versions in self._models.items():
            labels = self._labels(name)
            if versions:
                newest = max(versions, key=by_number)
                routes[name, ""] = versions.get(labels.get(STABLE, newest), versions[newest])
            routes |= {(name, version): endpoint for version, endpoint in versions.items()}
            routes |= {(name, label): versions[version] for label, version in labels.items() if version in versions}
        self._routes = routes
        self._lifecycle.tell_models(
            are_ready=bool(self._required) and all(self._models[name] for name in self._required)
        )

    def _explain_absence(self, name: str, version: str) -> NoReturn:
        if name not in self._models:
            raise UnknownModel(f"model {name!r} is not served here, only {_quoted(self.names())}")
        labels = self._labels(name)
        number = labels.get(version, version)
        told = f"version {number!r} of model {name!r}"
        if version in labels:
            told += f", which label {version!r} stands for,"
        if number and (name, number) in self._absent:
            raise NotReady(f"{told} {self._absent[name, number]}")
        served = self.versions(name)
        if served and version in labels:
            raise UnknownModel(f"{told} is not loaded, it is served as {_quoted(served)}")
        if served:
            raise UnknownModel(f"model {name!r} has no version {version!r} here, it is served as {_quoted(served)}")
        if self._lifecycle.is_draining:
            raise Draining(f"model {name!r} was not loaded before the server was told to stop")
        phase = self._lifecycle.phase
        raise NotReady(f"model {name!r} is {'not loaded' if phase is Phase.READY else phase}, try again soon")


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names)) or "nothing"
