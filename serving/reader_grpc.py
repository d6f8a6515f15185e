"""gRPC inference requests, read with a memory for the heads that come again.

A message of one raw tensor is its head, then the tensor. protobuf reads a head
once; the next message of its length that begins with the same bytes has the
same head, and its tensor is a view of the rest. What such a head says is
checked once for each model. Whatever else comes goes through `payload_grpc`,
which alone refuses.
"""

from google.protobuf.message import DecodeError

from serving import payload_grpc, raw_contents
from serving.known_heads import LONGEST_BYTES, MOST_HEADS, KnownHeads, Plan, plan_of, viewed
from serving.oip_pb2 import ModelInferRequest
from serving.payload_grpc import RAW_INPUT, InferMessage
from serving.request import Request
from serving.signature import Signature

SHORT_BYTES = 64
"""A tensor shorter than this is no reason to remember its head."""


class MessageReader:
    """Reads messages to any model."""

    def __init__(self) -> None:
        self._by_length: dict[int, tuple[bytes, ModelInferRequest]] = {}

    def parse(self, message: bytes) -> InferMessage:
        known = self._by_length.get(len(message))
        if known is not None and message.startswith(known[0]):
            words, head = known
            return InferMessage(head, (memoryview(message)[len(words) :],), words)
        came = payload_grpc.parse(message)
        self._remember(message, came)
        return came

    def _remember(self, message: bytes, came: InferMessage) -> None:
        if len(came.raw) != 1 or len(came.raw[0]) < SHORT_BYTES or came.head.id:
            return
        words = message[: -len(came.raw[0])]
        field = raw_contents.field_head(RAW_INPUT, len(came.raw[0]))
        if len(words) > LONGEST_BYTES or not words.endswith(field):
            return
        try:
            # Only a head that is whole without the tensor's field has that field behind it.
            head = ModelInferRequest.FromString(words[: -len(field)])
        except DecodeError:
            return
        if head.raw_input_contents:
            return
        if len(self._by_length) >= MOST_HEADS:
            self._by_length.clear()
        self._by_length[len(message)] = words, head


class ReaderGrpc:
    """Reads what is sent to one model version."""

    def __init__(self, signature: Signature) -> None:
        self._signature = signature
        self._known = KnownHeads[Plan]()

    def read(self, came: InferMessage) -> Request:
        if came.words is None:
            return payload_grpc.decode(came, self._signature)
        plan = self._known.get(came.words)
        if plan is not None:
            ((spec, shape, _),) = plan.inputs
            return plan.with_tensors({spec.name: viewed(spec, came.raw[0], shape)})
        request = payload_grpc.decode(came, self._signature)
        entry = came.head.inputs[0]
        plan = plan_of(request, [(self._signature.input(entry.name), tuple(entry.shape), 0)])
        if plan is not None:
            self._known.keep(came.words, plan)
        return request
