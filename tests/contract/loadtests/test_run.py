"""A run from its command line: what its workers send together, and what becomes of it when something is amiss."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from loadtests.measure.outcome import Outcome
from loadtests.measure.run import Run
from loadtests.verdict.result import Status
from tests.contract.loadtests.trial import ROOT, START_SECONDS, FaultyServer, Load, load, profile_file

LOAD: dict[str, Any] = {
    "summary": "Does what is asked arrive?",
    "rate": 60,
    "streams": [
        {"name": "v2-binary", "protocol": "v2", "format": "binary"},
        {"name": "grpc", "protocol": "grpc", "format": "binary"},
    ],
    "phases": [{"name": "steady", "role": "load", "seconds": 3}],
    "gates": [{"measure": "error_ratio", "most": 0}],
    # Tests share their cores: how late a request is sent is not what they ask.
    "generator": {"lag_p99_seconds": 2, "busy_ratio": 1},
}
CHANGE = {
    **LOAD,
    "phases": [
        {"name": "before", "role": "baseline", "seconds": 1},
        {"name": "during", "role": "change", "seconds": 1},
        {"name": "after", "role": "after", "seconds": 1},
    ],
    "change": {"settle_seconds": 1},
}
LONG = {**LOAD, "phases": [{"name": "steady", "role": "load", "seconds": 60}]}


@pytest.fixture(scope="module")
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as running:
        yield running


@pytest.fixture
def options(server: FaultyServer, tmp_path: Path) -> Callable[..., list[str]]:
    """Give the command line of a profile on the server."""

    def of(profile: dict[str, Any], *more: str) -> list[str]:
        file = profile_file(tmp_path, "asked", profile)
        return [*("--profile", str(file), "--url", server.url, "--grpc", server.grpc, "--model", "mnist"), *more]

    return of


def sent(run: Run) -> dict[tuple[int, str], int]:
    return {key: cell.total for key, cell in run.timeline.cells.items()}


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def worker(*options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "loadtests", "worker", *options]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """Find the workers that a run has begun, by what it told them of itself."""
    mark = f"\0--of\0{process.pid}\0"
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark in path.read_text():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def until(is_so: Callable[[], object]) -> None:
    limit = time.monotonic() + START_SECONDS
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_workers_send_together_what_one_sends_alone(options: Callable[..., list[str]], tmp_path: Path) -> None:
    alone, _ = load(tmp_path / "alone", *options(LOAD)).read()
    told = load(tmp_path / "together", *options(LOAD, "--workers", "3"))
    together, _ = told.read()

    assert told.status == Status.PASSED, told.said
    assert sent(together) == sent(alone)
    assert sum(sent(alone).values()) == sum(span.planned for span in alone.spans)
    assert len({meter.worker for meter in together.generator}) == 3
    assert {meter.second for meter in together.generator} >= {0, 1, 2}


def test_workers_may_come_before_their_master(options: Callable[..., list[str]], tmp_path: Path) -> None:
    port = free_port()
    come = [worker("--master", f"127.0.0.1:{port}") for _ in range(2)]
    try:
        told = load(tmp_path / "run", *options(LOAD, "--expect-workers", "2", "--port", str(port)))
        assert told.status == Status.PASSED, told.said
        assert [each.wait(START_SECONDS) for each in come] == [Status.PASSED, Status.PASSED]
    finally:
        for each in come:
            each.kill()
            each.communicate()
    run, _ = told.read()
    assert run.workers == 2
    assert run.timeline.over(0, 3).count(Outcome.OK) == run.spans[0].planned


def test_a_worker_that_comes_late_takes_nothing_from_those_that_are_at_work(
    options: Callable[..., list[str]], tmp_path: Path
) -> None:
    port = str(free_port())
    begun = [worker("--master", f"127.0.0.1:{port}") for _ in range(2)]
    late: list[subprocess.Popen[str]] = []

    def come(running: Load) -> None:
        running.wait_until_under_way(0.0)
        late.append(worker("--master", f"127.0.0.1:{port}"))
        late[0].wait(START_SECONDS)

    longer = {**LOAD, "phases": [{"name": "steady", "role": "load", "seconds": 8}]}
    told = load(tmp_path / "out", *options(longer, "--expect-workers", "2", "--port", port), during=come)
    for each in [*begun, *late]:
        each.communicate(timeout=START_SECONDS)
    run, _ = told.read()
    assert late[0].returncode == Status.USAGE
    assert (told.status, run.troubles) == (Status.PASSED, []), told.said
    assert sum(sent(run).values()) == run.spans[0].planned


def test_a_run_goes_on_when_nobody_reads_what_it_says(options: Callable[..., list[str]], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "loadtests", "run", "--out", str(tmp_path / "out"), *options(LOAD)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.wait(START_SECONDS + 3) == Status.PASSED
    assert (tmp_path / "out" / "run.json").exists()


def test_workers_that_do_not_come_are_told_of(options: Callable[..., list[str]], tmp_path: Path) -> None:
    port = str(free_port())
    told = load(tmp_path / "run", *options(LOAD, "--expect-workers", "2", "--port", port, "--worker-wait", "0.5"))
    assert told.status == Status.INCONCLUSIVE
    assert told.stderr.splitlines()[-1] == f"loadtests: 0 of 2 workers came to port {port} in 0.5 s"


def test_a_worker_without_a_master_ends_in_a_sentence() -> None:
    port = free_port()
    alone = worker("--master", f"127.0.0.1:{port}", "--wait", "0")
    _, words = alone.communicate(timeout=START_SECONDS)
    assert alone.returncode == Status.INCONCLUSIVE
    assert words == f"loadtests: no master was at 127.0.0.1:{port} in 0 s: Connection refused\n"


def test_a_worker_that_waits_says_so() -> None:
    port = free_port()
    alone = worker("--master", f"127.0.0.1:{port}", "--wait", "1")
    _, words = alone.communicate(timeout=START_SECONDS)
    waiting = f"loadtests: waiting for the master at 127.0.0.1:{port}, which is not there yet (Connection refused)"
    assert words.splitlines()[0] == f"{waiting}, for 1 s"
    assert len(words.splitlines()) == 2


def test_a_worker_that_is_killed_makes_the_run_inconclusive_and_no_pass(
    options: Callable[..., list[str]], tmp_path: Path
) -> None:
    def kill_one(running: Load) -> None:
        running.wait_until_under_way(1)
        os.kill(workers_of(running.process)[0], signal.SIGKILL)

    profile = {**LOAD, "phases": [{"name": "steady", "role": "load", "seconds": 5}]}
    told = load(tmp_path / "run", *options(profile, "--workers", "2"), during=kill_one)
    assert told.status == Status.INCONCLUSIVE, told.said
    run, _ = told.read()
    assert re.fullmatch(r"worker [12] \(process \d+\) ended with status -9", run.troubles[0])
    assert 0 < run.timeline.over(0, 5).total < run.spans[0].planned


def test_workers_end_with_the_master_that_began_them(options: Callable[..., list[str]], tmp_path: Path) -> None:
    begun: list[int] = []

    def kill_master(running: Load) -> None:
        running.wait_until_under_way(0)
        begun.extend(workers_of(running.process))
        running.process.kill()

    load(tmp_path / "run", *options(LONG, "--workers", "2"), during=kill_master)
    assert len(begun) == 2
    until(lambda: not any(Path(f"/proc/{each}").exists() for each in begun))
    assert "the master is gone" in (tmp_path / "run" / "worker-1.log").read_text()


def test_one_who_is_told_to_end_writes_all_reports_and_leaves_nobody_behind(
    options: Callable[..., list[str]], tmp_path: Path
) -> None:
    begun: list[int] = []

    def terminate(running: Load) -> None:
        running.wait_until_under_way(1)
        begun.extend(workers_of(running.process))
        running.process.terminate()

    told = load(tmp_path / "run", *options(LONG, "--workers", "2"), during=terminate)
    assert told.status == Status.INTERRUPTED
    run, _ = told.read()
    assert run.cut_off.startswith("it was told to end by SIGTERM at second ")
    assert not run.spans[0].is_complete
    assert run.timeline.over(0, run.spans[0].ended).count(Outcome.OK) == run.spans[0].planned
    assert {"run.json", "junit.xml", "summary.md"} <= {path.name for path in told.out.iterdir()}
    assert not any(Path(f"/proc/{each}").exists() for each in begun)


def test_answers_are_not_waited_for_for_ever(tmp_path: Path) -> None:
    def interrupt(running: Load) -> None:
        running.wait_until_under_way(1)
        running.process.send_signal(signal.SIGINT)

    with FaultyServer("slow,seconds=60") as slow:
        file = profile_file(tmp_path, "asked", {**LONG, "streams": LOAD["streams"][:1], "timeout_seconds": 60})
        options = ("--profile", str(file), "--url", slow.url, "--model", "mnist")
        told = load(tmp_path / "run", *options, during=interrupt)
    assert told.status == Status.INTERRUPTED
    run, _ = told.read()
    assert re.search(r"; \d+ requests had no answer 5 s later, and are not counted$", run.cut_off)


def test_who_is_told_twice_ends_at_once(tmp_path: Path) -> None:
    def interrupt_twice(running: Load) -> None:
        running.wait_until_under_way(1)
        running.process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        running.process.send_signal(signal.SIGINT)

    with FaultyServer("slow,seconds=60") as slow:
        file = profile_file(tmp_path, "asked", {**LONG, "streams": LOAD["streams"][:1], "timeout_seconds": 60})
        told = load(
            tmp_path / "run",
            *("--profile", str(file), "--url", slow.url, "--model", "mnist"),
            during=interrupt_twice,
        )
    assert told.status == Status.INTERRUPTED
    assert not (told.out / "run.json").exists()


@pytest.mark.parametrize(
    ("command", "status", "words"),
    [
        ("sh -c 'echo begins; echo ends'", Status.PASSED, ""),
        ("sh -c 'echo no such release; exit 7'", Status.FAILED, "it ended with status 7: no such release"),
    ],
    ids=["well", "badly"],
)
def test_a_change_is_performed_beside_the_load(
    options: Callable[..., list[str]], tmp_path: Path, command: str, status: Status, words: str
) -> None:
    told = load(tmp_path / "run", *options(CHANGE, "--change", command))
    assert told.status == status, told.said
    assert words in told.stdout
    run, _ = told.read()
    assert run.change is not None
    assert run.change.trouble == words
    before, during, after = run.spans
    assert before.ended <= run.change.began < during.ended
    # It is settled for a second, and what follows is announced ahead.
    assert during.ended >= run.change.began + 1
    assert after.seconds == 1
    assert run.timeline.over(before.began, after.ended).count(Outcome.OK) == sum(span.planned for span in run.spans)
    if status is Status.PASSED:
        assert (told.out / "change.log").read_text() == "begins\nends\n"


def test_a_change_that_cannot_be_performed_is_told_of_before_the_load(
    options: Callable[..., list[str]], tmp_path: Path
) -> None:
    told = load(tmp_path / "run", *options(CHANGE, "--change", "no-such-program"))
    assert told.status == Status.USAGE
    assert told.stderr == "loadtests: the change begins with 'no-such-program', and there is no such command\n"


def test_a_run_that_is_cut_off_ends_its_change(options: Callable[..., list[str]], tmp_path: Path) -> None:
    mark = tmp_path / "process"

    def terminate(running: Load) -> None:
        until(mark.exists)
        running.process.terminate()

    told = load(
        tmp_path / "run", *options(CHANGE, "--change", f"sh -c 'echo $$ > {mark}; exec sleep 60'"), during=terminate
    )
    assert told.status == Status.INTERRUPTED
    run, _ = told.read()
    assert run.change is not None
    assert run.change.trouble == "it was ended with the run"
    assert not Path(f"/proc/{mark.read_text().strip()}").exists()


def test_who_scrapes_a_run_hears_of_its_verdict(options: Callable[..., list[str]], tmp_path: Path) -> None:
    port = free_port()
    scrapes: list[str] = []

    def scrape(running: Load) -> None:
        running.wait_until_under_way(0)
        while running.process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                    scrapes.append(answer.read().decode())
            except OSError:
                break
            time.sleep(1)

    told = load(tmp_path / "run", *options(LOAD, "--metrics-port", str(port)), during=scrape)
    assert told.status == Status.PASSED, told.said
    run, _ = told.read()
    assert 'verdict="running"' in scrapes[0]
    assert 'verdict="passed"' in scrapes[-1]
    counted = re.findall(r"^loadtest_requests_total\{.*\} (\d+)\.0$", scrapes[-1], re.MULTILINE)
    assert sum(map(int, counted)) == run.timeline.over(0, 3).total


@pytest.mark.parametrize(
    ("more", "status", "words"),
    [
        (
            ["--url", "http://{closed}"],
            Status.UNREACHABLE,
            "http://{closed} cannot be reached: Connection refused",
        ),
        (["--grpc", "{closed}"], Status.UNREACHABLE, "{closed} cannot be reached for gRPC: Connection refused"),
        (["--model", "other"], Status.UNREACHABLE, "/v2/models/other"),
        (["--url", "ftp://a"], Status.USAGE, "the address 'ftp://a' must be as http://HOST:PORT or https://HOST:PORT"),
        (
            ["--grpc", ""],
            Status.USAGE,
            "grpc of the profile asks over gRPC: where it is must be named by --grpc HOST:PORT",
        ),
        (["--model", ""], Status.USAGE, "v2-binary of the profile names no model: it must be named by --model NAME"),
        (["--ca", "README.md"], Status.USAGE, "README.md holds no certificate in PEM"),
        (["--data", "README.md"], Status.USAGE, "README.md is no file of NumPy's (npz)"),
        (["--workers", "2", "--expect-workers", "2"], Status.USAGE, "one of the two"),
    ],
    ids=[
        "nobody there",
        "no gRPC there",
        "no model",
        "no address",
        "no gRPC",
        "no name",
        "no certificate",
        "no rows",
        "both",
    ],
)
def test_what_is_wrong_beforehand_is_told_in_a_sentence(
    options: Callable[..., list[str]], tmp_path: Path, more: list[str], status: Status, words: str
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and nobody listens
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        more = [word.replace("{closed}", address) for word in more]
        told = load(tmp_path / "run", *options(LOAD, "--wait-ready", "0", "--quiet", *more))
    assert told.status == status, told.said
    assert words.replace("{closed}", address) in told.stderr
    assert len(told.stderr.splitlines()) == 1, told.stderr
    assert not (tmp_path / "run").exists()


def test_the_commands_that_put_load_on_import_nothing_that_must_be_patched() -> None:
    commands = "import sys, loadtests.commands.run, loadtests.commands.worker"
    look = f"{commands}; print({{'ssl', 'grpc', 'gevent'}} & {{*sys.modules}})"
    told = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"
