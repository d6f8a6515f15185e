"""What is looked at of rows that were answered, in its own time: predictions and inputs.

A batch that ran hands references over, and goes on: nothing is copied and
nobody waits. One thread joins what has gathered and counts it. Predictions are
counted on every row, inputs on as many rows a second as are allowed. Where the
thread does not keep up rows are dropped and counted, so that what is held stays
within its bound; a fault in looking is told and counted, and serving never
hears of it.
"""

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from time import perf_counter, thread_time
from typing import Any

import numpy as np

from monitoring.baseline import FLOATING, Baseline
from monitoring.features import features_of
from serving import logs
from serving.outbox import Fate, Outbox
from serving.prediction import Classifier
from serving.row_counts import InputCounts, PredictionCounts, SeriesOf, portions
from serving.row_sampler import RowSampler, spread
from serving.signature import UNKNOWN, Signature, Tensors, TensorSpec

MOST_BATCHES = 16_384
PAUSE_SECONDS = 0.1
"""How long batches gather: counting many at once takes a tenth of the time of counting each."""
AT_ONCE = 1024
JOINED_VALUES = 262_144
"""Numbers that are joined and counted in one go: two megabytes."""
VALUES_PER_SECOND = 4_000_000
"""Numbers of inputs that are looked at a second: where rows are large there are fewer of them. About 3 % of a
processor."""
CHECKED_VALUES = 4096
"""Numbers in a row of an output that is searched for what is no number."""


@dataclass(slots=True, eq=False)
class Seen:
    """Rows that were answered."""

    by: "Observation"
    rows: int
    """Those behind them are padding."""
    outputs: Tensors
    inputs: Tensors
    """Empty where none are to be looked at."""
    taken: int
    """How many rows' inputs are to be looked at."""
    turn: int


class Monitor:
    """The thread that looks, one for all models."""

    def __init__(self, busy_seconds: Any, *, most_bytes: int) -> None:
        """`busy_seconds` is the series that its processor time is counted in."""
        self._busy_seconds = busy_seconds
        self._outbox = Outbox(
            "monitor",
            self._look,
            _take_no_note,
            most=MOST_BATCHES,
            most_bytes=most_bytes,
            pause_seconds=PAUSE_SECONDS,
            at_once=AT_ONCE,
        )
        self.put = self._outbox.put

    def start(self) -> None:
        self._outbox.start()

    def stop(self) -> None:
        self._outbox.stop()

    def _look(self, seen: Sequence[Seen]) -> None:
        began = thread_time()
        by_version = defaultdict[Observation, list[Seen]](list)
        for each in seen:
            by_version[each.by].append(each)
        for observation, batches in by_version.items():
            observation.count(batches)
        self._busy_seconds.inc(thread_time() - began)


