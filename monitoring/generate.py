"""`python -m monitoring.generate`: write rules and dashboards from the promise; `--check` only says what is stale.

With `--slo` and `--output` for a promise of one's own, and with `--faster` for a
trial of the alerts. Exit status 1 where something is stale, 2 where the promise
or the folder cannot be used, or a rule makes no sense.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from pathlib import Path

from monitoring import runbook_table, slo
from monitoring.dashboards import catalogue
from monitoring.rules import families, pace, rendering
from monitoring.rules.review import rules as review
from monitoring.rules.rule import Group

GENERATED = Path(__file__).with_name("generated")
FASTEST = 10_000.0


def files(promise: slo.Promise, times_faster: float = 1) -> dict[str, str]:
    """What each generated file is to hold, by its path below the folder of generated files."""

    def rules(groups: Iterable[Group]) -> str:
        hurried = pace.hurried(groups, times_faster, promise.scrape_interval_seconds)
        return rendering.rendered(groups if times_faster == 1 else hurried, promise)

    return {
        "rules/recording.yaml": rules(families.recording(promise)),
        "rules/alerts.yaml": rules(families.alerts(promise)),
        **catalogue.files(promise),
    }


def main(arguments: Sequence[str]) -> int:
    parser = ArgumentParser(
        prog="python -m monitoring.generate", description="Write rules and dashboards from slo.yaml."
    )
    parser.add_argument("--slo", type=Path, default=slo.SHIPPED, help="the promise (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=GENERATED, help="the folder to write to (default: %(default)s)")
    parser.add_argument(
        "--faster",
        metavar="TIMES",
        type=float,
        default=1,
        help="divide windows and waits by it, for a trial of alerts",
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is stale")
    given = parser.parse_args(arguments)
    if not 1 <= given.faster <= FASTEST:
        parser.error(f"--faster is {given.faster:g}: expected a number from 1 to {FASTEST:g}")
    if given.faster != 1 and given.output == GENERATED:
        parser.error("--faster is for rules of a trial: give them a folder of their own with --output")
    try:
        promise = slo.read(given.slo)
    except slo.BadPromise as mistake:
        sys.stderr.write(f"{mistake}\n")
        return 2
    mistakes = review.mistakes(families.recording(promise), families.every_alert(promise), promise)
    mistakes += review.runbook_mistakes(families.alert_names(promise), runbook_table.PAGE.read_text(encoding="utf-8"))
    if mistakes:
        sys.stderr.writelines(f"{mistake}\n" for mistake in mistakes)
        return 2
    made = files(promise, given.faster)
    try:
        stale = [name for name, content in made.items() if not _same(given.output / name, content)]
        for name in stale:
            if given.check:
                sys.stderr.write(
                    f"{given.output / name} is stale: run make generate, or python -m monitoring.generate\n"
                )
            else:
                (given.output / name).parent.mkdir(parents=True, exist_ok=True)
                (given.output / name).write_text(made[name], encoding="utf-8")
    except OSError as fault:
        sys.stderr.write(f"{fault.filename or given.output} cannot be read or written: {fault.strerror or fault}\n")
        return 2
    return 1 if given.check and stale else 0


def _same(file: Path, content: str) -> bool:
    return file.exists() and file.read_bytes() == content.encode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
