"""Train a network on MNIST and export it as a version that can be served.

    python -m model.train                          # the MLP, under a minute, 0.98
    python -m model.train --network cnn            # a few minutes, 0.99
    python -m model.train --rows 600 --epochs 1    # a trial of everything, in seconds

Reads top to bottom: numbers, data, network, fit, judge, export. The version
folder appears at the end, whole; history.csv, curves.png and confusion.png lie
in its assets.extra/ beside the model card and the baseline. Exit status: 0 done,
2 not possible and one sentence says why, 130 interrupted.
"""

import csv
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from model import card, command, data, export, figures, quality
from model.baseline import reference
from model.hyperparameters import Hyperparameters

# Where nothing is said, what reaches its goal quickly on two cores.
EPOCHS = {"mlp": 10, "cnn": 8}
DROPOUT = {"mlp": 0.2, "cnn": 0.4}
LEARNING_RATE = {"sgd": 0.5, "momentum": 0.1, "rmsprop": 0.001, "adam": 0.002}


def parse(arguments: Sequence[str]) -> Namespace:
    parser = command.Parser(
        prog="python -m model.train",
        description=__doc__.split("\n")[0],
        formatter_class=command.HelpFormatter,
    )
    add = parser.add_argument
    add("--network", choices=EPOCHS, default="mlp", help="architecture")
    add("--optimizer", choices=LEARNING_RATE, default="adam", help="rule that moves the weights")
    add(
        "--learning-rate",
        type=command.number(0, 1e9, low_included=False),
        help=f"at the start; it falls to zero along half a cosine (default by optimizer: {_listed(LEARNING_RATE)})",
    )
    add(
        "--epochs",
        type=command.whole_number(1, 10_000),
        help=f"passes over the training rows (default by network: {_listed(EPOCHS)})",
    )
    add("--batch-size", type=command.whole_number(1, 60_000), default=128, help="rows per step")
    add(
        "--dropout",
        type=command.number(0, 0.95),
        help=f"share of units silenced per step (default by network: {_listed(DROPOUT)})",
    )
    add("--seed", type=command.whole_number(0, 2**32 - 1), default=1, help="same seed, same weights")
    add("--output", type=Path, default=Path("models/mnist"), help="folder of versions")
    add("--version", type=command.whole_number(1, 2**31 - 1), help="number to export (default: next free one)")
    add(
        "--data",
        type=Path,
        help="mnist.npz or a folder of the four idx files, instead of cache and downloads",
    )
    add(
        "--allow-fallback",
        action="store_true",
        help="accept scikit-learn's small digits if MNIST cannot be had",
    )
    add(
        "--rows",
        type=command.whole_number(120, 60_000),
        help="keep only the first training rows, and a sixth as many test rows, for a trial",
    )
    options = parser.parse_args(arguments)
    options.settings = Hyperparameters(
        network=options.network,
        optimizer=options.optimizer,
        learning_rate=options.learning_rate or LEARNING_RATE[options.optimizer],
        epochs=options.epochs or EPOCHS[options.network],
        batch_size=options.batch_size,
        dropout=DROPOUT[options.network] if options.dropout is None else options.dropout,
        seed=options.seed,
    )
    return options


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    console = Console(stderr=True, highlight=False)
    started = time.perf_counter()

    # The version folder is claimed first: a disk that refuses must not cost a training run.
    with export.staged(options.output, options.version) as (folder, final):
        dataset = data.load(options.data, allow_fallback=options.allow_fallback, rows=options.rows, console=console)

        # TensorFlow takes seconds to start, and a mistake in the options should not wait for it.
        from model import fitting, network, saved_model

        fitting.make_repeatable(options.settings.seed)
        net = network.build(options.settings.network, dropout=options.settings.dropout)
        fit_started = time.perf_counter()
        history = fitting.fit(net, dataset, options.settings, console)
        training_seconds = time.perf_counter() - fit_started

        # Judged through the exported signature: the card tells what a caller gets.
        saved_model.write(net, folder)
        predict = saved_model.read(folder)
        test, validation = (reference.ask(predict, rows) for rows in (dataset.test, dataset.validation))
        measured = quality.measure(dataset.test.labels, test.answers.predicted, test.answers.confidence)

        assets = folder / export.ASSETS
        write_history(assets / "history.csv", history)
        figures.draw_curves(history, assets / "curves.png")
        figures.draw_confusion(measured, assets / "confusion.png")
        export.write_json(assets / "baseline.json", reference.describe_reference(test, validation))
        model_card = card.describe(
            name=final.parent.resolve().name,
            model_version=int(final.name),
            dataset=dataset,
            hyperparameters=options.settings,
            weights=net.count_params(),
            training_seconds=training_seconds,
            quality=measured,
        )
        export.write_json(assets / "model_card.json", model_card)

    seconds = time.perf_counter() - started
    print(f"model: {final}")
    print(
        f"test accuracy: {measured.accuracy:.4f} on {measured.rows:,} images "
        f"(trained in {training_seconds:.0f} s, {seconds:.0f} s in all)"
    )
    return command.PASSED


def write_history(path: Path, history: figures.History) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(history)
        writer.writerows(zip(*history.values(), strict=True))


def _listed(defaults: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in defaults.items())


if __name__ == "__main__":
    sys.exit(command.run(main, sys.argv[1:]))
