"""The four files of MNIST: their format, their sizes, their checksums.

An idx file is a big-endian header (a magic number, then the shape) and the raw
bytes. Whatever way the images came, they are compared with the files that have
been in use since 1998: an array that passes `verify` is the real thing, bit by
bit. Nothing here opens a file.
"""

import hashlib
import math
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.errors import DamagedData

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Part:
    """One of the four files, as it must be when uncompressed."""

    file: str
    shape: tuple[int, ...]
    sha256: str

    @property
    def header(self) -> bytes:
        # 8 is the code of unsigned bytes; the last byte of the magic number counts the dimensions.
        return struct.pack(f">BBBB{len(self.shape)}I", 0, 0, 8, len(self.shape), *self.shape)

    @property
    def size_bytes(self) -> int:
        return len(self.header) + math.prod(self.shape)


PARTS = {
    "train_images": Part(
        "train-images-idx3-ubyte",
        (60_000, 28, 28),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "train_labels": Part(
        "train-labels-idx1-ubyte",
        (60_000,),
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "test_images": Part(
        "t10k-images-idx3-ubyte",
        (10_000, 28, 28),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "test_labels": Part(
        "t10k-labels-idx1-ubyte",
        (10_000,),
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}


def decode(part: Part, payload: bytes) -> Bytes:
    """Read an uncompressed idx file, and refuse anything but the pinned one."""
    if len(payload) != part.size_bytes:
        raise DamagedData(
            f"{part.file} is damaged: it has {len(payload):,} bytes uncompressed, and {part.size_bytes:,} were expected"
        )
    array = np.frombuffer(payload, dtype=np.uint8, offset=len(part.header)).reshape(part.shape)
    if not payload.startswith(part.header):
        raise DamagedData(f"{part.file} is damaged: its header is not that of shape {part.shape}")
    verify(part, array)
    return array


def encode(part: Part, array: Bytes) -> bytes:
    """Write the uncompressed idx file of an array that `verify` has passed."""
    return part.header + array.tobytes()


def verify(part: Part, array: Bytes) -> None:
    """Refuse an array whose idx file would not have the pinned checksum."""
    if array.dtype != np.uint8 or array.shape != part.shape:
        raise DamagedData(
            f"{part.file} is damaged: it holds {array.dtype} {array.shape}, and uint8 {part.shape} was expected"
        )
    found = checksum(part.header, array)
    if found != part.sha256:
        raise DamagedData(
            f"{part.file} is damaged: its SHA-256 is {found[:8]}…{found[-6:]}, "
            f"and {part.sha256[:8]}…{part.sha256[-6:]} was expected"
        )


def checksum(header: bytes, array: Bytes) -> str:
    """SHA-256 of a file with this header and these bytes, in hexadecimal."""
    digest = hashlib.sha256(header)
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
