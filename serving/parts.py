"""A request in parts: each runs by itself, and the caller hears of one answer."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

from serving.assembly import cut, join
from serving.queueing import Entry
from serving.signature import Tensors

Observe = Callable[[Tensors, Tensors, int], None]
"""Told of the inputs and outputs of rows that were answered: so many, and behind them there may be padding."""


def joined(parts: Sequence[Entry]) -> "asyncio.Task[Tensors]":
    """Answer with the outputs of all parts; whoever cancels it cancels them."""
    for part in parts:
        part.is_part = True
    answer = asyncio.get_running_loop().create_task(_join(parts))
    # A task that is cancelled before its first step runs none of its code.
    answer.add_done_callback(lambda _: _cancel(parts))
    return answer


def halved(entry: Entry) -> list[Entry]:
    """Part the rows of a request in two, and answer it when both are answered."""
    halves = [
        Entry(part, rows, 0, entry.arrived, entry.timeout, entry.due, entry.level, entry.get_loop())
        for part, rows in cut(entry.tensors, entry.rows, -(-entry.rows // 2))
    ]
    joined(halves).add_done_callback(partial(_pass_on, entry))
    entry.add_done_callback(lambda _: _cancel(halves))
    return halves


def observed(answer: "asyncio.Future[Tensors]", observe: Observe, tensors: Tensors, rows: int) -> None:
    """Tell of a request whose pieces do not count by themselves, once it is answered whole."""

    def tell(ended: "asyncio.Future[Tensors]") -> None:
        if not ended.cancelled() and ended.exception() is None:
            observe(tensors, ended.result(), rows)

    answer.add_done_callback(tell)


async def _join(parts: Sequence[Entry]) -> Tensors:
    return join(await asyncio.gather(*parts))


def _cancel(parts: Sequence[Entry]) -> None:
    for part in parts:
        part.cancel()


def _pass_on(entry: Entry, answer: "asyncio.Task[Tensors]") -> None:
    # Halves are only cancelled where the whole has been answered.
    if entry.done() or answer.cancelled():
        return
    error = answer.exception()
    if error is not None:
        entry.set_exception(error)
    else:
        entry.set_result(answer.result())
