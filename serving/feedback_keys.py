"""The secrets that sign the ids of predictions, as a file lists them.

One key a line, `name:secret`: the first signs, all of them verify, so that a
new key is put in front of the old one and the old one goes when the last id it
signed has expired. Blank lines and lines that begin with # do not count.
Values only: who reads the file, and when again, is `key_file.py`'s.
"""

import re
from dataclasses import dataclass

from serving.api_keys import BadKeyFile
from serving.prediction_id import SigningKey

LINE = re.compile(r"(?P<name>[!-9;-~]+):(?P<secret>[!-~]+)")
SHORTEST_SECRET = 32
"""In characters: as many hexadecimal digits are the 128 bits that nobody guesses."""
MOST_KEYS = 16
"""Each may have to be tried on a label."""


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The keys of one file, in its order."""

    keys: tuple[SigningKey, ...]

    @property
    def names(self) -> list[str]:
        return [key.name for key in self.keys]

    @property
    def signing(self) -> SigningKey:
        return self.keys[0]


def parse(text: str) -> SigningKeys:
    """Read a file of keys; raises BadKeyFile, whose message names the line and never quotes it."""
    keys: dict[str, SigningKey] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        found = LINE.fullmatch(line)
        if found is None:
            raise BadKeyFile(f"line {number} is not a name, a colon and a secret without spaces")
        if len(found["secret"]) < SHORTEST_SECRET:
            raise BadKeyFile(
                f"line {number} has a secret of {len(found['secret'])} characters, "
                f"expected at least {SHORTEST_SECRET} (openssl rand -hex 32)"
            )
        if found["name"] in keys:
            raise BadKeyFile(f"line {number} has the name of a line before it")
        keys[found["name"]] = SigningKey(found["name"], found["secret"].encode())
    if not keys:
        raise BadKeyFile("it holds no key")
    if len(keys) > MOST_KEYS:
        raise BadKeyFile(f"it holds {len(keys)} keys, and at most {MOST_KEYS} are taken")
    return SigningKeys(tuple(keys.values()))
