"""A run from its command line: the change it performs, what it tells while it runs, and whom it cannot ask."""

import re
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from loadtests.measure.outcome import Outcome
from loadtests.verdict.result import Status
from tests.contract.loadtests.small_load import CHANGE, LOAD, asked, free_port
from tests.contract.loadtests.together import sees
from tests.contract.loadtests.trial import ROOT, FaultyServer, Load, Told, load


def changed(folder: Path, command: str) -> Told:
    with FaultyServer() as server:
        return load(folder / "run", *asked(folder, server, CHANGE, "--change", command))


def changed_well(folder: Path) -> Told:
    return changed(folder, "sh -c 'echo begins; echo ends'")


def changed_badly(folder: Path) -> Told:
    return changed(folder, "sh -c 'echo no such release; exit 7'")


@sees(changed_well, changed_badly)
def test_a_change_is_performed_beside_the_load_which_is_measured_to_its_end(seen: Told) -> None:
    run, _ = seen.read()
    assert run.change is not None
    before, during, after = run.spans
    assert before.ended <= run.change.began < during.ended
    # It is settled for a second, and what follows is announced ahead.
    assert during.ended >= run.change.began + 1
    assert after.seconds == 1
    assert run.timeline.over(before.began, after.ended).count(Outcome.OK) == sum(span.planned for span in run.spans)


@sees(changed_well)
def test_a_change_that_ends_well_passes_and_what_it_says_is_kept(seen: Told) -> None:
    run, _ = seen.read()
    assert seen.status == Status.PASSED, seen.said
    assert run.change is not None
    assert run.change.trouble == ""
    assert (seen.out / "change.log").read_text() == "begins\nends\n"


@sees(changed_badly)
def test_a_change_that_fails_fails_the_run(seen: Told) -> None:
    run, verdict = seen.read()
    assert seen.status == verdict.status == Status.FAILED, seen.said
    assert run.change is not None
    assert run.change.trouble == "it ended with status 7: no such release"
    assert run.change.trouble in seen.stdout


def scraped(folder: Path) -> tuple[Told, list[str]]:
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
            time.sleep(0.5)

    with FaultyServer() as server:
        options = asked(folder, server, LOAD, "--metrics-port", str(port))
        return load(folder / "run", *options, during=scrape), scrapes


@sees(scraped)
def test_who_scrapes_a_run_hears_of_its_verdict(seen: tuple[Told, list[str]]) -> None:
    told, scrapes = seen
    assert told.status == Status.PASSED, told.said
    run, _ = told.read()
    assert 'verdict="running"' in scrapes[0]
    assert 'verdict="passed"' in scrapes[-1]
    counted = re.findall(r"^loadtest_requests_total\{.*\} (\d+)\.0$", scrapes[-1], re.MULTILINE)
    assert sum(map(int, counted)) == run.timeline.over(0, 2).total


@dataclass(frozen=True, slots=True)
class Refused:
    told: Told
    sentence: str
    """What it must say."""


def refused(folder: Path, sentence: str, *more: str) -> Refused:
    """`{closed}` is where nobody listens."""
    with FaultyServer() as server, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and nobody listens
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        options = [word.replace("{closed}", address) for word in more]
        told = load(folder / "run", *asked(folder, server, LOAD, "--wait-ready", "0", "--quiet", *options))
    return Refused(told, sentence.replace("{closed}", address))


def nobody_there(folder: Path) -> Refused:
    return refused(folder, "http://{closed} cannot be reached: Connection refused", "--url", "http://{closed}")


def no_grpc_there(folder: Path) -> Refused:
    return refused(folder, "{closed} cannot be reached for gRPC: Connection refused", "--grpc", "{closed}")


def no_such_model(folder: Path) -> Refused:
    return refused(folder, "/v2/models/other", "--model", "other")


@sees(nobody_there, no_grpc_there, no_such_model)
def test_a_target_that_cannot_be_asked_is_told_of_in_a_sentence(seen: Refused) -> None:
    assert seen.told.status == Status.UNREACHABLE, seen.told.said
    assert seen.sentence in seen.told.stderr
    assert len(seen.told.stderr.splitlines()) == 1, seen.told.stderr
    assert not seen.told.out.exists()


def test_the_commands_that_put_load_on_import_nothing_that_must_be_patched() -> None:
    commands = "import sys, loadtests.commands.run, loadtests.commands.worker"
    look = f"{commands}; print({{'ssl', 'grpc', 'gevent'}} & {{*sys.modules}})"
    told = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout == "set()\n"
