"""The images: from the first link that has them, always in the same split.

The chain is: the path the user named, and then nothing else; or the cache,
Keras' download, npm; and scikit-learn's small digits only where the user has
accepted them. Which link it was goes to the model card with the checksums.
What a link does lies in `links.py`. Nothing here knows of networks.
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from model import idx, links
from model.errors import DamagedData, DataUnavailable, LinkFailed
from model.idx import PARTS, Bytes
from model.links import Arrays

VALIDATION_SHARE = 12
"""One training row in twelve is held out: 5,000 of 60,000."""
TEST_SHARE = 6
"""MNIST has one test row for six training rows; `--rows` keeps that."""

CACHE = "cache"
FALLBACK = "scikit-learn digits"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the images came from, as the model card tells it."""

    link: str
    is_mnist: bool
    sha256: dict[str, str]
    """Of the four uncompressed idx files."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Images and their labels: uint8 [rows, 28, 28] and uint8 [rows]."""

    images: Bytes
    labels: Bytes

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Dataset:
    train: Rows
    validation: Rows
    test: Rows
    source: Source


@dataclass(frozen=True, slots=True)
class Link:
    name: str
    get: Callable[[], Arrays]


def load(path: Path | None, *, allow_fallback: bool, rows: int | None, console: Console) -> Dataset:
    """Get the images and split them; `rows` keeps only the first training rows, for a trial."""
    if path is not None:
        name, arrays = f"--data {path.name}", links.from_path(path)
    else:
        cache = cache_folder()
        chain = [
            Link(CACHE, lambda: links.from_folder(cache)),
            Link("Keras", links.from_keras),
            Link(f"npm {links.NPM_PACKAGE}", links.from_npm),
        ]
        if allow_fallback:
            chain.append(Link(FALLBACK, links.digits))
        name, arrays = first_that_has_them(chain, console)
        if name not in (CACHE, FALLBACK):
            keep(arrays, cache, console)
    if name == FALLBACK:
        console.print("images: these are small digits and not MNIST, and their numbers mean little")
    return split(arrays, Source(name, name != FALLBACK, checksums(arrays)), rows)


def first_that_has_them(chain: Sequence[Link], console: Console) -> tuple[str, Arrays]:
    """Try link after link; a damaged copy is no reason to stop while another link may have a good one."""
    failures: dict[str, str] = {}
    for link in chain:
        try:
            with console.status(f"images: {link.name}"):
                arrays = link.get()
        except (LinkFailed, DamagedData, OSError) as error:
            failures[link.name] = str(error)
            console.print(f"images: not from {link.name} ({error})", soft_wrap=True)
        else:
            console.print(f"images: from {link.name}", soft_wrap=True)
            return link.name, arrays
    raise DataUnavailable(failures)


def split(arrays: Arrays, source: Source, rows: int | None) -> Dataset:
    """Hold out the last twelfth of the training rows, whatever the seed, so that runs can be compared."""
    train_rows = min(rows or len(arrays["train_labels"]), len(arrays["train_labels"]))
    test_rows = len(arrays["test_labels"]) if rows is None else max(1, train_rows // TEST_SHARE)
    border = train_rows - max(1, train_rows // VALIDATION_SHARE)
    images, labels = arrays["train_images"], arrays["train_labels"]
    return Dataset(
        train=Rows(images[:border], labels[:border]),
        validation=Rows(images[border:train_rows], labels[border:train_rows]),
        test=Rows(arrays["test_images"][:test_rows], arrays["test_labels"][:test_rows]),
        source=source,
    )


def checksums(arrays: Arrays) -> dict[str, str]:
    """SHA-256 of each of the four idx files that these arrays would fill."""
    return {
        part.file: idx.checksum(idx.Part(part.file, arrays[name].shape, "").header, arrays[name])
        for name, part in PARTS.items()
    }


def cache_folder() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The specification asks to ignore a relative path, and an unset one is relative too.
    if not base.is_absolute():
        base = Path(os.environ.get("HOME", tempfile.gettempdir())) / ".cache"
    return base / "ecluse" / "mnist"


def keep(arrays: Arrays, folder: Path, console: Console) -> None:
    """Put the four files in the cache, each of them whole or not at all.

    Readers verify every file, so files of two runs side by side do no harm. A
    cache that cannot be written costs the next run a download, and nothing else.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, part in PARTS.items():
            beside = folder / f".{part.file}.{os.getpid()}"
            try:
                beside.write_bytes(idx.encode(part, arrays[name]))
                beside.replace(folder / part.file)
            finally:
                beside.unlink(missing_ok=True)
    except OSError as error:
        console.print(f"images: not cached in {folder} ({error})", soft_wrap=True)
