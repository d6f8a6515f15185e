"""Whatever is wrong at the start is told in one sentence, and no process is left behind."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chaos.conftest import AT_ONCE, NAMED
from tests.servers import COMMAND, LOCAL, ROOT, START_SECONDS, environment

pytestmark = pytest.mark.timeout(300)  # the first test waits for every process of this file

WITHOUT_PRIVILEGES = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""root may read every folder, until it is told not to."""


@dataclass(frozen=True)
class Mistake:
    """What is given to the server, and parts of the sentence that must come back."""

    options: str
    told: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()
    is_about_permission: bool = False


QUICK = "--model_dir {models}/quick"

MISTAKES = {
    "a missing model folder": Mistake("--model_dir {folder}/nowhere", ("nowhere does not exist",)),
    "a name too long for a folder": Mistake(
        "--model_dir {folder}/" + 300 * "a", ("cannot be read: File name too long",)
    ),
    "an empty model folder": Mistake("--model_dir {folder}/empty", ("empty", "holds nothing")),
    "a file in place of the folder": Mistake("--model_dir {folder}/file", ("file", "is not a folder")),
    "a folder that may not be read": Mistake(
        "--model_dir {folder}/closed", ("cannot be read: Permission denied",), is_about_permission=True
    ),
    "a version that may not be read": Mistake(
        "--model_dir {folder}/half_closed", ("cannot be read: Permission denied",), is_about_permission=True
    ),
    "a damaged model": Mistake("--model_dir {folder}/damaged", ("damaged/1 cannot be loaded",)),
    "a model without its weights": Mistake("--model_dir {folder}/no_weights", ("no_weights/1 cannot be loaded",)),
    "a signature that the model lacks": Mistake(
        QUICK + " --signature_name other", ("no signature 'other'", "'serving_default'")
    ),
    "a model that fails in warm-up": Mistake(
        "--model_dir {models}/broken", ("cannot be warmed up", "the model failed: NotFoundError")
    ),
    "an unknown option": Mistake(QUICK + " --batch_size 8", ("unknown option --batch_size",)),
    "an option without its value": Mistake(QUICK + " --http_port", ("--http_port", "expected one argument")),
    "several bad values": Mistake(
        QUICK + " --batch_max_rows 0 --shed_status 500 --drain_timeout_seconds soon --batch_size 8",
        (
            *("--batch_max_rows", "is '0'", "--shed_status", "is 500", "503 or 429"),
            *("--drain_timeout_seconds", "is 'soon'", "HTTP_KEEP_ALIVE_SECONDS", "is 'never'", "--batch_size"),
        ),
        env=(("HTTP_KEEP_ALIVE_SECONDS", "never"),),
    ),
    "one port for both protocols": Mistake(QUICK + " --http_port 9000 --grpc_port 9000", ("both 9000", "must differ")),
    "a taken HTTP port": Mistake(QUICK + " --http_port {taken}", ("HTTP on 127.0.0.1 port {taken}", "in use")),
    "a taken gRPC port": Mistake(QUICK + " --grpc_port {taken}", ("gRPC on 127.0.0.1 port {taken}", "in use")),
    "more than one worker": Mistake(QUICK + " --workers 2", ("--workers 2", "scale by replicas")),
    "a certificate": Mistake(QUICK + " --ssl_certfile x.pem --ssl_keyfile y.pem", ("x.pem cannot be read", "TLS")),
    "a certificate without its key": Mistake(QUICK + " --tls_certificate x.pem", ("tls_key is missing",)),
}


@dataclass(frozen=True)
class Ended:
    """What was left of a server that could not start."""

    status: int
    stdout: str
    stderr: str
    has_leftovers: bool
    """Whether it left a process of its own behind."""


@pytest.fixture(scope="module")
def names(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the options of a mistake speak of."""
    folder = tmp_path_factory.mktemp("mistakes")
    (folder / "empty").mkdir()
    (folder / "file").write_text("no model")
    for name, graph in (
        ("damaged", b"\x0a\xff" + bytes(100)),
        ("no_weights", (models / "quick/1/saved_model.pb").read_bytes()),
    ):
        (folder / name / "1").mkdir(parents=True)
        (folder / name / "1/saved_model.pb").write_bytes(graph)
    closed = (folder / "closed", folder / "half_closed/1")
    for each in closed:
        each.mkdir(parents=True)
        each.chmod(0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield {"models": str(models), "folder": str(folder), "taken": str(listener.getsockname()[1])}
    for each in closed:
        each.chmod(0o700)


@pytest.fixture(scope="module")
def ended(names: dict[str, str]) -> dict[str, Ended]:
    """Make every mistake, a few at a time."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        ends = threads.map(lambda mistake: start(mistake, names), MISTAKES.values())
        return dict(zip(MISTAKES, ends, strict=True))


def start(mistake: Mistake, names: dict[str, str]) -> Ended:
    options = mistake.options.format(**names).split()
    prefix = WITHOUT_PRIVILEGES if mistake.is_about_permission and has_setpriv() else ()
    with subprocess.Popen(
        [*prefix, *COMMAND, *LOCAL, *NAMED, *options],
        cwd=ROOT,
        env=environment(dict(mistake.env)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that whatever it leaves behind can be found
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=START_SECONDS)
        finally:
            process.kill()
    return Ended(process.returncode, stdout, stderr, has_processes(process.pid))


def has_setpriv() -> bool:
    return os.geteuid() == 0 and shutil.which("setpriv") is not None


def has_processes(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_in_one_sentence(name: str, names: dict[str, str], ended: dict[str, Ended]) -> None:
    mistake, end = MISTAKES[name], ended[name]
    if mistake.is_about_permission and os.geteuid() == 0 and not has_setpriv():
        pytest.skip("root may read every folder, and setpriv is not installed")
    told = [line for line in end.stderr.splitlines() if line.startswith("ecluse: ")]
    assert len(told) == 1, end.stderr
    assert [part for part in mistake.told if part.format(**names) not in told[0]] == [], told[0]
    assert end.stderr.rstrip().endswith(told[0]), end.stderr
    assert "Traceback" not in end.stderr + end.stdout
    assert end.status == 1
    assert not end.has_leftovers
