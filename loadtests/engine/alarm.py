"""Wake a greenlet at a moment, to some fifty microseconds, with a processor that sleeps until then.

An event loop rounds its timers up to the next millisecond, which every request
would bear as lag; a timer of the kernel's (timerfd_create(2)) does not. Where
there is none, off Linux, the loop's own timer has to do.
"""

import ctypes
import os
import time

import gevent
from gevent.event import Event

_MONOTONIC = 1
_NONBLOCKING, _CLOSE_ON_EXEC = os.O_NONBLOCK, getattr(os, "O_CLOEXEC", 0)
_ABSOLUTE = 1


class _Moment(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Timer(ctypes.Structure):
    _fields_ = (("interval", _Moment), ("value", _Moment))


class KernelAlarm:
    """Sleeps until a moment of `time.perf_counter`; one greenlet at a time."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._libc.timerfd_create(_MONOTONIC, _NONBLOCKING | _CLOSE_ON_EXEC)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        self._hub = gevent.get_hub()
        self._watcher = self._hub.loop.io(self._descriptor, 1)
        self._timer = _Timer()
        self._reference = ctypes.byref(self._timer)

    def sleep_until(self, moment: float) -> None:
        """Come back at the moment, or when `ring` is called."""
        self._set(moment)
        self._hub.wait(self._watcher)

    def ring(self) -> None:
        """Wake whoever sleeps; a later `sleep_until` is not shortened."""
        self._set(0)

    def _set(self, moment: float) -> None:
        # A moment of zero would disarm it; one that has passed rings at once.
        whole = int(moment)
        self._timer.value.seconds = whole
        self._timer.value.nanoseconds = max(1, int((moment - whole) * 1e9))
        if self._libc.timerfd_settime(self._descriptor, _ABSOLUTE, self._reference, None):
            raise OSError(ctypes.get_errno(), "timerfd_settime")


class LoopAlarm:
    """The same by the timer of the event loop."""

    def __init__(self) -> None:
        self._rung = Event()

    def sleep_until(self, moment: float) -> None:
        self._rung.wait(max(0.0, moment - time.perf_counter()))
        self._rung.clear()

    def ring(self) -> None:
        self._rung.set()


def alarm() -> KernelAlarm | LoopAlarm:
    """Give the better of the two."""
    counts_as_the_kernel = "CLOCK_MONOTONIC" in time.get_clock_info("perf_counter").implementation
    if counts_as_the_kernel and hasattr(ctypes.CDLL(None), "timerfd_create"):
        return KernelAlarm()
    return LoopAlarm()
