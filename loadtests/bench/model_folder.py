"""Which version of a model is served: the newest of its numbered folders."""

from pathlib import Path


def newest_version(model_dir: Path) -> Path:
    """Take the highest numbered folder, or the folder itself if it is a SavedModel."""
    versions = [each for each in model_dir.iterdir() if each.is_dir() and each.name.isdecimal()]
    return max(versions, key=lambda each: int(each.name), default=model_dir)
