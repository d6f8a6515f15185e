"""Which models and versions there are, in what state, and loading and unloading by request.

Speaks Triton's words for the states, because that is what clients of the
repository extension read.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class State(StrEnum):
    """Where a version is in its life."""

    LOADING = "LOADING"
    READY = "READY"
    UNLOADING = "UNLOADING"
    """No new request reaches it; those it has are being answered."""
    UNAVAILABLE = "UNAVAILABLE"
    """It could not be loaded, or is not loaded any more; the reason says which."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One line of the repository's index."""

    name: str
    version: str
    """Empty for a model that has no version at all."""
    state: State
    reason: str = ""


class Repository(Protocol):
    """The models of this process."""

    def index(self, *, only_ready: bool = False) -> list[IndexEntry]:
        """Every model and version, by name and then by number."""
        ...

    async def load(self, name: str) -> None:
        """Read the model's folder anew and load what is to be served, until it is.

        Raises UnknownModel where there is no such folder, LoadFailed where a
        version cannot be served, and then what was served before still is.
        """
        ...

    async def unload(self, name: str) -> None:
        """Serve the model no more, and give its memory back once its requests are answered.

        Raises UnknownModel. It stays unloaded until `load` is asked for.
        """
        ...
