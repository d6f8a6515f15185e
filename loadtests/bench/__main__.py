"""Run the benchmark and write what it saw.

The only composition: options, cores, the contest, the files. A run that cannot
go on ends with one sentence and status 1, an interrupted one with status 130,
and no server is left behind either way.
"""

import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from loadtests.bench import report
from loadtests.bench.caveats import caveats
from loadtests.bench.chart import draw
from loadtests.bench.closed_loop import Load
from loadtests.bench.contest import Contest
from loadtests.bench.cores import Cores, choose_cores, pinned_to
from loadtests.bench.errors import BenchError
from loadtests.bench.hot_path import HotPath, profile
from loadtests.bench.options import Exhibit, Options, parse_options
from loadtests.bench.protocols import PROTOCOLS, Target
from loadtests.bench.report import TRIED, Findings
from loadtests.bench.results import Plan, to_csv, to_json
from loadtests.bench.servers import OURS, REPOSITORY, running
from loadtests.bench.soak import load as load_soak
from loadtests.bench.soak import save as save_soak
from loadtests.bench.soak import soak
from loadtests.bench.stages_chart import draw_stages
from loadtests.bench.tensorflow_process import make_mlp
from loadtests.machine import describe_machine

SOAK_NAME = "soak.json"

_INTERRUPTED = 130


def bench(arguments: Sequence[str]) -> None:
    """Measure as the arguments say, write the results, and print what they show."""
    options = parse_options(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    # Before the run, so that what the run writes does not count as a change.
    machine = describe_machine(REPOSITORY)
    began = datetime.now(UTC)
    cores = choose_cores()
    with pinned_to(cores.client if cores else None):
        if options.soak_seconds is not None:
            soak_first_model(options, cores, machine.commit)
            return
        runs, hot_paths = [], []
        for exhibit in options.exhibits:
            folder = exhibit.folder or make_mlp(options.out / "models" / exhibit.name)
            contest = Contest(exhibit, folder, options, cores)
            contest.run()
            plan = Plan(
                command=shlex.join(["python", "-m", "loadtests.bench", *arguments]),
                model_inputs=", ".join(f"`{t.name}` ({t.datatype} {t.shape})" for t in contest.tensors),
                rounds=options.rounds,
                seconds=options.seconds,
                warm_up_seconds=options.warm_up_seconds,
                connections=options.connections,
                rows=options.rows,
                is_pinned=cores is not None,
            )
            runs.append(contest.seen(f"{began:%Y-%m-%d}", machine, plan))
        if options.profile:
            hot_paths = profiles(options, cores)
    write(Findings(tuple(runs), tuple(hot_paths), load_soak(options.out / SOAK_NAME), read(TRIED)), options)


def soak_first_model(options: Options, cores: Cores | None, commit: str) -> None:
    exhibit = options.exhibits[0]
    with serving(exhibit, options, cores) as target:
        result = soak(target, options.connections[-1], options.soak_seconds or 0.0, commit=commit)
    save_soak(result, options.out / SOAK_NAME)
    print(f"{result.requests:,} requests, {result.errors} errors, {result.growth:+.2%} since minute one")


def profiles(options: Options, cores: Cores | None) -> list[HotPath]:
    """Look where the time goes at the most connections, for the first model over each protocol."""
    load = Load(options.connections[-1], options.warm_up_seconds, options.seconds)
    with serving(options.exhibits[0], options, cores) as target:
        found = [profile(target, protocol, load, options.out) for protocol in PROTOCOLS]
    return [each for each in found if each is not None]


@contextmanager
def serving(exhibit: Exhibit, options: Options, cores: Cores | None) -> Iterator[Target]:
    folder = exhibit.folder or make_mlp(options.out / "models" / exhibit.name)
    log = options.out / "logs" / f"{exhibit.name}-alone.log"
    core = cores.server if cores else None
    with running(OURS, model_name=exhibit.name, model_dir=folder, core=core, log=log) as target:
        yield target


def write(findings: Findings, options: Options) -> None:
    """Write results, report and pictures, and say where."""
    out, runs = options.out, findings.runs
    (out / "results.json").write_text(to_json(runs), encoding="utf-8")
    (out / "results.csv").write_text(to_csv(runs), encoding="utf-8")
    folders = [out, REPOSITORY / "docs"] if options.writes_docs else [out]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "benchmarks.md").write_text(report.render(findings), encoding="utf-8")
        draw(runs[0], folder / report.CHART_NAME)
        if findings.hot_paths:
            draw_stages(findings.hot_paths, folder / report.STAGES_NAME)
    draw(runs[0], (out / report.CHART_NAME).with_suffix(".png"))
    print()
    for run in runs:
        for line in [f"{run.model}:", *report.conclusions(run), *caveats(run)]:
            print(line.replace("**", "").replace("`", ""))
    print(f"\nThe report is {shown(folders[-1] / 'benchmarks.md')}, the figures {out / 'results.csv'}.")


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


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
