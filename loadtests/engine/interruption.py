"""Ctrl-C, SIGTERM, a terminal that goes away: the first ends the run with all its reports, the second at once."""

import os
import signal
from collections.abc import Callable, Sequence

import gevent
from gevent.event import Event

from loadtests.verdict.result import Status


class Interruption:
    """Listens from when it is made. A second signal ends the process, after what stands in `at_once` by then."""

    def __init__(self, at_once: Sequence[Callable[[], None]]) -> None:
        self._at_once = at_once
        self._asked = Event()
        self.words = ""
        """What the run was told, for people; empty while it was not."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup lets a run outlive its terminal.
            if signal.getsignal(number) is not signal.SIG_IGN or number != signal.SIGHUP:
                gevent.signal_handler(number, self._hear, number)

    def wait(self, seconds: float) -> bool:
        """Wait so long, or until told to end; say whether it was."""
        return bool(self._asked.wait(seconds))

    def _hear(self, number: signal.Signals) -> None:
        if self._asked.is_set():
            for end in self._at_once:
                end()
            os._exit(Status.INTERRUPTED)
        self.words = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
        self._asked.set()
