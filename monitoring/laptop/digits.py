"""Where a laptop's digits come from: the test pictures that training has kept, or those of a folder.

The files are MNIST's own (idx), never trained on, so that a healthy server
looks like its baseline. Without them there is one seven, which is told.
"""

import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Pictures = npt.NDArray[np.uint8]

IMAGES, LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
HEADS = {IMAGES: (2051, 16), LABELS: (2049, 8)}
"""The first number of each file, and where its data begins."""


class NoDigits(Exception):
    """A folder holds no digits that can be read."""


@dataclass(frozen=True, slots=True)
class Digits:
    pictures: Pictures
    """[rows, height, width]"""
    labels: Pictures
    real: bool
    """Whether they are many, as in the baseline, or one picture again and again."""

    def __len__(self) -> int:
        return len(self.labels)


def kept() -> Path:
    """Where training keeps its pictures."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():
        base = Path(os.environ.get("HOME", "/")) / ".cache"
    return base / "ecluse" / "mnist"


def digits(folder: Path | None, example: Path) -> Digits:
    """Those of a folder, if one is given; otherwise the kept ones, otherwise the example's."""
    if folder is not None:
        return read(folder)
    try:
        return read(kept())
    except NoDigits:
        (tensor,) = json.loads(example.read_text())["inputs"]
        picture = np.array(tensor["data"], dtype=np.uint8).reshape(tensor["shape"])
        return Digits(picture, np.array([7], dtype=np.uint8), real=False)


def read(folder: Path) -> Digits:
    try:
        images, labels = ((folder / name).read_bytes() for name in (IMAGES, LABELS))
    except OSError as fault:
        raise NoDigits(f"{folder} holds no {IMAGES} and {LABELS}: {fault}") from fault
    for name, data in ((IMAGES, images), (LABELS, labels)):
        mark, _ = HEADS[name]
        if len(data) < 16 or struct.unpack(">i", data[:4]) != (mark,):
            raise NoDigits(f"{folder / name} is no file of MNIST's; unpack it if it is packed")
    rows, height, width = struct.unpack(">3i", images[4:16])
    answers = np.frombuffer(labels, np.uint8, offset=8)
    pixels = np.frombuffer(images, np.uint8, offset=16)
    if len(answers) != rows or len(pixels) != rows * height * width:
        raise NoDigits(f"{folder} holds {len(answers)} labels and {len(pixels)} pixels for {rows} pictures")
    return Digits(pixels.reshape(rows, height, width), answers, real=True)
