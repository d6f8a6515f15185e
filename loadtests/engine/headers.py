"""Headers that every request carries, from the command line and from the environment. Pure."""

import json
from collections.abc import Sequence

from loadtests.clients.address import AUTHORITY

VARIABLE = "LOADTEST_HEADERS"


class BadHeaders(Exception):
    """They cannot be read; the sentence says why, and shows no value, which may be a key."""


def read_headers(given: Sequence[str], variable: str) -> dict[str, str]:
    """Put together what `--header` gave and the variable holds: a JSON object, or a header a line."""
    headers = _of_variable(variable.strip())
    for number, each in enumerate(given, start=1):
        headers |= _header(each, f"--header number {number}")
    return headers


def _of_variable(text: str) -> dict[str, str]:
    if not text.startswith("{"):
        headers: dict[str, str] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                headers |= _header(line, f"line {number} of {VARIABLE}")
        return headers
    try:
        told = json.loads(text)
    except ValueError as fault:
        raise BadHeaders(
            f"{VARIABLE} begins like a JSON object and is none: {fault.args[0].partition(':')[0]}"
        ) from None
    if not all(isinstance(value, str) for value in told.values()):
        raise BadHeaders(f"{VARIABLE} has a header whose value is no string")
    return dict(told)


def _header(text: str, where: str) -> dict[str, str]:
    colon = ":" if text.lstrip().startswith(AUTHORITY) else ""
    name, separator, value = text.strip().removeprefix(colon).partition(":")
    if not separator or not name.strip():
        raise BadHeaders(f"{where} must be as 'Name: value'")
    return {colon + name.strip(): value.strip()}
