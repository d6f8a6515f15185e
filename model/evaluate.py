"""Judge an exported model on the test images; the exit status is the verdict.

    python -m model.evaluate models/mnist                               # the newest version
    python -m model.evaluate models/mnist/2 --against models/mnist/1    # and not worse than its rival

Asks the SavedModel through its serving signature, as a caller would. Exit
status: 0 good enough, 1 not, 2 no verdict was possible and one sentence says
why, 130 interrupted.
"""

import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from model import command, data, export, quality, verdict
from model.errors import NotWritten
from model.quality import Comparison, Quality
from model.verdict import Check, Thresholds


def parse(arguments: Sequence[str]) -> Namespace:
    parser = command.Parser(
        prog="python -m model.evaluate",
        description=__doc__.split("\n")[0],
        epilog="Worse than OTHER is a model that loses more accuracy than --tolerance on the same images, and more "
        f"than chance explains: McNemar's exact test, one-sided, p < {verdict.SIGNIFICANCE:g}. "
        "Exit status: 0 good enough, 1 not, 2 no verdict was possible.",
        formatter_class=command.HelpFormatter,
    )
    share = command.number(0, 1)
    add = parser.add_argument
    add("model", metavar="MODEL", type=Path, help="a version folder, or a folder of versions, whose newest is meant")
    add("--against", metavar="OTHER", type=Path, help="must not be worse than this one")
    add("--min-accuracy", type=share, default=0.98, help="share of right answers")
    add("--min-recall", type=share, default=0.95, help="share of right answers in the worst class")
    add("--max-calibration-error", type=share, default=0.05, help="mean distance of confidence from accuracy")
    add("--tolerance", type=share, default=0.0, help="accuracy that may be lost against OTHER (default: 0)")
    add("--json", metavar="FILE", type=Path, help="write the numbers and the verdict there too")
    add("--data", type=Path, help="mnist.npz or a folder of the four idx files, instead of cache and downloads")
    add("--allow-fallback", action="store_true", help="accept scikit-learn's small digits if MNIST cannot be had")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    folder = export.newest(options.model)
    rival = export.newest(options.against) if options.against else None
    progress = Console(stderr=True, highlight=False)
    test = data.load(options.data, allow_fallback=options.allow_fallback, rows=None, console=progress).test
    thresholds = Thresholds(options.min_accuracy, options.min_recall, options.max_calibration_error, options.tolerance)

    # TensorFlow takes seconds to start, and a wrong path should not wait for it.
    from model import saved_model

    with progress.status("judging"):
        probabilities = saved_model.read(folder)(test.images)
        predicted = probabilities.argmax(axis=1)
        measured = quality.measure(test.labels, predicted, probabilities.max(axis=1))
        checks = verdict.judge(measured, thresholds)
        comparison = None
        if rival:
            rival_predicted = saved_model.read(rival)(test.images).argmax(axis=1)
            comparison = quality.compare(np.equal(predicted, test.labels), np.equal(rival_predicted, test.labels))
            checks.append(verdict.not_worse(comparison, len(test), str(rival), thresholds))

    passed = all(check.passed for check in checks)
    show(folder, measured, checks, Console(highlight=False))
    if options.json:
        write_report(options.json, folder, measured, comparison, checks)
    return command.PASSED if passed else command.FAILED


def show(folder: Path, measured: Quality, checks: Sequence[Check], console: Console) -> None:
    """Print the two tables and the verdict."""
    console.print(f"{folder} on {measured.rows:,} test images", soft_wrap=True, markup=False)
    console.print(_class_table(measured))
    console.print(_confusion_table(measured))
    console.print(
        f"accuracy {measured.accuracy:.4f}, macro F1 {measured.macro_f1:.4f}, "
        f"calibration error {measured.expected_calibration_error:.4f}"
    )
    for check in checks:
        console.print(f"{'passed' if check.passed else 'FAILED'}: {check.sentence}", soft_wrap=True, markup=False)


def _class_table(measured: Quality) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("digit", "precision", "recall", "F1", "images"):
        table.add_column(heading, justify="right")
    for each in measured.classes:
        table.add_row(each.name, f"{each.precision:.4f}", f"{each.recall:.4f}", f"{each.f1:.4f}", f"{each.rows:,}")
    return table


def _confusion_table(measured: Quality) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title="actual digit down, answer across", title_justify="left")
    table.add_column("", justify="right")
    for name in quality.CLASSES:
        table.add_column(name, justify="right")
    for name, row in zip(quality.CLASSES, measured.confusion, strict=True):
        table.add_row(name, *(f"{count}" if count else "·" for count in row))
    return table


def write_report(
    path: Path, folder: Path, measured: Quality, comparison: Comparison | None, checks: Sequence[Check]
) -> None:
    report = {
        "schema_version": 1,
        "model": str(folder),
        "passed": all(check.passed for check in checks),
        "checks": [asdict(check) for check in checks],
        "metrics": asdict(measured),
        "comparison": asdict(comparison) if comparison else None,
    }
    try:
        export.write_json(path, report)
    except OSError as error:
        raise NotWritten(path, error.strerror or str(error)) from error


if __name__ == "__main__":
    sys.exit(command.run(main, sys.argv[1:]))
