"""A mounted file of keys, kept current.

Read once at start-up, where a mistake ends the process, and again whenever it
changes, where a mistake leaves the keys of before in force and is logged: a
slip of the pen must neither open the server nor close it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from serving import logs
from serving.api_keys import BadKeyFile
from serving.errors import StartupError
from serving.file_watch import SECONDS, FileWatch

LARGEST_BYTES = 1024 * 1024
"""What is larger is no file of keys, and must not be read on the event loop."""


class Keys(Protocol):
    """What a file holds, whatever its keys are for."""

    @property
    def names(self) -> Sequence[str]: ...


K = TypeVar("K", bound=Keys)


class KeyFile(Generic[K]):
    """The keys of one file; call it for those of now."""

    def __init__(self, path: Path, parse: Callable[[str], K], *, seconds: float = SECONDS) -> None:
        """Read the file; raises StartupError where it cannot be. `parse` raises BadKeyFile."""
        self._path = path
        self._parse = parse
        self._watch = FileWatch([path], self._read_again, seconds=seconds)
        try:
            self._keys = parse(_read(path))
        except BadKeyFile as error:
            raise StartupError(f"the file of keys {path} cannot be used: {error}") from error

    def __call__(self) -> K:
        return self._keys

    def start(self) -> None:
        """Begin to look for changes."""
        self._watch.start()

    def stop(self) -> None:
        self._watch.stop()

    def _read_again(self) -> None:
        try:
            self._keys = self._parse(_read(self._path))
        except BadKeyFile as error:
            logs.event("keys_kept", level=logs.ERROR, path=str(self._path), reason=str(error))
        else:
            logs.event("keys_read", path=str(self._path), names=list(self._keys.names))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise BadKeyFile(error.strerror or type(error).__name__) from error
    if len(content) > LARGEST_BYTES:
        raise BadKeyFile(f"it has more than {LARGEST_BYTES} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise BadKeyFile("it is not UTF-8") from None
