"""Run the benchmark and write what it saw.

The only composition: options, cores, the contest, the files. A run that cannot
go on ends with one sentence and status 1, an interrupted one with status 130,
and no server is left behind either way.
"""

import shlex
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from loadtests.bench import report
from loadtests.bench.caveats import caveats
from loadtests.bench.chart import draw
from loadtests.bench.contest import Contest
from loadtests.bench.cores import choose_cores, pinned_to
from loadtests.bench.errors import BenchError
from loadtests.bench.machine import describe_machine
from loadtests.bench.options import Options, parse_options
from loadtests.bench.results import Plan, Run, to_csv, to_json
from loadtests.bench.servers import REPOSITORY

_INTERRUPTED = 130


def bench(arguments: Sequence[str]) -> None:
    """Measure as the arguments say, write the results, and print what they show."""
    options = parse_options(arguments)
    # Before the run, so that what the run writes does not count as a change.
    machine = describe_machine(REPOSITORY)
    began = datetime.now(UTC)
    cores = choose_cores()
    contest = Contest(options, cores)
    with pinned_to(cores.client if cores else None):
        contest.run()
    run = Run(
        date=f"{began:%Y-%m-%d}",
        machine=machine,
        plan=Plan(
            command=shlex.join(["python", "-m", "loadtests.bench", *arguments]),
            model_inputs=", ".join(f"`{t.name}` ({t.datatype} {t.shape})" for t in contest.tensors),
            rounds=options.rounds,
            seconds=options.seconds,
            warm_up_seconds=options.warm_up_seconds,
            connections=options.connections,
            is_pinned=cores is not None,
        ),
        titles={each.name: each.title for each in options.contenders},
        body_bytes=contest.body_bytes,
        measurements=tuple(contest.measurements),
        refusals=tuple(contest.refusals.values()),
    )
    write(run, options)


def write(run: Run, options: Options) -> None:
    """Write results, report and chart, and say where."""
    out = options.out
    (out / "results.json").write_text(to_json(run), encoding="utf-8")
    (out / "results.csv").write_text(to_csv(run.measurements), encoding="utf-8")
    folders = [out, REPOSITORY / "docs"] if options.writes_docs else [out]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "benchmarks.md").write_text(report.render(run), encoding="utf-8")
        draw(run, folder / report.CHART_NAME)
    draw(run, (out / report.CHART_NAME).with_suffix(".png"))
    print()
    for line in [*report.conclusions(run), *caveats(run)]:
        print(line.replace("**", "").replace("`", ""))
    print(f"\nThe report is {shown(folders[-1] / 'benchmarks.md')}, the figures {out / 'results.csv'}.")


def shown(path: Path) -> Path:
    """Shorten a path of the repository to what one would type there."""
    return path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path


if __name__ == "__main__":
    # A benchmark that is told to end must end its servers first, as Ctrl-C does.
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.default_int_handler)
    try:
        bench(sys.argv[1:])
    except BenchError as failure:
        sys.exit(f"bench: {failure}")
    except KeyboardInterrupt:
        print("bench: interrupted; the servers have been ended", file=sys.stderr)
        sys.exit(_INTERRUPTED)
