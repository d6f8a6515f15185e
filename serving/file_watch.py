"""Tells when mounted files change: secrets and certificates are renewed under a running process.

Looks every few seconds, because that is what works on every volume: Kubernetes
renews a mount by moving a link, which no notification on the file itself sees.
Knows nothing of what the files hold.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

SECONDS = 2.0

Mark = tuple[int, int, int, int]


class FileWatch:
    """Calls `changed` on the event loop each time any of the files is another than before."""

    def __init__(self, paths: Sequence[Path], changed: Callable[[], None], *, seconds: float = SECONDS) -> None:
        """What the files are from now on is what counts as unchanged."""
        self._paths = paths
        self._changed = changed
        self._seconds = seconds
        self._seen = self._marks()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._look)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self.start()
        marks = self._marks()
        # While a file is away it is about to come back: a mount is being renewed.
        if marks != self._seen and None not in marks:
            self._seen = marks
            self._changed()

    def _marks(self) -> list[Mark | None]:
        return [_mark(path) for path in self._paths]


def _mark(path: Path) -> Mark | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size)
