"""Where the version stands in this repository, and how it is read and written. Says nothing of what it should be."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
"""A release: no candidates, no builds."""

CHANGELOG = "CHANGELOG.md"


@dataclass(frozen=True)
class Place:
    """One line of one file that names the version."""

    file: str
    what: str
    pattern: re.Pattern[str]
    """Its first group is the version."""

    def read(self, repository: Path) -> list[str]:
        """Give what stands there: one version, or none, or several."""
        return [found.group(1) for found in self.pattern.finditer((repository / self.file).read_text("utf-8"))]

    def write(self, repository: Path, version: str) -> None:
        """Put another there."""
        _change(
            repository / self.file,
            lambda text: self.pattern.sub(lambda found: found.group().replace(found.group(1), version), text),
        )


PLACES = (
    Place("serving/__init__.py", "VERSION", re.compile(r'^VERSION = "([^"]*)"$', re.MULTILINE)),
    Place("helm/ecluse/Chart.yaml", "version", re.compile(r"^version: (\S+)$", re.MULTILINE)),
    Place("helm/ecluse/Chart.yaml", "appVersion", re.compile(r'^appVersion: "([^"]*)"$', re.MULTILINE)),
    Place(
        "helm/ecluse/Chart.yaml",
        "artifacthub.io/images",
        re.compile(r"^ +image: ecluse/[a-z]+:([0-9][^-\s]*)(?:-[a-z]+)*$", re.MULTILINE),
    ),
)


def heading(version: str) -> re.Pattern[str]:
    """Give what opens a release in the changelog: its version and the day."""
    return re.compile(rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d$", re.MULTILINE)


def open_release(repository: Path, version: str, day: str) -> None:
    """Make a release of what the changelog has as unreleased."""
    _change(
        repository / CHANGELOG,
        lambda text: text.replace("## Unreleased\n", f"## Unreleased\n\n## {version} - {day}\n", 1),
    )


def _change(file: Path, change: Callable[[str], str]) -> None:
    file.write_text(change(file.read_text("utf-8")), "utf-8")
