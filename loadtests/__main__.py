"""`python -m loadtests`: put load on a model server, and say by the exit status whether it passed.

0 passed, 1 failed, 2 wrong usage, 3 inconclusive, 4 the target cannot be asked, 130 interrupted.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from importlib import import_module

COMMANDS: dict[str, str] = {
    "report": "write all reports of a run again",
}
"""Each word and what it does; its file in `commands/` has `add_options(parser)` and `do(options) -> Status`."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = ArgumentParser(prog="python -m loadtests", description=__doc__)
    words = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for word, help_ in COMMANDS.items():
        command = import_module(f"loadtests.commands.{word}")
        command_parser = words.add_parser(word, help=help_, description=command.__doc__)
        command.add_options(command_parser)
        command_parser.set_defaults(do=command.do)
    options = parser.parse_args(arguments)
    return int(options.do(options))


if __name__ == "__main__":
    sys.exit(main())
