"""Slow work on a thread of its own, beside an event loop that goes on answering.

The thread is a daemon, since what it does inside TensorFlow cannot be stopped
and must not hold up the exit of the process.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

THREAD = "loading"
"""How such a thread is named."""


def on_thread(work: Callable[[], T]) -> "asyncio.Future[T]":
    """Run slow work; the future is done on the event loop that asked."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # either a result or an error

    def run() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = work()
        # The border of a thread: what is raised here would otherwise be seen by nobody.
        except BaseException as raised:  # noqa: BLE001
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop may have ended, and then nobody waits
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name=THREAD, daemon=True).start()
    return done
