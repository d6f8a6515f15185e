"""A mounted file of keys, kept current.

Read once at start-up, where a mistake ends the process, and again whenever it
changes, where a mistake leaves the keys of before in force and is logged: a
slip of the pen must neither open the server nor close it.
"""

from pathlib import Path

from serving import logs
from serving.api_keys import ApiKeys, BadKeyFile, parse
from serving.errors import StartupError
from serving.file_watch import SECONDS, FileWatch

LARGEST_BYTES = 1024 * 1024
"""What is larger is no file of keys, and must not be read on the event loop."""


class KeyFile:
    """The keys of one file; call it for those of now."""

    def __init__(self, path: Path, *, seconds: float = SECONDS) -> None:
        """Read the file; raises StartupError where it cannot be."""
        self._path = path
        self._watch = FileWatch([path], self._read_again, seconds=seconds)
        try:
            self._keys = _read(path)
        except BadKeyFile as error:
            raise StartupError(f"the file of keys {path} cannot be used: {error}") from error

    def __call__(self) -> ApiKeys:
        return self._keys

    def start(self) -> None:
        """Begin to look for changes."""
        self._watch.start()

    def stop(self) -> None:
        self._watch.stop()

    def _read_again(self) -> None:
        try:
            self._keys = _read(self._path)
        except BadKeyFile as error:
            logs.event("keys_kept", level=logs.ERROR, path=str(self._path), reason=str(error))
        else:
            names = [name for name, _ in self._keys.sums]
            logs.event("keys_read", path=str(self._path), names=names)


def _read(path: Path) -> ApiKeys:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise BadKeyFile(error.strerror or type(error).__name__) from error
    if len(content) > LARGEST_BYTES:
        raise BadKeyFile(f"it has more than {LARGEST_BYTES} bytes")
    try:
        return parse(content.decode())
    except UnicodeDecodeError:
        raise BadKeyFile("it is not UTF-8") from None
