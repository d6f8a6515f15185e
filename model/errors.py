"""What can go wrong between the data and a finished version folder.

ModelError
- BadOption: the command line asks for something that cannot be
- LinkFailed: one way to the images is closed, and the next is tried
- DataUnavailable: no link of the chain has the images
- DamagedData: a file is there, and is not what it should be
- VersionExists: a version is never overwritten
- NotWritten: the disk refused, and what was begun is removed
- LossDiverged: the loss is no longer a number
- UnreadableModel: there is no SavedModel that TensorFlow can load
- UnexpectedSignature: there is one, and it is not a model of digits
- BadRows: a user's own rows cannot be read, or are not what the model takes
- BadAnswers: what the model says to them is not what was expected
- NoBaseline: the rows are too few, or hold nothing to compare with

A message is one sentence: what came, what was expected, which option to turn.
"""

from pathlib import Path


class ModelError(Exception):
    """The command cannot go on, and its message says why to the person who typed it."""


class BadOption(ModelError):
    """An option is unknown, missing or out of its bounds."""


class LinkFailed(ModelError):
    """One way to the images is closed; alone it ends the command only when it was asked for by --data."""


class DataUnavailable(ModelError):
    """Every link of the chain was tried."""

    def __init__(self, failures: dict[str, str]) -> None:
        tried = "; ".join(f"{link}: {reason}" for link, reason in failures.items())
        super().__init__(
            f"MNIST could not be had ({tried}): name a copy with --data, "
            "or accept scikit-learn's small digits with --allow-fallback"
        )


class DamagedData(ModelError):
    """A data file is truncated, altered, or of another format."""


class VersionExists(ModelError):
    """The version folder is there already, and versions are never overwritten."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} exists already: choose another --version, or remove it")


class NotWritten(ModelError):
    """The file system refused: no room, no right, no such place."""

    def __init__(self, what: Path, reason: str) -> None:
        super().__init__(f"{what} could not be written: {reason}")


class LossDiverged(ModelError):
    """Training has left the numbers; going on would only waste time."""

    def __init__(self, *, loss: float, epoch: int, step: int, learning_rate: float) -> None:
        super().__init__(
            f"the loss became {loss} in epoch {epoch} by step {step}: lower --learning-rate, which is {learning_rate:g}"
        )


class UnreadableModel(ModelError):
    """TensorFlow cannot load what the path names."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} is not a readable SavedModel: {reason}")


class UnexpectedSignature(ModelError):
    """The SavedModel loads, but takes or gives something else than digits."""

    def __init__(self, path: Path, *, expected: str, found: str) -> None:
        super().__init__(f"{path} has not the expected signature: expected {expected}; found {found}")


class BadRows(ModelError):
    """The rows that a user gave are unreadable, or not those that the model takes."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")


class BadAnswers(ModelError):
    """The model answers, and its answers are not what the options or the labels promise."""


class NoBaseline(ModelError):
    """Nothing that live rows could be compared with can be made of these."""
