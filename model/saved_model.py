"""The SavedModel: the network behind its serving signature, written and read back.

`serving_default` takes `image`, uint8 [rows, 28, 28], and gives `probabilities`,
float32 [rows, 10], and `digit`, int64 [rows]. What is judged is always read back
from disk through this signature, so the numbers on the card are those a caller
gets. Version folders and their assets are the business of `export.py`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from model.errors import UnexpectedSignature, UnreadableModel
from model.framework import tf

SIGNATURE = "serving_default"
BATCH_ROWS = 1_000
"""Rows run together when a whole data set is judged: enough to be quick, little memory."""

Specs = dict[str, tuple[Any, list[Any]]]

_INPUTS: Specs = {"image": (tf.uint8, [None, 28, 28])}
_OUTPUTS: Specs = {"probabilities": (tf.float32, [None, 10]), "digit": (tf.int64, [None])}

Predict = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]


def write(network: Any, folder: Path) -> None:
    """Write the trained network into `folder` as a SavedModel; a disk that refuses is an OSError, as ever."""

    def answer(image: Any) -> dict[str, Any]:
        probabilities = network(image, training=False)
        return {"probabilities": probabilities, "digit": tf.argmax(probabilities, axis=1)}

    function = tf.function(answer, input_signature=[tf.TensorSpec([None, 28, 28], tf.uint8, name="image")])

    # A bare module, and not the Keras model: the graph and its weights are all that anyone needs to serve.
    module = tf.Module()
    module.weights = [weight.value for weight in network.weights]
    try:
        tf.saved_model.save(module, str(folder), signatures={SIGNATURE: function})
    except tf.errors.OpError as error:
        # TensorFlow reports a full disk as "{{node}} PATH; REASON [Op:SaveV2]".
        reason = _first_line(error).rsplit("; ", 1)[-1].split(" [Op:")[0]
        raise OSError(reason) from error


def read(folder: Path) -> Predict:
    """Load a SavedModel of digits, and return the function from images to probabilities."""
    try:
        loaded = tf.saved_model.load(str(folder))
    except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
        raise UnreadableModel(folder, _first_line(error)) from error
    signature = loaded.signatures.get(SIGNATURE)
    if signature is None:
        names = ", ".join(sorted(loaded.signatures)) or "no signature at all"
        raise UnexpectedSignature(folder, expected=SIGNATURE, found=names)
    expected = f"{_described(_INPUTS)} to {_described(_OUTPUTS)}"
    inputs, outputs = signature.structured_input_signature[1], signature.structured_outputs
    found = f"{_described(_specs(inputs))} to {_described(_specs(outputs))}"
    if found != expected:
        raise UnexpectedSignature(folder, expected=expected, found=found)

    def predict(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        # Asked of `loaded` each time: a signature alone does not keep its weights alive.
        run = loaded.signatures[SIGNATURE]
        batches = [images[start : start + BATCH_ROWS] for start in range(0, len(images), BATCH_ROWS)]
        return np.concatenate([run(image=tf.constant(batch))["probabilities"].numpy() for batch in batches])

    return predict


def _specs(tensors: dict[str, Any]) -> Specs:
    return {
        name: (spec.dtype, ["any rank"] if spec.shape.rank is None else spec.shape.as_list())
        for name, spec in tensors.items()
    }


def _described(specs: Specs) -> str:
    return " and ".join(
        f"{name} {dtype.name} [{', '.join('-1' if size is None else str(size) for size in shape)}]"
        for name, (dtype, shape) in sorted(specs.items())
    )


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
