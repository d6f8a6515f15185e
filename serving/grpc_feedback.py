"""ecluse.v1.Feedback: late labels over gRPC, the twin of `POST /v1/feedback`.

Looks at a message before it is parsed, because a few bytes of it may become an
object each. Knows the messages, no transport.
"""

from collections.abc import Sequence
from functools import partial

from google.protobuf.message import DecodeError

from monitoring.contract.values import FEEDBACK_RESULTS
from serving import late_labels
from serving.call import Call
from serving.errors import InvalidRequest
from serving.feedback import Feedback, switched_off
from serving.feedback_pb2 import Label, Refused, SendRequest, SendResponse
from serving.late_labels import LateLabel
from serving.wire_format import BadWire, skipped, varint

NAME = "ecluse.v1.Feedback"


async def send(feedback: Feedback | None, message: bytes, call: Call) -> bytes:
    """Answer a call of `Send`; may raise any ServingError."""
    if feedback is None:
        raise switched_off()
    received = await feedback.receive(partial(decode, message, feedback.most_labels), call.timeout)
    return SendResponse(
        counts={result: received.counts[result] for result in FEEDBACK_RESULTS},
        refused=[Refused(index=each.index, result=each.result, reason=each.reason) for each in received.refused],
    ).SerializeToString()


def decode(message: bytes, most_labels: int) -> Sequence[LateLabel]:
    """Read a message; raises InvalidRequest or PayloadTooLarge."""
    late_labels.check_size(len(message), most_labels)
    try:
        late_labels.check_count(_fields(message, most_labels + 1), most_labels)
        request = SendRequest.FromString(message)
    except (BadWire, DecodeError):
        raise InvalidRequest("the message is not a SendRequest") from None
    if not request.labels:
        raise InvalidRequest("expected labels with an id, a row and a class' number or name, none came")
    return [_label(index, label) for index, label in enumerate(request.labels)]


def _fields(message: bytes, most: int) -> int:
    """Count the fields of the outermost level, as far as there are no more than so many."""
    at = count = 0
    while at < len(message) and count < most:
        tag, at = varint(message, at)
        at = skipped(message, tag, at)
        count += 1
    return count


def _label(index: int, label: Label) -> LateLabel:
    given = label.WhichOneof("label")
    if given is None:
        raise InvalidRequest(f"labels[{index}] has neither number nor name, expected the class that the row was of")
    return LateLabel(label.id, label.row, label.number if given == "number" else label.name)
