"""Export the models that faults are tried on: `python build_models.py FOLDER`.

A process of its own, so that no test imports TensorFlow. Every answer is
`2 * number + 1`, by which a caller knows its own rows from its neighbours'.
Time is spent asleep inside the graph: a busy wait would take the processors
from the callers that a test counts.
"""

import os
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

NUMBER = tf.TensorSpec([None], tf.float32, "number")
SECONDS = tf.TensorSpec([None], tf.float32, "seconds")

FOREVER_SECONDS = 600.0
"""Longer than any test waits."""


def slept(seconds: Any) -> Any:
    """Sleep inside the graph; the zero that comes back ties the sleep to what is computed from it."""
    flat: Any = {"output_types": [tf.float32], "output_shapes": [[]]}
    one = tf.raw_ops.TensorSliceDataset(components=[tf.zeros([1])], output_shapes=[[]])
    # The sleep comes before every element and once more before the end.
    microseconds = tf.cast(seconds * 1e6 / 2, tf.int64)
    sleep = tf.raw_ops.SleepDataset(input_dataset=one, sleep_microseconds=microseconds, **flat)
    return tf.raw_ops.DatasetToSingleElement(dataset=sleep, **flat)[0]


class Quick(tf.Module):  # type: ignore[misc]  # tensorflow ships no types
    """One small dense layer."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = tf.Variable([[2.0]])
        self.bias = tf.Variable([1.0])

    @tf.function(input_signature=[NUMBER])  # type: ignore[untyped-decorator]
    def serve(self, number: Any) -> dict[str, Any]:
        return {"answer": (tf.reshape(number, [-1, 1]) @ self.weights + self.bias)[:, 0]}


class Clerk(tf.Module):  # type: ignore[misc]
    """Takes as long as the most patient of its rows asks for, and refuses numbers below zero."""

    @tf.function(input_signature=[NUMBER, SECONDS])  # type: ignore[untyped-decorator]
    def serve(self, number: Any, seconds: Any) -> dict[str, Any]:
        tf.debugging.assert_greater_equal(number, 0.0, message="numbers below zero are refused")
        return {"answer": 2.0 * number + 1.0 + slept(tf.reduce_max(seconds))}


class Sluggish(tf.Module):  # type: ignore[misc]
    """Takes for ever, whatever it is asked, so that its warm-up does not end."""

    @tf.function(input_signature=[NUMBER])  # type: ignore[untyped-decorator]
    def serve(self, number: Any) -> dict[str, Any]:
        return {"answer": 2.0 * number + 1.0 + slept(tf.constant(FOREVER_SECONDS))}


class Broken(tf.Module):  # type: ignore[misc]
    """Loads, and fails at every run for a reason that is not its input's."""

    @tf.function(input_signature=[NUMBER])  # type: ignore[untyped-decorator]
    def serve(self, number: Any) -> dict[str, Any]:
        gone = tf.strings.length(tf.io.read_file("/nowhere/vocabulary.txt"))
        return {"answer": 2.0 * number + 1.0 + tf.cast(gone, tf.float32)}


class SlowTable(tf.saved_model.experimental.TrackableResource):  # type: ignore[misc]
    """A resource that is filled when its model is loaded, which takes for ever."""

    def _create_resource(self) -> Any:
        return tf.raw_ops.MutableHashTableV2(key_dtype=tf.int64, value_dtype=tf.int64)

    def _initialize(self) -> None:
        slept(tf.constant(FOREVER_SECONDS))


class Large(tf.Module):  # type: ignore[misc]
    """Takes for ever to load."""

    def __init__(self) -> None:
        super().__init__()
        self.table = SlowTable()

    @tf.function(input_signature=[NUMBER])  # type: ignore[untyped-decorator]
    def serve(self, number: Any) -> dict[str, Any]:
        rows = tf.raw_ops.LookupTableSizeV2(table_handle=self.table.resource_handle)
        return {"answer": 2.0 * number + 1.0 + tf.cast(rows, tf.float32)}


MODELS: dict[str, Any] = {"quick": Quick, "clerk": Clerk, "sluggish": Sluggish, "broken": Broken, "large": Large}


def main() -> None:
    for name, build in MODELS.items():
        model = build()
        tf.saved_model.save(model, str(Path(sys.argv[1], name, "1")), signatures={"serving_default": model.serve})


if __name__ == "__main__":
    main()
