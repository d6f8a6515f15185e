"""A mounted file of keys: mistakes at the start end the process, later ones change nothing."""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from serving.api_keys import parse
from serving.errors import StartupError
from serving.file_watch import FileWatch
from serving.key_file import LARGEST_BYTES, KeyFile


def content(key: str) -> str:
    return f"shop:{hashlib.sha256(key.encode()).hexdigest()}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    write(path, content("first"))
    return path


def write(path: Path, what: str | bytes) -> None:
    path.write_bytes(what if isinstance(what, bytes) else what.encode())


def remove(path: Path) -> None:
    path.unlink()


async def looked(times: int = 1) -> None:
    """Let so many looks of a watch that looks every second happen."""
    await asyncio.sleep(times + 0.5)


@pytest.mark.looptime
async def test_a_changed_file_is_read_again(path: Path) -> None:
    keys = KeyFile(path, parse, seconds=1)
    keys.start()
    write(path, content("the second"))
    assert keys().name_of(b"first") == "shop"
    await looked()
    assert keys().name_of(b"first") is None
    assert keys().name_of(b"the second") == "shop"
    keys.stop()


@pytest.mark.looptime
async def test_a_mount_whose_link_moves_is_read_again(tmp_path: Path) -> None:
    """As Kubernetes renews a secret: `keys` leads through `..data`, which is replaced."""
    for version in ("one", "two"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "keys").write_text(content(version))
    (tmp_path / "..data").symlink_to("one")
    (tmp_path / "keys").symlink_to("..data/keys")
    keys = KeyFile(tmp_path / "keys", parse, seconds=1)
    keys.start()
    (tmp_path / "..new").symlink_to("two")
    (tmp_path / "..new").replace(tmp_path / "..data")
    await looked()
    assert keys().name_of(b"two") == "shop"
    keys.stop()


@pytest.mark.looptime
@pytest.mark.parametrize("broken", [b"", b"shop:plain", b"\xff\xfe", b"#" * (LARGEST_BYTES + 1)])
async def test_a_broken_file_leaves_the_keys_of_before_and_is_told(
    path: Path, broken: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    keys = KeyFile(path, parse, seconds=1)
    keys.start()
    write(path, broken)
    await looked(3)
    assert keys().name_of(b"first") == "shop"
    assert [record.getMessage() for record in caplog.records] == ["keys_kept"]
    write(path, content("mended"))
    await looked()
    assert keys().name_of(b"mended") == "shop"
    keys.stop()


@pytest.mark.looptime
async def test_a_file_that_goes_away_leaves_the_keys_of_before(path: Path) -> None:
    keys = KeyFile(path, parse, seconds=1)
    keys.start()
    remove(path)
    await looked()
    assert keys().name_of(b"first") == "shop"
    write(path, content("back again"))
    await looked()
    assert keys().name_of(b"back again") == "shop"
    keys.stop()


@pytest.mark.looptime
async def test_the_log_names_the_keys_and_not_their_sums(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    keys = KeyFile(path, parse, seconds=1)
    keys.start()
    write(path, content("the second"))
    with caplog.at_level("INFO", "ecluse"):
        await looked()
    keys.stop()
    (record,) = caplog.records
    assert record.__dict__["fields"] == {"path": str(path), "names": ["shop"]}
    assert hashlib.sha256(b"the second").hexdigest() not in json.dumps(record.__dict__, default=str)


@pytest.mark.parametrize("broken", [None, "", "shop:plain"], ids=["no file", "empty", "a plain key"])
def test_a_mistake_at_the_start_ends_it_with_a_sentence(tmp_path: Path, broken: str | None) -> None:
    path = tmp_path / "keys"
    if broken is not None:
        path.write_text(broken)
    with pytest.raises(StartupError, match=r"the file of keys .*keys cannot be used"):
        KeyFile(path, parse)


@pytest.mark.looptime
async def test_a_watch_that_is_stopped_looks_no_more(path: Path) -> None:
    changes: list[None] = []
    watch = FileWatch([path], lambda: changes.append(None), seconds=1)
    watch.start()
    watch.stop()
    write(path, content("the second"))
    await looked(3)
    assert changes == []


@pytest.mark.looptime
async def test_of_several_files_each_change_is_told_once(tmp_path: Path) -> None:
    paths = [tmp_path / "certificate", tmp_path / "key"]
    for path in paths:
        path.write_text("old")
    changes: list[None] = []
    watch = FileWatch(paths, lambda: changes.append(None), seconds=1)
    watch.start()
    for path in paths:
        write(path, "newer")
    await looked(3)
    assert len(changes) == 1
    watch.stop()
