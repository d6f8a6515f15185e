"""Running a coroutine at once and without a Task, up to its first wait and on from there.

A Task starts a turn of the event loop later and costs several microseconds; most
requests need neither. `Steps` is what Python 3.12 calls an eager task, with less:
no name, no context of its own, and `asyncio.current_task()` knows nothing of it.
So `asyncio.timeout` and what builds on it do not work inside: code of a user's
own, which may use them, is given a real Task (`in_task`) by whoever calls it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Steps(Generic[T]):
    """A coroutine under way."""

    __slots__ = ("_coroutine", "_finished", "_is_cancelled", "_waits_for")

    def __init__(
        self, coroutine: Coroutine[Any, Any, T], finished: Callable[[T | None, BaseException | None], None]
    ) -> None:
        """Run the coroutine to its first wait. `finished` is called once, perhaps before this returns.

        It gets the result, or what was raised; CancelledError where `cancel` had its way.
        """
        self._coroutine = coroutine
        self._finished = finished
        self._waits_for: asyncio.Future[Any] | None = None
        self._is_cancelled = False
        self._step()

    def cancel(self) -> None:
        """Raise CancelledError in the coroutine where it waits; nothing happens once it has finished."""
        waits_for = self._waits_for
        if waits_for is None or waits_for.cancel():
            return
        # It has its result already, and the next turn would hand it over.
        self._is_cancelled = True

    def _step(self, _: "asyncio.Future[Any] | None" = None) -> None:
        self._waits_for = None
        try:
            if self._is_cancelled:
                self._is_cancelled = False
                waits_for = self._coroutine.throw(asyncio.CancelledError())
            else:
                waits_for = self._coroutine.send(None)
        except StopIteration as stopped:
            self._finished(stopped.value, None)
            return
        # Everything: it is told to whoever asked for the coroutine, who knows what to make of it.
        except BaseException as error:  # noqa: BLE001
            self._finished(None, error)
            return
        if waits_for is None:  # a bare `yield`, which is what asyncio.sleep(0) does
            loop = asyncio.get_running_loop()
            waits_for = loop.create_future()
            loop.call_soon(_let_go, waits_for)
        else:
            # How a future knows that it is awaited and not passed on; a Task does the same.
            waits_for._asyncio_future_blocking = False  # noqa: SLF001
        self._waits_for = waits_for
        waits_for.add_done_callback(self._step)


async def in_task(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run the coroutine as a real Task, which is cancelled with whoever waits for it here."""
    return await asyncio.ensure_future(coroutine)


def _let_go(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
