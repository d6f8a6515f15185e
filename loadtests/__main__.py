"""`python -m loadtests`: put load on a model server, and say by the exit status whether it passed.

0 passed, 1 failed, 2 wrong usage, 3 inconclusive, 4 the target cannot be asked, 130 interrupted.
"""

import sys
import traceback
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib import import_module
from typing import TextIO, cast

from loadtests.unheard import FULL, GONE, Unheard
from loadtests.verdict.result import Status

COMMANDS: dict[str, str] = {
    "run": "put load on a server, and judge it",
    "worker": "put load on for a master that runs elsewhere",
    "profiles": "show which profiles there are, and check one",
    "compare": "say whether a run is worse than a stored one",
    "report": "write all reports of a run again",
}
"""Each word and what it does; its file in `commands/` has `add_options(parser)` and `do(options) -> Status`."""


def main(arguments: Sequence[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = ArgumentParser(prog="python -m loadtests", description=__doc__)
    words = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for word, help_ in COMMANDS.items():
        # Only what is asked for is imported: who puts load on must be patched before others open sockets.
        is_asked = word == next(iter(arguments), "")
        command = import_module(f"loadtests.commands.{word}") if is_asked else None
        command_parser = words.add_parser(word, help=help_, description=command.__doc__ if command else None)
        if command:
            command.add_options(command_parser)
            command_parser.set_defaults(do=command.do)
    options = parser.parse_args(arguments)
    return int(options.do(options))


if __name__ == "__main__":
    sys.stdout, sys.stderr = cast(TextIO, Unheard(sys.stdout)), cast(TextIO, Unheard(sys.stderr, GONE | FULL))
    try:
        status = main()
    except Exception:  # noqa: BLE001  Python would end with the status of a failure, which nobody has seen
        traceback.print_exc()
        status = Status.INCONCLUSIVE
    sys.exit(status)
