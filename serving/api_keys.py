"""Keys that callers show, as a file lists them: names and SHA-256 sums, never the keys.

One key a line, `name:sum`, where the sum is SHA-256 of the key in hexadecimal
(`printf %s "$KEY" | sha256sum`); blank lines and lines that begin with # do
not count. A key is meant to be long and random, which is why its sum needs no
salt. Values only: who reads the file, and when again, is `key_file.py`'s.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass

LINE = re.compile(r"(?P<name>[!-9;-~]+):(?P<sum>[0-9a-fA-F]{64})")


class BadKeyFile(Exception):
    """What is wrong with the file, without a word of what it holds."""


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """The keys of one file, by the sums of them."""

    sums: tuple[tuple[str, bytes], ...]
    """The name and the sum of each, in the order of the file."""

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.sums]

    def name_of(self, key: bytes) -> str | None:
        """Say whose key this is.

        Looks at every key to the end, so that the time it takes tells nothing of what is close.
        """
        shown = hashlib.sha256(key).digest()
        found: str | None = None
        for name, known in self.sums:
            if hmac.compare_digest(shown, known):
                found = name
        return found


def parse(text: str) -> ApiKeys:
    """Read a file of keys; raises BadKeyFile, whose message names the line and never quotes it."""
    sums: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        found = LINE.fullmatch(line)
        if found is None:
            raise BadKeyFile(f"line {number} is not a name, a colon and 64 hexadecimal digits (SHA-256 of the key)")
        if found["name"] in sums:
            raise BadKeyFile(f"line {number} has the name of a line before it")
        sums[found["name"]] = bytes.fromhex(found["sum"])
    if not sums:
        raise BadKeyFile("it holds no key")
    return ApiKeys(tuple(sums.items()))
