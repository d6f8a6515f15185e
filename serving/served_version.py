"""One version of a model: how it comes, where it is in its life, and why it is not served.

What `served_model.py` moves from one state to the next, and what a source of
versions must bring. Moves nothing by itself.
"""

import weakref
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from serving.endpoint import Endpoint
from serving.metrics import Metrics
from serving.model_folder import Content, ModelVersion
from serving.versions import VersionPolicy


class State(StrEnum):
    """Where a version is in its life, in Triton's words."""

    LOADING = "LOADING"
    READY = "READY"
    UNLOADING = "UNLOADING"
    """No new request reaches it; those it has are being answered."""
    UNAVAILABLE = "UNAVAILABLE"
    """It could not be loaded, or is not loaded any more; the reason says which."""


class Version(Protocol):
    """A version on its way to an endpoint. The first two calls are made on a thread and may be slow."""

    def load_graph(self) -> None: ...

    def warm_up(self) -> None: ...

    def open(self, metrics: Metrics) -> Endpoint:
        """Begin to answer; called on the event loop. Must not keep the endpoint alive."""
        ...

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits or runs."""
        ...

    def drain(self) -> None:
        """Let what is queued leave at once."""
        ...

    def close(self) -> None:
        """Refuse what is left; may be called at any time and again."""
        ...


class Source(Protocol):
    """Where the versions of a model come from."""

    @property
    def name(self) -> str: ...

    @property
    def folder(self) -> Path | None:
        """None where there is one version, which no folder holds."""
        ...

    def version(self, found: ModelVersion) -> Version: ...


@dataclass(frozen=True, slots=True)
class Found:
    """A version on disk, and how its files looked."""

    version: ModelVersion
    content: Content


@dataclass(slots=True, eq=False)
class Slot:
    """A version in memory."""

    found: Found
    served: Version
    state: State = State.LOADING
    endpoint: weakref.ref[Endpoint] | None = None
    """Dead once no request has the endpoint in hand."""

    @property
    def number(self) -> str:
        return self.found.version.version


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a version is not served, for as long as its files stay as they are."""

    content: Content
    reason: str


@dataclass(frozen=True, slots=True)
class Rules:
    """How the versions of every model are handled."""

    policy: VersionPolicy
    unload_first: bool
    drain_seconds: float
    """How long the requests of a version that gives way may take."""
