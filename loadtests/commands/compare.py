"""Compare a run with a stored one of the same profile: is it worse by more than noise, and by more than anybody minds?

0 no difference or better, 1 worse, 2 what cannot be compared or read, 3 inconclusive.
"""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from loadtests.measure.run import Run
from loadtests.profile.form import Profile
from loadtests.report import comparison as told
from loadtests.report import run_file
from loadtests.report.json_text import as_json
from loadtests.report.run_file import BadRunFile
from loadtests.verdict.compare import compare
from loadtests.verdict.comparison import Rule
from loadtests.verdict.result import Status
from monitoring import slo

DEFAULT = Rule()
HARM = (Status.PASSED, Status.INCONCLUSIVE, Status.FAILED)
"""What a run that was measured can come to, the worst last."""


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("baseline", type=Path, metavar="A", help="the stored run: its run.json or its folder")
    parser.add_argument("run", type=Path, metavar="B", help="the run that may be worse")
    parser.add_argument("--anyway", action="store_true", help="compare runs of different profiles, rates or models too")
    parser.add_argument("--slo", type=Path, metavar="FILE", help="what is promised (monitoring/slo.yaml)")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="write the comparison as JSON")
    form.add_argument("--markdown", action="store_true", help="write it as Markdown, for the page of a CI job")
    rule = parser.add_argument_group("when a difference counts")
    rule.add_argument(
        "--smallest",
        type=_positive,
        default=DEFAULT.smallest_ratio,
        metavar="SHARE",
        help="of latency: what is less than this share of it does not count (%(default)s)",
    )
    rule.add_argument(
        "--smallest-ms",
        type=_positive,
        default=1000 * DEFAULT.smallest_seconds,
        metavar="MS",
        help="and these milliseconds beside it (%(default)g)",
    )
    rule.add_argument(
        "--between-runs",
        type=_positive,
        default=DEFAULT.between_runs,
        metavar="SHARE",
        help="by how much latency of the same differs from run to run on this machine (%(default)s)",
    )


def do(options: Namespace) -> Status:
    try:
        promise = slo.read(options.slo) if options.slo else slo.read()
        baseline, run = read_run(options.baseline), read_run(options.run)
    except (BadRunFile, slo.BadPromise) as mistake:
        sys.stderr.write(f"loadtests: {mistake}\n")
        return Status.USAGE
    rule = Rule(
        smallest_ratio=options.smallest,
        smallest_seconds=options.smallest_ms / 1000,
        between_runs=options.between_runs,
    )
    comparison = compare(baseline, run, promise, rule, anyway=options.anyway)
    if comparison.status is Status.USAGE:
        for sentence in comparison.reasons:
            sys.stderr.write(f"loadtests: these runs cannot be compared: {sentence}; --anyway compares them\n")
    if options.json:
        sys.stdout.buffer.write(as_json(comparison, is_indented=True) + b"\n")
    elif options.markdown:
        sys.stdout.write(told.markdown(comparison))
    elif comparison.status is not Status.USAGE:
        sys.stdout.write(told.terminal(comparison))
    return comparison.status


def compared_with(
    stored: Run, folder: Path, promise: slo.Promise, status: Status, *, begun: datetime, is_told_aside: bool
) -> Status:
    """Compare what a run has left in its folder with a stored one, and give the worse of the two answers.

    What an earlier run left there, which a full disk does not let go, is not taken for it.
    """
    if status not in HARM:
        return status
    try:
        run = read_run(folder)
        if datetime.fromisoformat(run.began_at) < begun:
            raise BadRunFile(f"{folder} still holds an earlier one, of {run.began_at}")
        comparison = compare(stored, run, promise, anyway=True)
    except BadRunFile as fault:
        sys.stderr.write(f"loadtests: the run cannot be compared: {fault}\n")
        return max(status, Status.INCONCLUSIVE, key=HARM.index)
    (sys.stderr if is_told_aside else sys.stdout).write(f"\n{told.terminal(comparison)}")
    return max(status, comparison.status, key=HARM.index)


def read_run(given: Path) -> Run:
    """Read a stored run, from its file or its folder; raises BadRunFile."""
    path = run_file.find(given)
    run, _ = run_file.read(path)
    try:
        Profile.model_validate(run.profile)
    except ValidationError as mistakes:
        first = mistakes.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadRunFile(f"{path} was made by a profile that is no longer one: {where} {first['msg']}") from None
    return run


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ArgumentTypeError(f"must be a number from 0, not {text!r}")
    return value
