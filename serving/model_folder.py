"""Which SavedModels a folder means.

A folder is either a SavedModel itself or holds numbered versions; a folder of
models holds such folders. Looks at names, sizes and times of files and reads no
model, so a wrong path is told before TensorFlow is even imported, and looking
again every other second costs little.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from serving.errors import StartupError
from serving.versions import by_number

GRAPH_FILES = ("saved_model.pb", "saved_model.pbtxt")

KERAS_SUFFIXES = (".keras", ".h5")
"""What `model.save` writes, which only Keras itself can read."""

SHARD = re.compile(r"variables\.data-\d{5}-of-(\d{5})")

Content = frozenset[tuple[str, int, int]]
"""Path, size and time of each file: two looks that agree saw the same model."""


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A SavedModel on disk and the version it is served as."""

    version: str
    folder: Path


def find_versions(folder: Path) -> list[ModelVersion]:
    """Give the versions in a folder, oldest first, at least one; raises StartupError with what was found instead."""
    try:
        return _find(folder)
    except OSError as error:
        raise StartupError(f"model folder {folder} cannot be read: {error.strerror}") from error


def find_models(folder: Path) -> dict[str, Path]:
    """Give the models in a folder of models by name, perhaps none; raises StartupError where it cannot be read."""
    try:
        children = sorted(folder.iterdir())
        # A name that starts with a dot is a copy on its way here, or what a volume keeps of itself.
        return {child.name: child for child in children if _is_name(child.name) and _holds_model(child)}
    except OSError as error:
        raise StartupError(f"folder of models {folder} cannot be read: {error.strerror}") from error


def look_at(folder: Path) -> Content:
    """Take down the state of every file of a version; raises OSError."""
    return frozenset(_files(folder, ""))


def is_complete(content: Content) -> bool:
    """Whether no file is missing that a SavedModel's own names promise."""
    names = {name for name, _, _ in content}
    if not names.intersection(GRAPH_FILES):
        return False
    inside = {name.removeprefix("variables/") for name in names if name.startswith("variables/")}
    shards = [match for match in map(SHARD.fullmatch, inside) if match]
    promised = {int(match[1]) for match in shards}
    return not inside or ("variables.index" in inside and promised == {len(shards)})


def _find(folder: Path) -> list[ModelVersion]:
    if folder.suffix in KERAS_SUFFIXES and folder.is_file():
        raise StartupError(f"{folder} is a file of Keras and no SavedModel: write one with model.export(FOLDER)")
    if not folder.is_dir():
        raise StartupError(f"model folder {folder} does not exist or is not a folder")
    if _is_saved_model(folder):
        version = folder.resolve().name
        return [ModelVersion(version if version.isdecimal() else "1", folder)]
    children = list(folder.iterdir())
    versions = [child for child in children if child.name.isdecimal() and _is_saved_model(child)]
    if not versions:
        names = ", ".join(sorted(child.name for child in children)[:5]) or "nothing"
        raise StartupError(
            f"model folder {folder} holds neither saved_model.pb nor a numbered version with one; it holds {names}"
        )
    return [ModelVersion(child.name, child) for child in sorted(versions, key=lambda child: by_number(child.name))]


def _files(folder: Path, inside: str) -> Iterator[tuple[str, int, int]]:
    for child in folder.iterdir():
        if child.is_dir():
            yield from _files(child, f"{inside}{child.name}/")
        else:
            seen = child.stat()
            yield f"{inside}{child.name}", seen.st_size, seen.st_mtime_ns


def _is_saved_model(folder: Path) -> bool:
    return any((folder / name).is_file() for name in GRAPH_FILES)


def _holds_model(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    return _is_saved_model(folder) or any(
        child.name.isdecimal() and _is_saved_model(child) for child in folder.iterdir()
    )


def _is_name(name: str) -> bool:
    return re.fullmatch(r"[^./:\s][^/:\s]*", name) is not None
