"""What signals mean to a rollout.

SIGINT is a wish that the loop takes up when it next looks; a second one is a
stronger wish. SIGTERM and SIGHUP leave at once, as a kill would, only with the
lock given back: all that matters is written down before it is done.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(BaseException):
    """Leave at once. No Exception, so that nobody who mends errors takes it for one."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Interruptions:
    """How often somebody pressed Ctrl-C."""

    def __init__(self) -> None:
        self.times = 0

    def interrupt(self, _number: int, _frame: FrameType | None) -> None:
        """Count one more."""
        self.times += 1


def _terminate(number: int, _frame: FrameType | None) -> None:
    # From here on a second one ends the process whatever it does.
    signal.signal(number, signal.SIG_DFL)
    raise Terminated(number)


@contextmanager
def listening() -> Iterator[Interruptions]:
    """Take the signals, and give them back."""
    interruptions = Interruptions()
    handlers: dict[signal.Signals, Callable[[int, FrameType | None], None]] = {
        signal.SIGINT: interruptions.interrupt,
        signal.SIGTERM: _terminate,
        signal.SIGHUP: _terminate,
    }
    # What whoever started it has it ignore, as nohup does with SIGHUP, stays ignored.
    heard = [number for number in handlers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handlers[number]) for number in heard}
    try:
        yield interruptions
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
