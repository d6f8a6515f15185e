"""Make the baseline that drift, confidence and quality of a model's live traffic are compared with.

    python -m model.baseline models/fraud/3 held_out.parquet --labels-column is_fraud
    python -m model.baseline models/scans held_out.npz --pixels 0,1       # arrays by input name, and `labels`
    python -m model.baseline models/price held_out.csv --features area,rooms,year
    python -m model.baseline models/mnist mnist                           # the reference model's own test images

DATA holds rows that the model was not trained on, in the form in which callers
send them; nothing can check that, and a baseline of training rows cries wolf.
Writes assets.extra/baseline.json into the model's folder, in place of one that
is there; a server reads it when it loads the version. Exit status: 0 written,
2 not possible and one sentence says why, 130 interrupted.
"""

import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from model import command, data, export
from model.baseline import answers, labels, matching, reference, table, watching
from model.baseline.answers import Answers
from model.baseline.calibration import Judged
from model.baseline.describe import Inputs, Judgement, describe
from model.baseline.doubts import ENOUGH_LABELS, doubts, refuse_few
from model.baseline.placing import place
from model.baseline.watching import Wishes
from model.errors import BadAnswers, BadOption, NoBaseline
from monitoring import baseline
from monitoring.features import ColumnsInput, ImageInput, features_of

Array = npt.NDArray[Any]
Json = dict[str, Any]

REFERENCE = "mnist"
"""Names the reference model's own images, where no file is called so."""


