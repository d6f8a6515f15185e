"""What each knob does: the curves of docs/tune.md, measured on this machine.

    python -m loadtests.bench.tune [--model FOLDER] [--turns 5] [--seconds 0.5] [--knob rows ...] [--docs]

Servers that differ in one setting run side by side on one core and are asked in
turn for less than a second each, so that what else the machine does falls on
all alike. What is compared is answers for each second of processor time of the
server, within a turn; latencies are those of this machine at that moment. `--docs`
writes pictures and tables into docs/, else they go to build/bench. Linux only.
"""

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from loadtests.bench import rest_v2
from loadtests.bench.closed_loop import Load, OpenConnection, measure
from loadtests.bench.cores import choose_cores, pinned_to
from loadtests.bench.cpu_time import exact_cpu_seconds
from loadtests.bench.errors import BenchError
from loadtests.bench.patient_connection import PatientConnection
from loadtests.bench.protocols import MANY_ROWS, PROTOCOLS, Target
from loadtests.bench.rest_v2 import fetch_inputs
from loadtests.bench.servers import REPOSITORY, running
from loadtests.bench.tensors import made_rows
from loadtests.bench.tune_chart import draw
from loadtests.bench.tune_knobs import KNOBS, Knob
from loadtests.bench.tune_point import WARM_UP_SECONDS, Point


def curves(knob: Knob, model: Path, turns: int, seconds: float, out: Path) -> list[Point]:
    """Ask all settings of a knob in turn, at each number of connections."""
    points = {(arm, n): Point(arm, n) for n in knob.connections for arm in knob.settings}
    cores = choose_cores()
    with ExitStack() as servers, pinned_to(cores.client if cores else None):
        core = cores.server if cores else None
        targets = {
            setting: servers.enter_context(
                running(
                    arm,
                    model_name=model.resolve().name,
                    model_dir=model,
                    core=core,
                    log=out / "logs" / f"tune-{arm.name}.log",
                )
            )
            for setting, arm in zip(knob.settings, knob.arms, strict=True)
        }
        requests = {setting: _prepared(target, knob.rows) for setting, target in targets.items()}
        for connections in knob.connections:
            for turn in range(turns):
                # Whoever is first may find the core cold.
                for index in range(len(targets)):
                    setting = knob.settings[(turn + index) % len(targets)]
                    open_connection, port = requests[setting]
                    load = Load(connections, WARM_UP_SECONDS, seconds)
                    cpu = partial(exact_cpu_seconds, targets[setting].process_id)
                    points[setting, connections].note(measure(open_connection, port, load, cpu))
    return list(points.values())


def _prepared(target: Target, rows: int) -> tuple[OpenConnection, int]:
    """Give what opens a connection, and the port."""
    tensors = made_rows(fetch_inputs(target.model_name, target.http_port), rows)
    request = PROTOCOLS["V2 JSON" if rows == 1 else MANY_ROWS](target, tensors)
    request.ask()
    headers, body = (rest_v2.json_request if rows == 1 else rest_v2.binary_request)(tensors)
    whole = rest_v2.whole_request(rest_v2.infer_path(target.model_name), target.http_port, headers, body)
    return partial(PatientConnection, whole), target.http_port


def table(points: Sequence[Point]) -> Iterator[str]:
    """Give the lines of a Markdown table, each setting beside the first."""
    first = points[0].setting
    beside = {point.connections: point for point in points if point.setting == first}
    yield "| connections | setting | answers a processor second | to the first in a turn | p50 / p99 ms | refused |"
    yield "|---|---|---|---|---|---|"
    for point in points:
        ratio = "" if point.setting == first else _ratio(point, beside[point.connections])
        refused = f"{median(point.refused):.0%}" if any(point.refused) else ""
        latency = f"{median(point.p50) * 1000:.1f} / {median(point.p99) * 1000:.1f}"
        answers = f"{median(point.answers):,.0f}"
        yield f"| {point.connections} | {point.setting} | {answers} | {ratio} | {latency} | {refused} |"


def _ratio(one: Point, other: Point) -> str:
    ratios = [mine / theirs for mine, theirs in zip(one.answers, other.answers, strict=True)]
    if len(ratios) < 2:
        return f"{ratios[0]:.2f}"
    low, middle, high = quantiles(ratios, n=4)
    return f"{middle:.2f} [{low:.2f} to {high:.2f}]"


def between_marks(page: str, name: str, lines: Sequence[str]) -> str:
    """Put lines in the place of what stands between <!-- NAME --> and <!-- /NAME -->."""
    opened, closed = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    head, found, rest = page.partition(opened)
    _, ended, tail = rest.partition(closed)
    if not found or not ended:
        raise BenchError(f"docs/tune.md has no place for the knob {name}: expected {opened.strip()} and {closed}")
    return head + opened + "\n".join(lines) + "\n" + closed + tail


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench.tune")
    parser.add_argument("--model", type=Path, default=Path("models/mnist"), help="a folder of numbered versions")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="of one setting in one turn")
    parser.add_argument("--knob", choices=[knob.name for knob in KNOBS], action="append", help="these alone")
    parser.add_argument("--docs", action="store_true", help="write docs/tune-*.svg and the tables of docs/tune.md")
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="folder for logs and pictures")
    given = parser.parse_args()
    if not given.model.is_dir():
        raise BenchError(f"there is no model in {given.model}")
    pictures = REPOSITORY / "docs" if given.docs else given.out
    pictures.mkdir(parents=True, exist_ok=True)
    for knob in KNOBS:
        if given.knob and knob.name not in given.knob:
            continue
        points = curves(knob, given.model, given.turns, given.seconds, given.out)
        lines = list(table(points))
        print(f"{knob.title}, requests of {knob.rows} rows, {given.turns} turns", *lines, sep="\n", flush=True)
        draw(knob, points, pictures / f"tune-{knob.name}.svg")
        if given.docs:
            page = REPOSITORY / "docs/tune.md"
            page.write_text(between_marks(page.read_text("utf-8"), knob.name, lines), encoding="utf-8")


if __name__ == "__main__":
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.default_int_handler)
    try:
        main()
    except BenchError as failure:
        sys.exit(f"bench: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
