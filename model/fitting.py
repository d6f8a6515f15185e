"""Fit a network to the training rows, watched from the outside.

Owns the optimizers and the one loop that takes minutes: it moves the progress
bar, prints a line per epoch, and stops at once when the loss is no longer a
number. Which settings are good is decided in `train.py`; nothing is written.
"""

import math
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from model.data import Dataset
from model.errors import LossDiverged
from model.framework import keras, tf
from model.hyperparameters import Hyperparameters

MOMENTUM = 0.9

STEPS_PER_LOOK = 20
"""The loss is looked at once in so many steps: crossing from the graph to Python
at each step would double the time of the MLP."""

History = dict[str, Sequence[float]]


def make_repeatable(seed: int) -> None:
    """One seed for Python, numpy and TensorFlow, and only kernels that add in a fixed order."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def optimizer(name: str, learning_rate: Any) -> Any:
    match name:
        case "sgd":
            return keras.optimizers.SGD(learning_rate)
        case "momentum":
            return keras.optimizers.SGD(learning_rate, momentum=MOMENTUM)
        case "rmsprop":
            return keras.optimizers.RMSprop(learning_rate)
        case "adam":
            return keras.optimizers.Adam(learning_rate)
    raise ValueError(name)


def fit(network: Any, dataset: Dataset, settings: Hyperparameters, console: Console) -> History:
    """Train to the last epoch; the learning rate falls to zero along half a cosine on the way."""
    steps_per_epoch = math.ceil(len(dataset.train) / settings.batch_size)
    steps = steps_per_epoch * settings.epochs
    network.compile(
        optimizer(settings.optimizer, keras.optimizers.schedules.CosineDecay(settings.learning_rate, steps)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=min(STEPS_PER_LOOK, steps_per_epoch),
    )
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        logged = network.fit(
            dataset.train.images,
            dataset.train.labels,
            validation_data=(dataset.validation.images, dataset.validation.labels),
            batch_size=settings.batch_size,
            epochs=settings.epochs,
            verbose=0,
            callbacks=[watch(progress, settings, steps_per_epoch)],
        ).history
    return {
        "epoch": range(1, settings.epochs + 1),
        "loss": logged["loss"],
        "accuracy": logged["accuracy"],
        "validation_loss": logged["val_loss"],
        "validation_accuracy": logged["val_accuracy"],
    }


def watch(progress: Progress, settings: Hyperparameters, steps_per_epoch: int) -> Any:
    """The callback that shows how far training is, and ends it when it has left the numbers."""
    task = progress.add_task("starting", total=steps_per_epoch * settings.epochs)
    epoch = 0

    def begin(index: int, _logs: Any = None) -> None:
        nonlocal epoch
        epoch = index + 1
        progress.update(task, description=f"epoch {epoch} of {settings.epochs}")

    def look(step: int, logs: dict[str, float]) -> None:
        progress.update(task, completed=(epoch - 1) * steps_per_epoch + step + 1)
        if not math.isfinite(logs["loss"]):
            raise LossDiverged(loss=logs["loss"], epoch=epoch, step=step + 1, learning_rate=settings.learning_rate)

    def report(_index: int, logs: dict[str, float]) -> None:
        progress.console.print(
            f"epoch {epoch:2d}  loss {logs['loss']:.4g}  accuracy {logs['accuracy']:.4f}  "
            f"validation loss {logs['val_loss']:.4g}  accuracy {logs['val_accuracy']:.4f}",
            soft_wrap=True,
        )

    return keras.callbacks.LambdaCallback(on_epoch_begin=begin, on_train_batch_end=look, on_epoch_end=report)
