"""Write to whoever reads along, who may leave at any time, as `head` does: that ends the telling and nothing else."""

import os
from contextlib import suppress
from typing import TextIO


def write(words: str, out: TextIO) -> None:
    """Write one or more lines."""
    try:
        out.write(f"{words}\n")
        out.flush()
    except ValueError:
        # Closed by whoever made it.
        pass
    except OSError:
        _forget(out)


def _forget(out: TextIO) -> None:
    """Lead what is still buffered to nowhere, else Python's own end would fail on it and change the exit status."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, out.fileno())
        os.close(nowhere)