class Observation:
    """What is looked at of the rows of one model version."""

    def __init__(
        self,
        signature: Signature,
        classifier: Classifier | None,
        baseline: Baseline | None,
        monitor: Monitor,
        series: SeriesOf,
        *,
        input_rows_per_second: float,
    ) -> None:
        self._classifier = classifier
        self._monitor = monitor
        self._is_batched = signature.is_batched
        calibration = baseline.calibration if baseline is not None else None
        if classifier is not None and baseline is not None and baseline.output is not None:
            calibration = calibration if classifier.output == baseline.output.name else None
        self._predictions = PredictionCounts(classifier, calibration, series) if classifier is not None else None
        checked = [spec.name for spec in signature.outputs if _is_checked(spec, classifier)]
        # The one with classes first: what else there is of a model without rows is measured by it.
        self._outputs = tuple(sorted(checked, key=lambda name: classifier is None or name != classifier.output))
        self._nonfinite = series("ecluse_nonfinite_outputs_total") if self._outputs else None
        self._described = baseline.input if baseline is not None and input_rows_per_second else None
        self._inputs = () if self._described is None else tuple(self._described.shapes)
        self._watched_outputs = tuple(self._described.outputs) if self._described is not None else ()
        self._features = None if baseline is None or self._described is None else InputCounts(baseline, series)
        values = 1 if self._described is None else sum(prod(shape) for shape in self._described.shapes.values())
        rate = min(input_rows_per_second, max(1.0, VALUES_PER_SECOND / values))
        self._sampler = RowSampler(rate if self._inputs else 0.0, perf_counter())
        self._turn = 0
        # The event loop drops and the thread fails: the one count that two write.
        self._dropped = {part: series("ecluse_monitor_dropped_rows_total", part) for part in ("inputs", "predictions")}
        self._dropping = threading.Lock()
        self._is_failing = False

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self._outputs or self._inputs)

    # On the event loop

    def ran(self, inputs: Tensors, outputs: Tensors, rows: int) -> None:
        """Hear of rows that were answered; what is behind them is padding. Never waits, copies or raises."""
        try:
            self._hand_over(inputs, outputs, rows)
        # The border to the hot path.
        except Exception as error:  # noqa: BLE001
            self._fail("predictions", rows, error)

    def _hand_over(self, inputs: Tensors, outputs: Tensors, rows: int) -> None:
        given = {name: outputs[name] for name in self._outputs}
        if self._watched_outputs:
            inputs = {**inputs, **{name: outputs[name] for name in self._watched_outputs}}
        if not self._is_batched:
            given, inputs, rows = self._as_rows(given, inputs)
        taken = self._sampler.take(rows, perf_counter()) if self._inputs and inputs else 0
        size_bytes = 0
        for array in given.values():
            size_bytes += array.nbytes
        if taken:
            self._turn += 1
            wanted = {name: inputs[name] for name in self._inputs}
            input_bytes = 0
            for array in wanted.values():
                input_bytes += array.nbytes
            if self._monitor.put(Seen(self, rows, given, wanted, taken, self._turn), size_bytes + input_bytes):
                return
            self._drop("inputs", taken)
        # Inputs may be too large to be held where answers are not.
        if given and not self._monitor.put(Seen(self, rows, given, {}, 0, 0), size_bytes):
            self._drop("predictions", rows)

    def _as_rows(self, given: Tensors, inputs: Tensors) -> tuple[Tensors, Tensors, int]:
        """Take what has as many rows as the first, of a model that says nothing of rows."""
        first, *_ = (*given.values(), *(inputs[name] for name in self._inputs))
        alike = {name: array for name, array in given.items() if array.shape[:1] == first.shape[:1] != ()}
        has_inputs = all(inputs[name].shape[:1] == first.shape[:1] != () for name in self._inputs)
        return alike, inputs if has_inputs else {}, len(first) if first.shape else 0

    def _drop(self, part: str, rows: int) -> None:
        with self._dropping:
            self._dropped[part].inc(rows)

    # On the monitor's thread

    def count(self, seen: Sequence[Seen]) -> None:
        """Count rows; a fault costs those that it was met in."""
        try:
            self._count_outputs([_cut(each.outputs, each.rows) for each in seen if each.outputs])
        # The border of a thread: nothing that is wrong with counting may reach what serves.
        except Exception as error:  # noqa: BLE001
            self._fail("predictions", sum(each.rows for each in seen), error)
        try:
            self._count_inputs([_sample(each) for each in seen if each.inputs])
        except Exception as error:  # noqa: BLE001
            self._fail("inputs", sum(each.taken for each in seen), error)

    def _count_outputs(self, batches: Sequence[Tensors]) -> None:
        for outputs in portions(batches, JOINED_VALUES):
            is_finite = np.ones(len(next(iter(outputs.values()))), dtype=np.bool_)
            for name, array in outputs.items():
                if self._classifier is None or name != self._classifier.output:
                    is_finite &= np.isfinite(array.reshape(len(array), -1)).all(axis=1)
            said = self._classifier.predict(outputs) if self._classifier is not None else None
            if said is not None and self._predictions is not None:
                self._predictions.add(said)
                is_finite &= said.is_finite
            if self._nonfinite is not None:
                self._nonfinite.inc(int(np.count_nonzero(~is_finite)))

    def _count_inputs(self, batches: Sequence[Tensors]) -> None:
        if self._described is None or self._features is None:
            return
        for inputs in portions(batches, JOINED_VALUES):
            self._features.add(features_of(inputs, self._described))

    def _fail(self, part: str, rows: int, error: Exception) -> None:
        self._drop(part, rows)
        if not self._is_failing:
            logs.event("monitor_failed", level=logs.ERROR, error=error, part=part)
        self._is_failing = True


def _cut(tensors: Tensors, rows: int) -> Tensors:
    """Leave the padding behind."""
    return {name: array[:rows] for name, array in tensors.items()}


def _sample(seen: Seen) -> Tensors:
    if seen.taken == seen.rows:
        return _cut(seen.inputs, seen.rows)
    chosen = spread(seen.rows, seen.taken, seen.turn)
    return {name: array[chosen] for name, array in seen.inputs.items()}


def _is_checked(spec: TensorSpec, classifier: Classifier | None) -> bool:
    """Whether an output is looked at: the one with classes, and others of floating numbers that are not too many."""
    if classifier is not None and spec.name == classifier.output:
        return True
    sizes = spec.shape[1:] if spec.shape is not None else (UNKNOWN,)
    return spec.datatype in FLOATING and UNKNOWN not in sizes and prod(sizes) <= CHECKED_VALUES


def _take_no_note(fate: Fate, things: int) -> None:
    """What becomes of batches is counted in rows, elsewhere."""
