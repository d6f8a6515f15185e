"""`python -m monitoring.runbook_table`: write the list of alerts into docs/runbook.md; `--check` says if it is stale.

The sections are written by hand. An alert without one is refused, and so is a
section without an alert. Exit status 1 where the list is stale, 2 where a
section is missing or too many.
"""

import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from pathlib import Path

from monitoring import slo
from monitoring.rules import families
from monitoring.rules.review.rules import runbook_mistakes
from monitoring.rules.rule import Alert, Group

PAGE = Path(__file__).parents[1] / "docs/runbook.md"

_LIST = re.compile(r"<!-- alerts -->\n.*?<!-- /alerts -->", re.DOTALL)


def table(groups: Iterable[Group]) -> str:
    alerts = [rule for group in groups for rule in group.rules if isinstance(rule, Alert)]
    rows = [
        f"| [{alert.name}](#{alert.name.lower()}) | {alert.severity} | {alert.component} | {alert.lasting} |"
        f" {alert.summary} |"
        for alert in alerts
    ]
    return "\n".join(["| alert | severity | component | for | |", "|---|---|---|---|---|", *rows])


def page(written: str) -> str:
    """The page as it is, with the list as it should be."""
    groups = families.every_alert(slo.read())
    return _LIST.sub(lambda _: f"<!-- alerts -->\n{table(groups)}\n<!-- /alerts -->", written)


def main(arguments: Sequence[str], file: Path = PAGE) -> int:
    parser = ArgumentParser(prog="python -m monitoring.runbook_table", description="Write the list of alerts.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the list is stale")
    check = parser.parse_args(arguments).check
    written = file.read_text(encoding="utf-8")
    if mistakes := runbook_mistakes(families.alert_names(slo.read()), written):
        sys.stderr.writelines(f"{mistake}\n" for mistake in mistakes)
        return 2
    made = page(written)
    if made == written:
        return 0
    if check:
        sys.stderr.write("docs/runbook.md is stale: run make generate, or python -m monitoring.runbook_table\n")
        return 1
    file.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
