"""A version folder: all of it, or nothing.

`models/mnist/3` is what TensorFlow Serving and KServe expect under a model's
name: a SavedModel per number. It is written beside, under a hidden name in the
same parent, and renamed when it is whole; whatever ends the command before that
takes the hidden folder with it. What is ours and not TensorFlow's lies in
`assets.extra/` inside the version, so that a copy of the folder misses nothing.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from model.errors import NotWritten, UnreadableModel, VersionExists

ASSETS = "assets.extra"
"""Where TensorFlow Serving looks for warm-up records, and ignores what it does not know."""


def versions(model_folder: Path) -> list[int]:
    """The version numbers in a model's folder, oldest first."""
    if not model_folder.is_dir():
        return []
    return sorted(int(child.name) for child in model_folder.iterdir() if _is_version(child))


def newest(path: Path) -> Path:
    """The version folder that `path` is, or the newest of those it holds."""
    if not path.is_dir():
        raise UnreadableModel(path, "there is no such folder")
    if (path / "saved_model.pb").is_file():
        return path
    found = versions(path)
    if not found:
        raise UnreadableModel(path, "it holds neither saved_model.pb nor a numbered version")
    return path / str(found[-1])


@contextmanager
def staged(model_folder: Path, version: int | None) -> Iterator[tuple[Path, Path]]:
    """Give a folder to write into and the name it gets when the block ends well.

    The folder is made at once: a disk that refuses says so before an hour of
    training, not after it. Without `version` the next free number is taken.
    """
    try:
        final = model_folder / str(version or max(versions(model_folder), default=0) + 1)
        if final.exists():
            raise VersionExists(final)
        made = [folder for folder in (model_folder, *model_folder.parents) if not folder.exists()]
        beside = model_folder / f".{final.name}.{os.getpid()}"
    except OSError as error:
        raise NotWritten(model_folder, error.strerror or str(error)) from error
    try:
        (beside / ASSETS).mkdir(parents=True)
        yield beside, final
        # A rename onto a folder fails unless that one is empty, so a rival that was quicker is never overwritten.
        beside.rename(final)
    except BaseException as error:
        shutil.rmtree(beside, ignore_errors=True)
        _remove_empty(made)
        if isinstance(error, OSError):
            raise NotWritten(final, error.strerror or str(error)) from error
        raise


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")


def _is_version(folder: Path) -> bool:
    return folder.name.isascii() and folder.name.isdigit() and folder.is_dir()


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return
