"""Measure how many requests a second one core of the load generator holds while it is honest.

`python -m loadtests.bench.generator`: before a stub that answers at once, on a
core of its own, whole runs (`python -m loadtests run`) at rising rates, until
one request in a hundred is sent more than 10 ms late. Beside it, what Locust's
own FastHttpUser and grpcio under gevent take of a processor for a request that
nobody plans and nobody checks.
"""

import json
import os
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import sqrt
from pathlib import Path
from statistics import fmean

import yaml

from loadtests.bench.cores import choose_cores, pinned_to
from loadtests.bench.errors import BenchError
from loadtests.bench.stub_model import HOST, MODEL
from loadtests.measure.outcome import Outcome
from loadtests.report import run_file

REPOSITORY = Path(__file__).resolve().parents[2]
OUT = Path("build/generator")

MOST_LAG_SECONDS = 0.010
FIRST_RATE = 2000.0
GROWTH = 1.5
HALVINGS = 2
TRIES = 2
"""What fails once may have been another's doing: the machine must fail it twice."""
WARM_UP_SECONDS = 2
PLAIN_USERS = {"PlainRest": "v2-binary", "PlainGrpc": "grpc"}
USERS = 16

KINDS: dict[str, dict[str, object]] = {
    "v1": {"protocol": "v1"},
    "v2-json": {"protocol": "v2"},
    "v2-binary": {"protocol": "v2", "format": "binary"},
    "v2-binary, a connection each": {"protocol": "v2", "format": "binary", "requests_per_connection": 1},
    "grpc": {"protocol": "grpc", "format": "binary"},
}


@dataclass(frozen=True, slots=True)
class Tried:
    """What a run at one rate was like."""

    kind: str
    workers: int
    rate: float
    sent: float
    """A second."""
    lag_p99_seconds: float
    busy: float
    """Of a core, by all workers together."""
    not_answered: int

    @property
    def holds(self) -> bool:
        return self.lag_p99_seconds <= MOST_LAG_SECONDS and not self.not_answered

    @property
    def per_cpu_second(self) -> float:
        return self.sent / self.busy


@dataclass(frozen=True, slots=True)
class Plain:
    """What Locust's own users did."""

    kind: str
    user: str
    per_cpu_second: float


@contextmanager
def stub(core: int | None) -> Iterator[tuple[str, str]]:
    """Start the server; gives the addresses of REST and of gRPC."""
    with pinned_to(core):
        process = subprocess.Popen(
            [sys.executable, "-m", "loadtests.bench.stub_model"], stdout=subprocess.PIPE, cwd=REPOSITORY, text=True
        )
    try:
        if process.stdout is None:
            raise BenchError("the stub has no output")
        ports = json.loads(process.stdout.readline())
        yield f"http://{HOST}:{ports['http']}", f"{HOST}:{ports['grpc']}"
    finally:
        process.kill()
        process.communicate()


