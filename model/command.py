"""What the commands share: options with bounds, and exit statuses.

A mistake is one line on stderr that begins with `error:`, never a traceback.
The statuses are promises: scripts and rollouts read them. This file knows
nothing of data or models.
"""

import argparse
import math
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn

from model.errors import BadOption, ModelError

PASSED = 0
FAILED = 1
"""The model was judged, and is not good enough. Only `model.evaluate` says so."""
ERROR = 2
"""The command could not do what was asked."""
INTERRUPTED = 130
"""Ctrl-C, as shells report it."""


class HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Name the default of every option that has one; `None` and `False` would tell nobody anything."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return super()._get_help_string(action) if action.default else action.help


class Parser(argparse.ArgumentParser):
    """Options whose mistakes are raised, so that they look like all other errors."""

    def error(self, message: str) -> NoReturn:
        raise BadOption(f"{message} (see --help)")


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Accept a whole number between `low` and `high`, both included."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"must be a whole number from {low} to {high}, and is {text!r}")
        return value

    return parse


def number(low: float, high: float, *, low_included: bool = True) -> Callable[[str], float]:
    """Accept a number between `low` and `high`; infinity and NaN are none."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high or not math.isfinite(value) or (value == low and not low_included):
            bound = "from" if low_included else "above"
            to = f" to {high:g}" if math.isfinite(high) else ""
            raise argparse.ArgumentTypeError(f"must be a number {bound} {low:g}{to}, and is {text!r}")
        return value

    return parse


def run(main: Callable[[Sequence[str]], int], arguments: Sequence[str]) -> int:
    """Call `main`, and turn whatever ends it into a sentence and a status."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        return main(arguments)
    except ModelError as error:
        print(f"error: {error}", file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        print("interrupted: nothing half-written is left behind", file=sys.stderr)
        return INTERRUPTED


def _stop(signal_number: int, _frame: FrameType | None) -> NoReturn:
    # An exception unwinds the stack, so that what was begun on disk is removed; the default action does not.
    raise SystemExit(128 + signal_number)
