"""What a worker is told before it begins: everything it needs, by value, so that it may run anywhere. Pure.

Keys and other headers are left out on purpose: they never go from master to
worker, each worker reads its own.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from loadtests.profile.form import Profile


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the target is."""

    url: str
    grpc: str
    """Host and port; empty where nothing is asked over gRPC."""
    authority: bytes | None = None
    """Certificates that are trusted beside the system's, in PEM."""
    is_insecure: bool = False
    """Whether any certificate will do."""


@dataclass(frozen=True, slots=True)
class Assignment:
    profile: Profile
    model: str
    """Of the streams that name none."""
    addresses: Addresses
    metadata: Mapping[str, tuple[Any, Any]]
    """Of each model: what the server told of it, and its configuration or None; as JSON."""
    pictures: bytes | None = None
    """A file of rows in NumPy's .npz, with labels; None takes those that are shipped."""
    repeatable: frozenset[str] = frozenset()
    """Kinds of requests that are answered the same way each time, so that an answer unlike the first is wrong."""
    worker: int = 0
    workers: int = 1

    def of(self, worker: int) -> "Assignment":
        """Give that of another worker."""
        return replace(self, worker=worker)

    def to_wire(self) -> dict[str, Any]:
        """Give it in JSON's types."""
        return {
            "profile": self.profile.model_dump(mode="json"),
            "model": self.model,
            "url": self.addresses.url,
            "grpc": self.addresses.grpc,
            "authority": _text(self.addresses.authority),
            "is_insecure": self.addresses.is_insecure,
            "metadata": {name: list(told) for name, told in self.metadata.items()},
            "pictures": _text(self.pictures),
            "repeatable": sorted(self.repeatable),
            "worker": self.worker,
            "workers": self.workers,
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> "Assignment":
        """Read what `to_wire` gave; raises KeyError, ValueError or TypeError for anything else."""
        return cls(
            profile=Profile.model_validate(wire["profile"]),
            model=str(wire["model"]),
            addresses=Addresses(
                str(wire["url"]), str(wire["grpc"]), _bytes(wire["authority"]), bool(wire["is_insecure"])
            ),
            metadata={str(name): (told[0], told[1]) for name, told in wire["metadata"].items()},
            pictures=_bytes(wire["pictures"]),
            repeatable=frozenset(map(str, wire["repeatable"])),
            worker=int(wire["worker"]),
            workers=int(wire["workers"]),
        )


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