class Bench:
    def __init__(self, url: str, grpc: str, *, core: int | None, seconds: int, out: Path) -> None:
        self._url, self._grpc = url, grpc
        self._core = core
        self._seconds = seconds
        self._out = out
        self.tried: list[Tried] = []

    def find(self, kind: str, workers: int) -> Tried | None:
        """Give the run at the largest rate that holds; None where the first does not."""
        best, rate = None, FIRST_RATE
        while (tried := self._holds(kind, workers, rate)) is not None:
            best, rate = tried, rate * GROWTH
        above = rate
        for _ in range(HALVINGS if best else 0):
            below = best.rate if best else FIRST_RATE
            middle = round(sqrt(below * above), -2)
            tried = self._holds(kind, workers, middle)
            best, above = (tried, above) if tried else (best, middle)
        return best

    def _holds(self, kind: str, workers: int, rate: float) -> Tried | None:
        for _ in range(TRIES):
            tried = self._run(kind, workers, rate)
            self.tried.append(tried)
            print(
                f"{kind}, {workers} worker(s), {tried.sent:,.0f}/s: lag p99 {tried.lag_p99_seconds * 1000:.1f} ms, "
                f"{tried.busy:.0%} of a core, {tried.per_cpu_second:,.0f} per processor second, "
                f"{tried.not_answered} not answered",
                flush=True,
            )
            if tried.holds:
                return tried
        return None

    def _run(self, kind: str, workers: int, rate: float) -> Tried:
        profile = self._out / "probe.yaml"
        phases = [
            {"name": "warm-up", "role": "warm-up", "seconds": WARM_UP_SECONDS},
            {"name": "load", "role": "load", "seconds": self._seconds},
        ]
        streams = [{"name": "probe", **KINDS[kind]}]
        profile.write_text(
            yaml.safe_dump({"summary": "probe", "rate": rate, "streams": streams, "phases": phases}), encoding="utf-8"
        )
        command = [*("run", "--profile", str(profile), "--url", self._url, "--grpc", self._grpc, "--model", MODEL)]
        command += [*("--out", str(self._out / "probe"), "--workers", str(workers), "--quiet")]
        # Several workers share what cores there are, with the stub on one of them.
        with pinned_to(self._core if workers == 1 else None):
            ended = subprocess.run(
                [sys.executable, "-m", "loadtests", *command],
                cwd=REPOSITORY,
                capture_output=True,
                text=True,
                check=False,
            )
        try:
            run, _ = run_file.read(run_file.find(self._out / "probe"))
        except run_file.BadRunFile as fault:
            raise BenchError(f"a run at {rate:g}/s left no result: {fault}\n{ended.stderr}") from None
        span = next(span for span in run.spans if span.role == "load")
        cell = run.timeline.over(span.began, span.ended)
        by_second: dict[int, float] = {}
        for each in run.generator:
            if span.began <= each.second < span.ended:
                by_second[each.second] = by_second.get(each.second, 0.0) + each.busy_ratio
        return Tried(
            kind=kind,
            workers=workers,
            rate=rate,
            sent=cell.total / span.seconds,
            lag_p99_seconds=cell.lags.quantile(0.99),
            busy=fmean(by_second.values()) if by_second else 1.0,
            not_answered=cell.total - cell.count(Outcome.OK),
        )

    def plain(self, user: str) -> Plain:
        """Let Locust's own user ask as fast as it can."""
        environment = os.environ | {"BENCH_URL": self._url, "BENCH_GRPC": self._grpc, "BENCH_MODEL": MODEL}
        file = str(REPOSITORY / "loadtests" / "bench" / "plain_users.py")
        options = ["--headless", "-u", str(USERS), "-r", str(USERS), "-t", f"{self._seconds + 3}s", "--only-summary"]
        with pinned_to(self._core):
            ended = _run([sys.executable, "-m", "locust", "-f", file, *options, user], environment)
        line = next((line for line in ended.stderr.splitlines() if line.startswith('{"asked"')), None)
        if line is None:
            raise BenchError(f"Locust's {user} told nothing:\n{ended.stderr[-2000:]}")
        told = json.loads(line)
        if told["failed"] or not told["asked"]:
            raise BenchError(f"of {told['asked']} requests of {user}, {told['failed']} failed")
        plain = Plain(PLAIN_USERS[user], user, told["asked"] / told["cpu"])
        print(f"{user}: {plain.per_cpu_second:,.0f} per processor second", flush=True)
        return plain


def _run(command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False, env=environment)


def table(found: Sequence[Tried], plain: Sequence[Plain]) -> str:
    """Write it for a page."""
    lines = [
        "| asked | workers | honest at | lag p99 | busy | per processor second |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {each.kind} | {each.workers} | {each.sent:,.0f}/s | {each.lag_p99_seconds * 1000:.1f} ms "
        f"| {each.busy:.0%} | {each.per_cpu_second:,.0f} |"
        for each in found
    ]
    lines += [
        f"| {each.kind}, Locust's {each.user}, unplanned and unchecked | 1 | - | - | - | {each.per_cpu_second:,.0f} |"
        for each in plain
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = ArgumentParser(prog="python -m loadtests.bench.generator", description=__doc__)
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=list(KINDS), help="what is asked")
    parser.add_argument("--workers", nargs="*", type=int, default=[1, 2], help="how many, for v2-binary and grpc")
    parser.add_argument("--seconds", type=int, default=6, help="of each run (6)")
    parser.add_argument("--out", type=Path, default=OUT, help=f"for the figures ({OUT})")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    cores = choose_cores()
    try:
        with stub(cores.server if cores else None) as (url, grpc):
            bench = Bench(
                url, grpc, core=cores.client if cores else None, seconds=options.seconds, out=options.out.resolve()
            )
            plain = [bench.plain(user) for user, kind in PLAIN_USERS.items() if kind in options.kinds]
            found = [
                best
                for kind in options.kinds
                for workers in options.workers
                if (workers == 1 or kind in PLAIN_USERS.values()) and (best := bench.find(kind, workers)) is not None
            ]
    except BenchError as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    told = {"tried": [asdict(each) for each in bench.tried], "plain": [asdict(each) for each in plain]}
    (options.out / "generator.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
    written = table(found, plain)
    (options.out / "generator.md").write_text(written + "\n", encoding="utf-8")
    print(f"\n{written}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
