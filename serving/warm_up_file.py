"""Real rows to warm up with, from the file that TF Serving reads.

`assets.extra/tf_serving_warmup_requests` holds a record a request. What fits
the signature is given as arrays; what does not is passed over and told in one
sentence, since a start must not fail for the sake of a warmer start.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework.tensor_pb2 import TensorProto

from serving.datatypes import BYTES, NAMES
from serving.errors import InvalidRequest
from serving.prediction_log import NotAPrediction, Prediction, parse
from serving.signature import Signature, Tensors

PLACE = "assets.extra/tf_serving_warmup_requests"

MAX_RECORDS = 1000
"""As many as TF Serving reads."""


@dataclass(frozen=True, slots=True)
class WarmUpFile:
    """What the file held."""

    requests: list[Tensors]
    passed_over: int = 0
    reason: str = ""
    """Why the first of those was passed over."""


def read_warm_up_file(folder: Path, signature: Signature) -> WarmUpFile | None:
    """Read the requests that fit; None where the model in `folder` has no such file."""
    path = folder / PLACE
    if not path.is_file():
        return None
    requests: list[Tensors] = []
    reasons: list[str] = []
    try:
        for record in islice(_records(path), MAX_RECORDS):
            try:
                requests.append(_tensors(parse(record), signature))
            except (NotAPrediction, InvalidRequest) as error:
                reasons.append(str(error))
    except tf.errors.OpError as error:
        reasons.append(f"the file is damaged: {type(error).__name__}")
    return WarmUpFile(requests, len(reasons), reasons[0] if reasons else "")


def _records(path: Path) -> Iterator[bytes]:
    yield from tf.data.TFRecordDataset(str(path)).as_numpy_iterator()


def _tensors(prediction: Prediction, signature: Signature) -> Tensors:
    """Raises InvalidRequest where they are not what the signature takes."""
    if prediction.signature_name != signature.name:
        raise InvalidRequest(f"it asks for signature {prediction.signature_name!r}, and {signature.name!r} is served")
    tensors: Tensors = {}
    for name, message in prediction.inputs.items():
        spec = signature.input(name)
        array = _array(name, message)
        spec.check(NAMES.get(array.dtype, str(array.dtype)), array.shape)
        tensors[name] = array
    signature.check_complete(tensors)
    signature.rows(tensors)
    return tensors


def _array(name: str, message: bytes) -> np.ndarray:
    try:
        array: np.ndarray = tf.make_ndarray(TensorProto.FromString(message))
    except (DecodeError, ValueError, TypeError) as error:
        raise InvalidRequest(f"input {name!r} is no tensor: {error}") from None
    return array.astype(np.object_) if NAMES.get(array.dtype) == BYTES else array
