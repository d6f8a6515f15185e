"""A TensorFlow SavedModel: its signature, and the call that runs a batch.

The only file of this package that imports TensorFlow. Promises that what the
graph refuses because of its input comes out as InvalidRequest, that any other
failure comes out as ModelFailed, and that a folder which cannot be served is
told in one sentence. Knows no queue and no protocol.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

# TensorFlow's own log lines are neither ours nor JSON; errors are still shown, and so are a few remarks from
# before its log level is in force.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf

from serving import logs
from serving.cpu_quota import cpu_quota
from serving.datatypes import NAMES
from serving.direct_call import Call, as_array, direct_call
from serving.errors import InvalidRequest, ModelExhausted, ModelFailed, StartupError
from serving.labels import read_labels
from serving.settings import Tensorflow
from serving.signature import UNKNOWN, Signature, Tensors, TensorSpec
from serving.tensorflow_options import NoSuchDevice, apply

VERSION: str = tf.__version__

DEFAULT_SIGNATURE = "serving_default"

TRACE = re.compile(r"\{\{.*?\}\}|\[\[.*?\]\]|\[Op:.*?\]")
"""What TensorFlow adds to a message about where in the graph it happened."""


def configure(wanted: Tensorflow) -> None:
    """Set TensorFlow up, as far as no code of a user's has made it start already; raises StartupError."""
    try:
        too_late = apply(tf.config, wanted, intra_op_threads=wanted.intra_op_threads or cpu_quota())
    except NoSuchDevice as error:
        raise StartupError(str(error)) from error
    if too_late:
        logs.event("tensorflow_started_before", level=logs.WARNING, settings_not_taken=too_late)


class SavedModel:
    """A loaded model; `run` may be called from several threads at once, as concrete functions may."""

    def __init__(self, folder: Path, signature_name: str = DEFAULT_SIGNATURE) -> None:
        """Load a version folder; raises StartupError where it cannot be served."""
        try:
            # The loaded object must live as long as its signatures are called.
            self._loaded: Any = _load(folder)
        except (OSError, RuntimeError, ValueError, tf.errors.OpError) as error:
            raise StartupError(f"model folder {folder} cannot be loaded: {_first_line(error)}") from error
        name, self.public = _choose(self._loaded.signatures, signature_name, folder)
        self.signature = _signature(name, self.public, folder)
        self.direct: Call | None = None

    def shorten(self) -> None:
        """Look for a shorter way into the graph, which takes a run or two of it; called before the first request."""
        self.direct = direct_call(self.public, self.run_publicly, self.signature.inputs)

    def run(self, tensors: Tensors) -> Tensors:
        try:
            return self.run_publicly(tensors) if self.direct is None else self.direct(tensors)
        except (tf.errors.InvalidArgumentError, tf.errors.OutOfRangeError) as error:
            raise InvalidRequest(f"the model refused the input: {_first_line(error)}") from error
        except tf.errors.ResourceExhaustedError as error:
            raise ModelExhausted("the device has no memory for the batch") from error
        except tf.errors.OpError as error:
            raise ModelFailed(f"the model failed: {type(error).__name__}") from error

    def run_publicly(self, tensors: Tensors) -> Tensors:
        outputs = self.public(**{name: tf.constant(tensor) for name, tensor in tensors.items()})
        return {name: as_array(output.numpy()) for name, output in outputs.items()}


def _load(folder: Path) -> Any:
    try:
        return tf.saved_model.load(str(folder))
    except RuntimeError:
        # A folder may hold several graphs, told apart by tags; the one to serve bears this tag alone.
        return tf.saved_model.load(str(folder), tags=[tf.saved_model.SERVING])


def _choose(signatures: Mapping[str, Any], wanted: str, folder: Path) -> tuple[str, Any]:
    """Take the signature asked for, or the only one there is."""
    names = sorted(signatures)
    if wanted in signatures:
        return wanted, signatures[wanted]
    if wanted == DEFAULT_SIGNATURE and len(names) == 1:
        return names[0], signatures[names[0]]
    found = ", ".join(repr(name) for name in names) or "none"
    raise StartupError(f"model folder {folder} has no signature {wanted!r}; it has {found}")


def _signature(name: str, call: Any, folder: Path) -> Signature:
    _, inputs_by_name = call.structured_input_signature
    if not inputs_by_name:
        raise StartupError(f"signature {name!r} of {folder} has no inputs, so there is nothing to ask it")
    # A SavedModel keeps no order of its own: without sorting, two replicas would answer in two.
    inputs = tuple(_spec("input", key, spec, folder) for key, spec in sorted(inputs_by_name.items()))
    outputs = tuple(_spec("output", key, spec, folder) for key, spec in sorted(call.structured_outputs.items()))
    # An output of any rank may have a row for each row: warm-up finds out.
    is_batched = all(map(_counts_rows, inputs)) and all(spec.shape is None or _counts_rows(spec) for spec in outputs)
    return Signature(name, inputs, outputs, is_batched, read_labels(folder))


def _spec(kind: str, name: str, spec: Any, folder: Path) -> TensorSpec:
    # The outputs of a TensorFlow 1 model are not described but given: as tensors of its graph.
    if not isinstance(spec, tf.TensorSpec | tf.Tensor):
        raise StartupError(f"{kind} {name!r} of {folder} is a {type(spec).__name__}, and V2 has only dense tensors")
    dtype = np.dtype(spec.dtype.as_numpy_dtype)
    datatype = NAMES.get(dtype)
    if datatype is None or spec.dtype not in (tf.string, *_NUMERIC):
        raise StartupError(f"{kind} {name!r} of {folder} is {spec.dtype.name}, which V2 has no datatype for")
    if spec.shape.rank is None:
        return TensorSpec(name, datatype, None)
    return TensorSpec(name, datatype, tuple(UNKNOWN if size is None else size for size in spec.shape))


_NUMERIC = (
    tf.bool,
    tf.uint8,
    tf.uint16,
    tf.uint32,
    tf.uint64,
    tf.int8,
    tf.int16,
    tf.int32,
    tf.int64,
    tf.float16,
    tf.bfloat16,
    tf.float32,
    tf.float64,
)


def _counts_rows(spec: TensorSpec) -> bool:
    return spec.shape is not None and len(spec.shape) > 0 and spec.shape[0] == UNKNOWN


def _first_line(error: BaseException) -> str:
    """Cut TensorFlow's message to what its reader can act on."""
    text = TRACE.sub("", str(getattr(error, "message", None) or error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # A failure inside a nested call is introduced by lines about its place.
    places = ("Graph execution error", "Detected at node", "<stack traces")
    told = [line for line in lines if not line.startswith(places)]
    return told[0] if told else type(error).__name__