def parse(arguments: Sequence[str]) -> Namespace:
    parser = command.Parser(
        prog="python -m model.baseline", description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("model", metavar="MODEL", type=Path, help="a SavedModel, or a folder of versions, whose newest is meant")
    add(
        "data",
        metavar="DATA",
        type=Path,
        help="held-out rows: .npz (arrays by input name), .csv or .parquet (columns by name), or the word mnist",
    )
    add("--labels-column", metavar="NAME", help=f"column or array of true classes (default: {table.LABELS}, if there)")
    add(
        "--input",
        metavar="NAME=COLUMN,…",
        action="append",
        default=[],
        help="what an input is made of (default: what has its name; one input alone takes all columns in their order)",
    )
    add("--output", metavar="NAME", help="the output that holds classes (default: the only one that can)")
    add(
        "--answers",
        choices=answers.KINDS,
        default="auto",
        help="what that output holds (default: auto, probabilities if rows sum to one, logits if there are labels)",
    )
    add("--classes", metavar="NAME,…", help="names in the model's order (default: labels.txt of the model, or numbers)")
    add("--features", metavar="NAME,…", help="columns to watch, at most 12 (default: the first that vary)")
    add("--image", metavar="HxW", help="rows are such images, as 28x28, 224x224x3 or 3x224x224 (default: by shape)")
    add("--pixels", metavar="LOW,HIGH", help="darkest and brightest pixel (default: 0,255 or by the values)")
    add("--signature", default="serving_default", help="of the SavedModel (default: serving_default)")
    add("--batch-rows", type=command.whole_number(1, 100_000), default=256, help="rows run together (default: 256)")
    add("--write-to", metavar="FILE", type=Path, help="instead of assets.extra/baseline.json in the model's folder")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    wishes = Wishes(
        image=watching.parse_image(options.image) if options.image else None,
        pixels=_pixels(options.pixels) if options.pixels else None,
        features=tuple(options.features.split(",")) if options.features else None,
    )
    folder = export.newest(options.model)
    console = Console(stderr=True, highlight=False)
    try:
        if str(options.data) == REFERENCE and not options.data.exists():
            content, remarks = of_reference(folder, console)
        else:
            content, remarks = of_rows(folder, options, wishes, console)
    except baseline.BaselineError as error:
        raise NoBaseline(f"no server would read what came out: {error}") from error
    path = options.write_to or folder / baseline.PLACE
    place(path, content)
    print(f"baseline: {path}")
    for line in (*told(content), *remarks):
        print(line)
    for doubt in doubts(content):
        print(f"warning: {doubt}")
    print("note: it holds for live traffic only if none of its rows was trained on")
    return command.PASSED


def of_reference(folder: Path, console: Console) -> tuple[Json, list[str]]:
    """The file that training would have written."""
    dataset = data.load(None, allow_fallback=False, rows=None, console=console)

    from model import saved_model

    with console.status("asking the model"):
        predict = saved_model.read(folder)
        test, validation = (reference.ask(predict, rows) for rows in (dataset.test, dataset.validation))
    return reference.describe_reference(test, validation), []


def of_rows(folder: Path, options: Namespace, wishes: Wishes, console: Console) -> tuple[Json, list[str]]:
    """The file for a user's rows, and what the user should be told of how they were read."""
    # What can be found wrong without TensorFlow should not wait for it.
    chosen = matching.parse_inputs(options.input)
    rows = table.read(options.data, options.labels_column)
    refuse_few(len(rows))
    given_names = labels.class_names(folder, options.classes)

    from model.baseline.any_model import AnyModel

    with console.status("loading the model"):
        model = AnyModel(folder, options.signature)
    matched = matching.match(options.data, rows, model.inputs, chosen)
    watched = watching.choose(matched.inputs, matched.columns, wishes)
    with _progress(console) as progress:
        task = progress.add_task("rows", total=len(rows))
        outputs = model.answer(matched.inputs, options.batch_rows, lambda count: progress.advance(task, count))
    labelled = labels.least_classes(rows.labels) if rows.labels is not None else None
    found = answers.find(outputs, options.output, options.answers, labelled)
    if found is None:
        watched = watching.with_answers(watched, outputs)
    remarks = list(watched.remarks)
    if matched.unused:
        remarks.append(f"not used: {', '.join(matched.unused)}")
    values = features({**outputs, **matched.inputs}, watched.input) if watched.input is not None else None
    rows_are = f"{len(rows):,} rows of {options.data.name}, held out from training by whoever made this file"
    inputs = Inputs(watched.input, values) if watched.input is not None and values is not None else None
    if found is None:
        remarks.append("no output holds classes, so there is no confidence and no quality (see --answers)")
        return describe(
            rows=len(rows), rows_are=rows_are, inputs=inputs, answers=None, names=(), judgement=None
        ), remarks
    names = _names(given_names, found, options.classes is not None)
    is_finite = answers.finite_rows(found.numbers)
    if not is_finite.all():
        first = int(np.argmin(is_finite))
        trouble = f"the model answers {int((~is_finite).sum()):,} of {len(rows):,} rows with NaN or infinity"
        if not is_finite.any():
            raise BadAnswers(f"{trouble}: there is nothing to compare with")
        remarks.append(f"warning: {trouble} (the first is row {first:,}); they are left out of classes and confidence")
    judgement = None
    if rows.labels is not None:
        classes = labels.classes_of(options.data, rows.labels, names)
        judgement = judge(found, classes, is_finite & (classes != labels.UNKNOWN), options.data.name)
        if judgement is None:
            remarks.append(f"warning: fewer than {ENOUGH_LABELS} rows have a label, too few to tell quality by")
    kept = Answers(found.output, found.kind, found.numbers[is_finite])
    return describe(
        rows=len(rows), rows_are=rows_are, inputs=inputs, answers=kept, names=names, judgement=judgement
    ), remarks


def features(inputs: dict[str, Array], described: ImageInput | ColumnsInput, rows_at_once: int = 1_000) -> Array:
    """Sum up all rows, a few at a time: images as float64 are large."""
    rows = len(next(iter(inputs.values())))
    parts = [
        features_of({name: array[start : start + rows_at_once] for name, array in inputs.items()}, described)
        for start in range(0, rows, rows_at_once)
    ]
    return np.concatenate(parts)


def judge(found: Answers, classes: Array, is_known: Array, file: str) -> Judgement | None:
    """Compare with true classes: every second row teaches the calibration, the others judge it."""
    if is_known.sum() < ENOUGH_LABELS:
        return None
    known = Answers(found.output, found.kind, found.numbers[is_known])
    actual, correct = classes[is_known], known.predicted == classes[is_known]
    odd, even = (
        Judged(f"every second labelled row of {file}", known.confidence[start::2], correct[start::2])
        for start in (0, 1)
    )
    return Judgement(labels=actual, answers=known, learnt_from=odd, judged_on=even)


def told(content: Json) -> list[str]:
    """What the file says, in a few lines."""
    lines = [f"rows: {content['rows']:,}"]
    if content.get("features"):
        lines.append(f"features: {', '.join(feature['name'] for feature in content['features'])}")
    if "output" in content:
        lines.append(
            f"output: {content['output']['name']}, {content['output']['kind']} of {len(content['classes']['names'])} "
            f"classes, mean confidence {content['confidence']['mean']:.4f}"
        )
    if "quality" in content:
        measured = content["quality"]
        lines.append(
            f"accuracy {measured['accuracy_ratio']:.4f}, macro F1 {measured['macro_f1']:.4f}, calibration error "
            f"{measured['expected_calibration_error']:.4f}, expected accuracy off by "
            f"{content['calibration']['gap_ratio']:+.4f}"
        )
    return lines


def _names(given: tuple[str, ...], found: Answers, is_option: bool) -> tuple[str, ...]:
    numbers = tuple(str(number) for number in range(found.class_count))
    if given and len(given) != found.class_count:
        if is_option:
            raise BadOption(
                f"--classes names {len(given)} classes, and the output {found.output!r} has {found.class_count}"
            )
        return numbers
    return tuple(name or number for name, number in zip(given or numbers, numbers, strict=True))


def _pixels(text: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low, high = 0.0, 0.0
    if not low < high:
        raise BadOption(f"--pixels must be two numbers like 0,255, the lower first, and is {text!r}")
    return low, high


def _progress(console: Console) -> Progress:
    columns = (TextColumn("asking the model"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)


if __name__ == "__main__":
    sys.exit(command.run(main, sys.argv[1:]))
