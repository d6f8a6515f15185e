"""baseline.json on disk: all of it, or nothing.

It is written beside under a hidden name and renamed, so that a server that
loads the model at that moment reads the old file or the new one.
"""

import os
from pathlib import Path
from typing import Any

from model import export
from model.errors import NotWritten


def place(path: Path, content: dict[str, Any]) -> None:
    """Write the file, in place of one that may be there; its folder is made where only that is missing."""
    beside = path.parent / f".{path.name}.{os.getpid()}"
    try:
        if path.is_dir():
            raise NotWritten(path, "it is a folder")
        path.parent.mkdir(exist_ok=True)
        try:
            export.write_json(beside, content)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise NotWritten(path, error.strerror or str(error)) from error
