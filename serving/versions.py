"""Which versions of a model are to be served, and what to change to get there.

Pure: is told what lies in the folder, what is served and what failed, and says
what to do next. A version that failed is as good as absent until its files
change, so a broken one leaves the version before it in service, and a process
that starts beside a broken one serves the version before it too.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Content = Any
"""What a version's files look like from outside; only compared."""


@dataclass(frozen=True, slots=True)
class VersionPolicy:
    """`latest`, `latest:3`, `all`, or `specific:3,5`."""

    newest: int | None = 1
    """So many of the newest; None for all that are named, or all there are."""
    named: frozenset[str] | None = None

    @classmethod
    def parse(cls, text: str) -> "VersionPolicy":
        kind, colon, rest = text.partition(":")
        if kind == "latest" and (not colon or (rest.isdecimal() and int(rest) > 0)):
            return cls(newest=int(rest or 1))
        if text == "all":
            return cls(newest=None)
        numbers = [number.strip() for number in rest.split(",")]
        if kind == "specific" and all(number.isdecimal() for number in numbers):
            return cls(newest=None, named=frozenset(numbers))
        raise ValueError("expected latest, latest:N, all, or specific:N,M")

    def choose(self, versions: Iterable[str]) -> set[str]:
        """Take those to serve out of those there are."""
        known = sorted((v for v in versions if self.named is None or v in self.named), key=by_number)
        return set(known if self.newest is None else known[-self.newest :])


class VersionLabels:
    """`stable=3,canary=4`, and `mnist/canary=4` for one model alone."""

    def __init__(self, text: str) -> None:
        self._labels: dict[str, dict[str, str]] = {}
        for entry in filter(None, (part.strip() for part in text.split(","))):
            left, equals, version = (word.strip() for word in entry.partition("="))
            model, _, label = left.rpartition("/")
            if not equals or not label or label.isdecimal() or ":" in label or not version.isdecimal():
                raise ValueError(f"{entry!r} is no label: expected LABEL=VERSION or MODEL/LABEL=VERSION")
            self._labels.setdefault(model, {})[label] = version

    def of(self, name: str) -> Mapping[str, str]:
        """The version that each label of a model stands for."""
        return self._labels.get("", {}) | self._labels.get(name, {})


@dataclass(frozen=True, slots=True)
class Load:
    """Load this version."""

    version: str


@dataclass(frozen=True, slots=True)
class Unload:
    """Serve this version no more."""

    version: str


def wanted(
    policy: VersionPolicy, pinned: Collection[str], found: Mapping[str, Content], failed: Mapping[str, Content]
) -> dict[str, Content]:
    """Choose the versions to serve; `pinned` are served wherever they are found, whatever the policy says."""
    usable = {version: content for version, content in found.items() if failed.get(version) != content}
    chosen = policy.choose(usable) | (set(pinned) & usable.keys())
    return {version: usable[version] for version in chosen}


def next_change(
    wanted: Mapping[str, Content], served: Mapping[str, Content], *, unload_first: bool = False
) -> Load | Unload | None:
    """Say the next thing to do, or None once all is as it should be.

    What serves is let go only when everything wanted is there, and never where
    nothing is wanted: a folder that lost its versions is more likely a mount that
    lost its disk. With `unload_first` room is made before a version is loaded.
    """
    missing = {version for version in wanted if served.get(version) != wanted[version]}
    surplus = served.keys() - wanted.keys()
    in_the_way = surplus | (missing & served.keys())
    if missing and unload_first and in_the_way:
        return Unload(min(in_the_way, key=by_number))
    if missing:
        return Load(max(missing, key=by_number))
    if surplus and wanted:
        return Unload(min(surplus, key=by_number))
    return None


def by_number(version: str) -> tuple[int, str]:
    """Order versions as numbers; what is none comes first."""
    return (int(version), version) if version.isdecimal() else (-1, version)
