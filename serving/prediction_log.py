"""TF Serving's log of predictions, as far as warm-up reads it.

`PredictionLog` with the field numbers of TF Serving's `prediction_log.proto`,
`predict.proto` and `model.proto`; its other fields are skipped as unknown. The
messages live in a descriptor pool of their own, so that TF Serving's client may
be installed beside. A tensor is left as its bytes, which are the same on the
wire: this file knows no TensorFlow.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

KINDS = {2: "classify", 3: "regress", 4: "multi-inference", 5: "session run", 7: "streamed"}
"""Kinds of request that are not run, by the number of their field."""

DEFAULT_SIGNATURE = "serving_default"


class NotAPrediction(Exception):
    """The record holds something else; the message says what."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One request of a client of TF Serving's."""

    signature_name: str
    inputs: Mapping[str, bytes]
    """A serialised TensorProto for each input."""


def parse(record: bytes) -> Prediction:
    """Read one record; raises NotAPrediction."""
    try:
        log = _PredictionLog.FromString(record)
    except DecodeError:
        raise NotAPrediction("it is no PredictionLog") from None
    for number, kind in KINDS.items():
        if log.HasField(f"other_{number}"):
            raise NotAPrediction(f"it logs a {kind} request, and only predict requests are run")
    if not log.HasField("predict_log"):
        raise NotAPrediction("it logs no request")
    request = log.predict_log.request
    return Prediction(request.model_spec.signature_name or DEFAULT_SIGNATURE, dict(request.inputs))


def _message_class() -> Any:
    kind = FieldDescriptorProto
    file = FileDescriptorProto(name="prediction_log.proto", package="ecluse", syntax="proto3")

    entry = DescriptorProto(name="InputsEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=kind.TYPE_STRING, label=kind.LABEL_OPTIONAL)
    entry.field.add(name="value", number=2, type=kind.TYPE_BYTES, label=kind.LABEL_OPTIONAL)

    spec = file.message_type.add(name="ModelSpec")
    spec.field.add(name="signature_name", number=3, type=kind.TYPE_STRING, label=kind.LABEL_OPTIONAL)

    request = file.message_type.add(name="PredictRequest")
    request.nested_type.append(entry)
    _add(request, "model_spec", 1, "ModelSpec")
    _add(request, "inputs", 2, "PredictRequest.InputsEntry", label=kind.LABEL_REPEATED)

    predict = file.message_type.add(name="PredictLog")
    _add(predict, "request", 1, "PredictRequest")

    file.message_type.add(name="Other")
    log = file.message_type.add(name="PredictionLog")
    _add(log, "predict_log", 6, "PredictLog")
    for number in KINDS:
        _add(log, f"other_{number}", number, "Other")

    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName("ecluse.PredictionLog"))


def _add(
    message: DescriptorProto,
    name: str,
    number: int,
    of: str,
    label: "FieldDescriptorProto.Label.ValueType" = FieldDescriptorProto.LABEL_OPTIONAL,
) -> None:
    message.field.add(
        name=name, number=number, type=FieldDescriptorProto.TYPE_MESSAGE, type_name=f".ecluse.{of}", label=label
    )


_PredictionLog = _message_class()
