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
import math
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from model import baseline, card, command, data, export, figures, quality
from model.errors import LossDiverged

# Where nothing is said, what reaches its goal quickly on two cores.
EPOCHS = {"mlp": 10, "cnn": 8}
DROPOUT = {"mlp": 0.2, "cnn": 0.4}
LEARNING_RATE = {"sgd": 0.5, "momentum": 0.1, "rmsprop": 0.001, "adam": 0.002}
MOMENTUM = 0.9

# The loss is looked at, and the bar moved, once in so many steps: crossing from the graph
# to Python at each step would double the time of the MLP.
STEPS_PER_LOOK = 20


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
    options.learning_rate = options.learning_rate or LEARNING_RATE[options.optimizer]
    options.epochs = options.epochs or EPOCHS[options.network]
    options.dropout = DROPOUT[options.network] if options.dropout is None else options.dropout
    return options


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    console = Console(stderr=True, highlight=False)
    started = time.perf_counter()

    # The version folder is claimed first: a disk that refuses must not cost a training run.
    with export.staged(options.output, options.version) as (folder, final):
        dataset = data.load(options.data, allow_fallback=options.allow_fallback, rows=options.rows, console=console)

        # TensorFlow takes seconds to start, and a mistake in the options should not wait for it.
        from model import network, saved_model
        from model.framework import keras, tf

        # One seed for Python, numpy and TensorFlow, and only kernels that add in a fixed order.
        keras.utils.set_random_seed(options.seed)
        tf.config.experimental.enable_op_determinism()

        steps_per_epoch = math.ceil(len(dataset.train) / options.batch_size)
        learning_rate = keras.optimizers.schedules.CosineDecay(
            options.learning_rate, decay_steps=steps_per_epoch * options.epochs
        )
        optimizer = {
            "sgd": lambda: keras.optimizers.SGD(learning_rate),
            "momentum": lambda: keras.optimizers.SGD(learning_rate, momentum=MOMENTUM),
            "rmsprop": lambda: keras.optimizers.RMSprop(learning_rate),
            "adam": lambda: keras.optimizers.Adam(learning_rate),
        }[options.optimizer]()
        net = network.build(options.network, dropout=options.dropout)
        net.compile(
            optimizer,
            loss="sparse_categorical_crossentropy",
            metrics=["accuracy"],
            steps_per_execution=min(STEPS_PER_LOOK, steps_per_epoch),
        )

        fit_started = time.perf_counter()
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=console,
        ) as progress:
            history = fit(net, dataset, options, progress, steps_per_epoch)
        training_seconds = time.perf_counter() - fit_started

        # Judged through the exported signature: the card tells what a caller gets.
        saved_model.write(net, folder)
        predict = saved_model.read(folder)
        test, validation = (
            baseline.Answers(rows.images, rows.labels, predict(rows.images))
            for rows in (dataset.test, dataset.validation)
        )
        measured = quality.measure(test.labels, test.predicted, test.confidence)

        assets = folder / export.ASSETS
        write_history(assets / "history.csv", history)
        figures.draw_curves(history, assets / "curves.png")
        figures.draw_confusion(measured, assets / "confusion.png")
        export.write_json(assets / "baseline.json", baseline.describe(test, validation))
        export.write_json(
            assets / "model_card.json",
            card.describe(
                name=final.parent.name,
                model_version=int(final.name),
                dataset=dataset,
                hyperparameters={
                    name: getattr(options, name)
                    for name in (
                        "network",
                        "optimizer",
                        "learning_rate",
                        "epochs",
                        "batch_size",
                        "dropout",
                        "seed",
                    )
                }
                | {"learning_rate_schedule": "half a cosine to zero"},
                weights=net.count_params(),
                training_seconds=training_seconds,
                quality=measured,
            ),
        )

    seconds = time.perf_counter() - started
    print(f"model: {final}")
    print(
        f"test accuracy: {measured.accuracy:.4f} on {measured.rows:,} images "
        f"(trained in {training_seconds:.0f} s, {seconds:.0f} s in all)"
    )
    return command.PASSED


def fit(
    net: Any, dataset: data.Dataset, options: Namespace, progress: Progress, steps_per_epoch: int
) -> figures.History:
    """Train to the last epoch, and stop at once when the loss is no longer a number."""
    from model.framework import keras

    task = progress.add_task("training", total=steps_per_epoch * options.epochs)
    epoch = 0

    def begin(index: int, _logs: Any = None) -> None:
        nonlocal epoch
        epoch = index + 1
        progress.update(task, description=f"epoch {epoch} of {options.epochs}")

    def look(step: int, logs: dict[str, float]) -> None:
        progress.update(task, completed=(epoch - 1) * steps_per_epoch + step + 1)
        if not math.isfinite(logs["loss"]):
            raise LossDiverged(loss=logs["loss"], epoch=epoch, step=step + 1, learning_rate=options.learning_rate)

    def report(_index: int, logs: dict[str, float]) -> None:
        progress.console.print(
            f"epoch {epoch:2d}  loss {logs['loss']:.4f}  accuracy {logs['accuracy']:.4f}  "
            f"validation loss {logs['val_loss']:.4f}  accuracy {logs['val_accuracy']:.4f}"
        )

    logged = net.fit(
        dataset.train.images,
        dataset.train.labels,
        validation_data=(dataset.validation.images, dataset.validation.labels),
        batch_size=options.batch_size,
        epochs=options.epochs,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=begin, on_train_batch_end=look, on_epoch_end=report)],
    ).history
    return {
        "epoch": range(1, options.epochs + 1),
        "loss": logged["loss"],
        "accuracy": logged["accuracy"],
        "validation_loss": logged["val_loss"],
        "validation_accuracy": logged["val_accuracy"],
    }


def write_history(path: Path, history: figures.History) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(history)
        writer.writerows(zip(*history.values(), strict=True))


def _listed(defaults: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in defaults.items())


if __name__ == "__main__":
    sys.exit(command.run(main, sys.argv[1:]))
