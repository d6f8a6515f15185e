"""`python -m monitoring.feedback labels.csv --to http://host:8080`: send late labels, and say what became of them.

Exit status 0 where every label is counted, now or before, 1 where some are not,
2 where the command, the file or the server's setting is wrong, 4 where the
server could not be reached. To run it again does no harm.
"""

import ssl
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from math import inf
from pathlib import Path

import httpx

from monitoring.feedback import labels_file
from monitoring.feedback.labels_file import LabelsFileError
from monitoring.feedback.report import report
from monitoring.feedback.sending import MOST_LABELS, NotTaken, Outcome, Unreachable, send_all

COUNTED, SOME_REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 4, 130


def main(arguments: Sequence[str]) -> int:
    asked = _parser().parse_args(arguments)
    outcome = Outcome()
    try:
        labels_file.check(asked.labels)
        with _client(asked) as client:
            send_all(labels_file.read(asked.labels), client, outcome, at_once=asked.at_once)
    except (LabelsFileError, NotTaken, _Mistake) as error:
        return _end(USAGE, outcome, str(error))
    except Unreachable as error:
        return _end(UNREACHABLE, outcome, f"{error} (run it again: what was counted is not counted twice)")
    except KeyboardInterrupt:
        return _end(INTERRUPTED, outcome, "interrupted (run it again: what was counted is not counted twice)")
    return _end(SOME_REFUSED if outcome.not_counted else COUNTED, outcome)


class _Mistake(Exception):
    """An option cannot be used; the message is a sentence."""


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m monitoring.feedback",
        description="Send late labels to a server, and say what became of them.",
        epilog="exit status: 0 all counted, 1 some refused, 2 wrong use, 4 server out of reach",
    )
    parser.add_argument("labels", type=Path, help="CSV with the columns id, label and, for requests of many rows, row")
    parser.add_argument("--to", required=True, metavar="URL", help="the server's address, as http://host:8080")
    parser.add_argument("--key-file", type=Path, metavar="FILE", help="holds the key that the server asks callers for")
    parser.add_argument("--ca-file", type=Path, metavar="FILE", help="whose certificates to trust, for https")
    parser.add_argument("--at-once", type=_at_once, default=MOST_LABELS, metavar="N", help="labels in one request")
    parser.add_argument("--timeout", type=_seconds, default=30.0, metavar="SECONDS", help="how long an answer may take")
    return parser


def _at_once(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise ArgumentTypeError(f"it is {text!r}, expected a number from 1")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < inf:
        raise ArgumentTypeError(f"it is {text!r}, expected a number of seconds above 0")
    return seconds


def _client(asked: Namespace) -> httpx.Client:
    headers = {}
    if asked.key_file is not None:
        try:
            key = asked.key_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise _Mistake(f"--key-file {asked.key_file} cannot be read: {error}") from None
        if not key.isprintable() or not key:
            raise _Mistake(f"--key-file {asked.key_file} holds no key: expected one line")
        headers["Authorization"] = f"Bearer {key}"
    try:
        url = httpx.URL(asked.to)
    except httpx.InvalidURL as error:
        raise _Mistake(f"--to is {asked.to!r}, expected an address as http://host:8080: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise _Mistake(f"--to is {asked.to!r}, expected an address as http://host:8080")
    try:
        return httpx.Client(
            base_url=url,
            headers=headers,
            timeout=asked.timeout,
            verify=ssl.create_default_context(cafile=asked.ca_file) if asked.ca_file is not None else True,
        )
    except OSError as error:
        raise _Mistake(f"--ca-file {asked.ca_file} cannot be used: {error}") from None


def _end(status: int, outcome: Outcome, sentence: str = "") -> int:
    if outcome.labels or not sentence:
        sys.stdout.write(report(outcome))
    if sentence:
        sys.stdout.flush()
        sys.stderr.write(f"{sentence}\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
