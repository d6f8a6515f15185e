"""Whether all places agree on a version: `python3 -m delivery.version 1.2.3`; with `--write` they are made to.

Tag, chart, appVersion, server and changelog are one number, so that who knows one knows all. Each place that says
something else is a sentence of its own, and then the exit status is 1.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from delivery.places import CHANGELOG, PLACES, VERSION, heading, open_release

REPOSITORY = Path(__file__).parents[1]


def disagreements(repository: Path, version: str) -> list[str]:
    """Give a sentence for each place that does not name this version."""
    found = []
    for place in PLACES:
        stands = place.read(repository)
        if not stands:
            found.append(f"{place.file} names no {place.what}, expected {version}")
        others = sorted(set(stands) - {version})
        found += [f"{place.file} has {place.what} {other}, expected {version}" for other in others]
    if not heading(version).search((repository / CHANGELOG).read_text("utf-8")):
        found.append(f"{CHANGELOG} has no heading `## {version} - YYYY-MM-DD`")
    return found


def write(repository: Path, version: str, day: str) -> None:
    """Put this version into every place; doing it again changes nothing."""
    for place in PLACES:
        place.write(repository, version)
    if not heading(version).search((repository / CHANGELOG).read_text("utf-8")):
        open_release(repository, version, day)


def main(arguments: Sequence[str], repository: Path = REPOSITORY) -> int:
    """Check or write, and give the exit status."""
    parser = ArgumentParser(prog="delivery.version")
    parser.add_argument("version", help="as 1.2.3, or the tag v1.2.3")
    parser.add_argument("--write", action="store_true", help="put it into every place")
    given = parser.parse_args(arguments)
    version = given.version.removeprefix("v")
    if not VERSION.fullmatch(version):
        sys.stderr.write(f"version: '{given.version}' is not a version of three numbers, as 1.2.3\n")
        return 1
    if given.write:
        write(repository, version, datetime.now(UTC).date().isoformat())
    found = disagreements(repository, version)
    for sentence in found:
        sys.stderr.write(f"version: {sentence}\n")
    if not found:
        sys.stdout.write(f"Every place names version {version}.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
