"""The list of what was pushed, which one step writes and the next one reads: `build/delivery/*.txt`.

A line is `NAME REPOSITORY TAG DIGEST`. A digest is what is signed and deployed; a tag can be moved.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Published:
    """An image or a chart in a registry."""

    name: str
    repository: str
    tag: str
    digest: str


class BadList(Exception):
    """The list is not one; the message says where."""


def read(files: Iterable[Path]) -> list[Published]:
    """Give what the files list, in order. Raises BadList."""
    found = []
    for file in files:
        try:
            lines = file.read_text("utf-8").splitlines()
        except OSError as error:
            raise BadList(f"{file} cannot be read: {error.strerror}") from error
        for number, line in enumerate(lines, 1):
            words = line.split()
            if len(words) != 4 or not re.fullmatch(r"sha256:[0-9a-f]{64}", words[3]):
                raise BadList(f"{file}:{number} is '{line}', expected NAME REPOSITORY TAG sha256:DIGEST")
            found.append(Published(*words))
    return found
