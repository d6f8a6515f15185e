"""Pure work that is too long for the event loop, on a few threads beside it.

For decoding and encoding large bodies. The threads share the interpreter with
the loop, so this keeps the loop answering only where the work lets go of it:
zlib does, and so does whatever is done in many short steps.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")

THREADS = 2
"""Each may hold a body and what becomes of it; more would take time from the loop and the model."""

_pool = ThreadPoolExecutor(THREADS, thread_name_prefix="off_loop")


def off_loop(work: Callable[..., T], *arguments: Any) -> "asyncio.Future[T]":
    """Do the work when a thread is free; it must touch nothing that the loop does."""
    return asyncio.get_running_loop().run_in_executor(_pool, partial(work, *arguments))
