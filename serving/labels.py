"""What the classes of a model are called, from a file beside it.

`labels.txt`, or `assets.extra/labels.txt` as SavedModels carry files of their
own, has one label a line in the order of the classes. A model without one is
served all the same; one whose file cannot be read is not, because answers that
lose their labels unseen are worse than a start that fails.
"""

from pathlib import Path

from serving.errors import StartupError

PLACES = ("labels.txt", "assets.extra/labels.txt")


def read_labels(folder: Path) -> tuple[str, ...]:
    """Read the labels of the SavedModel in `folder`; raises StartupError where they are no text."""
    for place in PLACES:
        path = folder / place
        if not path.is_file():
            continue
        try:
            return tuple(path.read_text(encoding="utf-8").splitlines())
        except (OSError, UnicodeDecodeError) as error:
            raise StartupError(f"labels {path} cannot be read: {error}") from error
    return ()
