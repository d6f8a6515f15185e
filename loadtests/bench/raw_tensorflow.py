"""The bound: the same SavedModel and the same batch, with no server around it.

Calls the signature in a loop, from arrays to arrays, with as many threads as a
server has on its core, and prints how many batches it ran in a second. Runs in
a process of its own: `python -m loadtests.bench.raw_tensorflow FOLDER TENSORS
SECONDS`, where TENSORS is a file of numpy's with an array for each input.
"""

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from loadtests.bench.model_folder import newest_version

WARM_UP_SHARE = 0.2


def batches_per_second(folder: Path, batch: dict[str, np.ndarray], seconds: float) -> float:
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    # The signature does not keep the object it came from alive.
    loaded = tf.saved_model.load(str(newest_version(folder)))
    call = loaded.signatures["serving_default"]
    _run(call, batch, seconds * WARM_UP_SHARE)
    return _run(call, batch, seconds)


def _run(call: Any, batch: dict[str, np.ndarray], seconds: float) -> float:
    began, runs = time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < seconds:
        for output in call(**{name: tf.constant(array) for name, array in batch.items()}).values():
            output.numpy()
        runs += 1
    return runs / passed


if __name__ == "__main__":
    with np.load(sys.argv[2], allow_pickle=True) as arrays:  # our own file; text is made of objects
        tensors = dict(arrays)
    print(batches_per_second(Path(sys.argv[1]), tensors, float(sys.argv[3])))
