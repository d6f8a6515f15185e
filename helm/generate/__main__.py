"""`python -m helm.generate`: write what follows from elsewhere; `--check` only says what is stale.

From `serving/settings.py`, and from `monitoring/generated`, which `python -m monitoring.generate` writes.

Exit status 1 where something is stale, 2 where `values.yaml` cannot be read.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from helm.generate.env_template import env_template
from helm.generate.manual import Unexplained, read_manual
from helm.generate.readme import readme
from helm.generate.schema import schema_file
from helm.generate.shipped import GENERATED, left_over, shipped
from helm.generate.values_file import Unmarked, with_settings

CHART = Path(__file__).parents[1] / "ecluse"


def files(values: str) -> dict[str, str]:
    """What each generated file of the chart is to hold, from `values.yaml` as it is."""
    values = with_settings(values)
    manual = read_manual(values)
    return {
        "values.yaml": values,
        "templates/_settings.tpl": env_template(),
        "values.schema.json": schema_file(manual),
        "README.md": readme(manual),
    }


def main(arguments: Sequence[str], chart: Path = CHART, generated: Path = GENERATED) -> int:
    parser = ArgumentParser(prog="python -m helm.generate", description="Write what follows from elsewhere.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is stale")
    check = parser.parse_args(arguments).check
    try:
        made = files((chart / "values.yaml").read_text()) | shipped(generated)
    except (Unmarked, Unexplained) as mistake:
        sys.stderr.write(f"{mistake}\n")
        return 2
    stale = [name for name, content in made.items() if not _same(chart / name, content)]
    stale += left_over(chart, made)
    for name in stale:
        if check:
            sys.stderr.write(f"helm/ecluse/{name} is stale: run make generate, or python -m helm.generate\n")
        elif name in made:
            (chart / name).parent.mkdir(parents=True, exist_ok=True)
            (chart / name).write_text(made[name], encoding="utf-8")
        else:
            (chart / name).unlink()
    return 1 if check and stale else 0


def _same(file: Path, content: str) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") == content


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
