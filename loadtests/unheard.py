"""Words that nobody hears any more: whoever reads what a command says may leave, as `head` and a lost terminal do.

A run of hours is not ended by that, and its exit status stays its own.
"""

import errno
import os
from collections.abc import Collection
from contextlib import suppress
from typing import Any, TextIO

GONE = frozenset({errno.EPIPE, errno.EIO})
"""The reader of a pipe has left, or the terminal is no more."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""A log takes nothing more, which ends a run as little: what counts is written elsewhere."""


class Unheard:
    """Passes words on for as long as there is somebody to read them, and is otherwise the stream that it is made of."""

    def __init__(self, stream: TextIO, borne: Collection[int] = GONE) -> None:
        """`borne` are the faults after which all goes to nowhere; any other is raised."""
        self._stream = stream
        self._borne = borne

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except OSError as fault:
            self._leave(fault)
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except OSError as fault:
            self._leave(fault)

    def _leave(self, fault: OSError) -> None:
        """From here on all goes to nowhere, also what the interpreter flushes at its end."""
        if fault.errno not in self._borne:
            raise fault
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
