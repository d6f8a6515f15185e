"""The text of a release: `python3 -m delivery.notes 1.2.3 build/delivery/images.txt build/delivery/chart.txt`.

The changelog's section as it stands, what was published with its digest, and how to check the signatures.
"""

import re
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from delivery.places import CHANGELOG, heading
from delivery.published import BadList, Published, read
from delivery.version import REPOSITORY

ISSUER = "https://token.actions.githubusercontent.com"


def section(changelog: str, version: str) -> str | None:
    """Give what the changelog says of a version, without its heading; nothing where it says nothing."""
    opened = heading(version).search(changelog)
    if not opened:
        return None
    rest = changelog[opened.end() :]
    ends = re.search(r"^## ", rest, re.MULTILINE)
    return (rest[: ends.start()] if ends else rest).strip() or None


def artefacts(published: Sequence[Published], version: str, source: str) -> str:
    """Give a table of what was published, and the commands that install and check it."""
    lines = ["### Published", "", "| | |", "|---|---|"]
    lines += [f"| {one.name} | `{one.repository}:{one.tag}@{one.digest}` |" for one in published]
    charts = [one for one in published if one.name == "chart"]
    lines += ["", "```sh"]
    lines += [f"helm install ecluse oci://{one.repository} --version {version}" for one in charts]
    lines += [
        f"cosign verify {one.repository}@{one.digest} \\\n"
        f"  --certificate-identity {source}/.github/workflows/release.yml@refs/tags/v{version} \\\n"
        f"  --certificate-oidc-issuer {ISSUER}"
        for one in published[:1]
    ]
    lines += ["```", "", "Bills of materials (SPDX) are attached to this release, and attested to each image."]
    return "\n".join(lines)


def main(arguments: Sequence[str], repository: Path = REPOSITORY) -> int:
    """Print the notes, and give the exit status."""
    parser = ArgumentParser(prog="delivery.notes")
    parser.add_argument("version")
    parser.add_argument("lists", nargs="*", type=Path, help="what was published")
    parser.add_argument("--source", default="https://github.com/OWNER/REPOSITORY", help="the repository's address")
    given = parser.parse_args(arguments)
    version = given.version.removeprefix("v")
    text = section((repository / CHANGELOG).read_text("utf-8"), version)
    if text is None:
        sys.stderr.write(f"notes: {CHANGELOG} says nothing under `## {version} - YYYY-MM-DD`\n")
        return 1
    try:
        published = read(given.lists)
    except BadList as error:
        sys.stderr.write(f"notes: {error}\n")
        return 1
    sys.stdout.write(f"{text}\n")
    if published:
        sys.stdout.write(f"\n{artefacts(published, version, given.source)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
