"""Which SavedModel a folder means.

A folder is either a SavedModel itself or holds numbered versions, of which the
newest wins. Looks at names and at the presence of a file; reads no model, so a
wrong path is told before TensorFlow is even imported.
"""

from dataclasses import dataclass
from pathlib import Path

from serving.errors import StartupError

GRAPH_FILES = ("saved_model.pb", "saved_model.pbtxt")

KERAS_SUFFIXES = (".keras", ".h5")
"""What `model.save` writes, which only Keras itself can read."""


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A SavedModel on disk and the version it is served as."""

    version: str
    folder: Path


def find_version(folder: Path) -> ModelVersion:
    """Choose the version to serve; raises StartupError with what was found instead."""
    try:
        return _find(folder)
    except OSError as error:
        raise StartupError(f"model folder {folder} cannot be read: {error.strerror}") from error


def _find(folder: Path) -> ModelVersion:
    if folder.suffix in KERAS_SUFFIXES and folder.is_file():
        raise StartupError(f"{folder} is a file of Keras and no SavedModel: write one with model.export(FOLDER)")
    if not folder.is_dir():
        raise StartupError(f"model folder {folder} does not exist or is not a folder")
    if _is_saved_model(folder):
        version = folder.resolve().name
        return ModelVersion(version if version.isdecimal() else "1", folder)
    children = list(folder.iterdir())
    versions = [child for child in children if child.name.isdecimal() and _is_saved_model(child)]
    if not versions:
        names = ", ".join(sorted(child.name for child in children)[:5]) or "nothing"
        raise StartupError(
            f"model folder {folder} holds neither saved_model.pb nor a numbered version with one; it holds {names}"
        )
    newest = max(versions, key=lambda child: int(child.name))
    return ModelVersion(newest.name, newest)


def _is_saved_model(folder: Path) -> bool:
    return any((folder / name).is_file() for name in GRAPH_FILES)
