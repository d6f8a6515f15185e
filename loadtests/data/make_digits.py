"""Make `digits.npz`: a thousand of MNIST's ten thousand test images, a hundred of each digit.

    python -m loadtests.data.make_digits ~/.cache/ecluse/mnist loadtests/data/digits.npz

They are the first hundred of each digit, in their order, of the half that no
model here is trained on. The folder holds MNIST's files, unpacked, as training
the reference model leaves them in its cache.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np

OF_EACH = 100
CLASSES = 10
SIDE = 28
IMAGES, IMAGES_HEAD = "t10k-images-idx3-ubyte", 16
LABELS, LABELS_HEAD = "t10k-labels-idx1-ubyte", 8
SHA256 = {
    IMAGES: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    LABELS: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def main(folder: Path, made: Path) -> int:
    try:
        files = {name: (folder / name).read_bytes() for name in SHA256}
    except OSError as fault:
        sys.stderr.write(f"{fault.filename} cannot be read: {fault.strerror}\n")
        return 1
    strange = [name for name, content in files.items() if hashlib.sha256(content).hexdigest() != SHA256[name]]
    if strange:
        sys.stderr.write(f"{folder / strange[0]} is not MNIST's: its SHA-256 is not {SHA256[strange[0]]}\n")
        return 1
    images = np.frombuffer(files[IMAGES], dtype=np.uint8, offset=IMAGES_HEAD).reshape(-1, SIDE, SIDE)
    labels = np.frombuffer(files[LABELS], dtype=np.uint8, offset=LABELS_HEAD)
    chosen = np.sort(np.concatenate([np.flatnonzero(labels == digit)[:OF_EACH] for digit in range(CLASSES)]))
    np.savez_compressed(made, images=images[chosen], labels=labels[chosen])
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"{__doc__}")
    sys.exit(main(Path(sys.argv[1]).expanduser(), Path(sys.argv[2])))
