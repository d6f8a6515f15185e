"""The baselines and the traffic of the study: held-out rows, parted in two again and again.

One half makes a baseline as `model.baseline` would, the other half is live
traffic, which the baseline has never seen. Windows that are drawn from the
baseline's own rows would look quieter than they are.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.baseline.reference import Answered, Predict, ask, describe_reference
from model.data import Dataset, Rows
from monitoring import baseline
from monitoring.baseline import Baseline
from tests.drift_study.shifts import Shift, same
from tests.drift_study.watched import Watched, watch


@dataclass(frozen=True, slots=True)
class Trial:
    """A baseline, and other rows of the same kind."""

    baseline: Baseline
    live: Rows
    predict: Predict

    def watch(self, shift: Shift, random: np.random.Generator) -> Watched:
        """The live rows as they come when traffic has shifted; how often each comes is not yet told."""
        images = shift.change(self.live.images, random)
        if shift.share < 1:
            is_changed = random.random(len(images)) < shift.share
            images = np.where(is_changed[:, np.newaxis, np.newaxis], images, self.live.images)
        return watch(self.baseline, self.predict, images, self.live.labels)

    def undrifted(self, random: np.random.Generator) -> Watched:
        return self.watch(Shift("none", same), random)


def trials(dataset: Dataset, predict: Predict, count: int, seed: int) -> Iterator[Trial]:
    """Part the held-out rows `count` times."""
    validation = ask(predict, dataset.validation)
    every = ask(predict, dataset.test)
    for number in range(count):
        order = np.random.default_rng([seed, number]).permutation(len(dataset.test))
        known, live = order[: len(order) // 2], order[len(order) // 2 :]
        content = describe_reference(_kept(every, known), validation)
        yield Trial(baseline.read(json.dumps(content).encode()), _kept(every, live).rows, predict)


def _kept(answered: Answered, rows: np.ndarray) -> Answered:
    answers = answered.answers
    return Answered(
        Rows(answered.rows.images[rows], answered.rows.labels[rows]),
        type(answers)(answers.output, answers.kind, answers.numbers[rows]),
    )
