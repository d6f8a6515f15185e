"""`python -m monitoring.generate`: write rules and dashboards from the promise; `--check` only says what is stale.

With `--slo` and `--output` for a promise of one's own. Exit status 1 where
something is stale, 2 where the promise cannot be used.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from monitoring import slo
from monitoring.dashboards import catalogue
from monitoring.rules import families, rendering

GENERATED = Path(__file__).with_name("generated")


def files(promise: slo.Promise) -> dict[str, str]:
    """What each generated file is to hold, by its path below the folder of generated files."""
    rules = {"rules/recording.yaml": rendering.rendered(families.recording(promise), promise)}
    return rules | catalogue.files(promise)


def main(arguments: Sequence[str]) -> int:
    parser = ArgumentParser(
        prog="python -m monitoring.generate", description="Write rules and dashboards from slo.yaml."
    )
    parser.add_argument("--slo", type=Path, default=slo.SHIPPED, help="the promise (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=GENERATED, help="the folder to write to (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is stale")
    given = parser.parse_args(arguments)
    try:
        made = files(slo.read(given.slo))
    except slo.BadPromise as mistake:
        sys.stderr.write(f"{mistake}\n")
        return 2
    stale = [name for name, content in made.items() if not _same(given.output / name, content)]
    for name in stale:
        if given.check:
            sys.stderr.write(f"{given.output / name} is stale: run make generate, or python -m monitoring.generate\n")
        else:
            (given.output / name).parent.mkdir(parents=True, exist_ok=True)
            (given.output / name).write_text(made[name])
    return 1 if given.check and stale else 0


def _same(file: Path, content: str) -> bool:
    return file.exists() and file.read_text() == content


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
