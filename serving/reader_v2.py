"""V2 REST requests to one model, read with a memory for the heads that come again.

The first request with a head goes through `payload_v2`, which checks all of it;
the next ones with the same bytes around their numbers only have these
converted. Whatever does not fit what is remembered goes the long way, so there
is one place that refuses.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from serving import payload_v2, raw_body
from serving.errors import ServingError
from serving.json_numbers import Numbers
from serving.known_heads import KnownHeads, Plan, plan_of, viewed
from serving.payload_v2 import NO_TAIL
from serving.request import Request
from serving.signature import Signature, Tensors


class ReaderV2:
    """Reads what is sent to one model version."""

    def __init__(self, signature: Signature) -> None:
        self._signature = signature
        self._json = KnownHeads[Plan]()
        self._binary = KnownHeads[Plan]()

    def read(self, body: bytes, head_bytes: int | None = None) -> Request:
        """`head_bytes` is the length of the JSON before binary tensors, and 0 where there is none.

        Raises InvalidRequest and the like, which then bear the request's id.
        """
        if head_bytes is None:
            return self._read_json(body)
        return self._read_binary(body, head_bytes) if head_bytes else raw_body.decode(body, self._signature)

    def _read_json(self, body: bytes) -> Request:
        taken = payload_v2.lift(body)
        if taken is None:
            return self._decode(payload_v2.parse_object(body), NO_TAIL)
        rest, lifted = taken
        plan = self._json.get(rest)
        if plan is not None:
            tensors = _converted(plan, list(lifted.values()))
            if tensors is not None:
                return plan.with_tensors(tensors)
        message = payload_v2.put_back(rest, lifted)
        if message is None:
            return self._decode(payload_v2.parse_object(body), NO_TAIL)
        request = self._decode(message, NO_TAIL)
        self._remember_json(rest, message, lifted, request)
        return request

    def _read_binary(self, body: bytes, head_bytes: int) -> Request:
        head = bytes(body[:head_bytes])
        plan = self._binary.get(head)
        if plan is not None and sum(size for _, _, size in plan.inputs) == len(body) - head_bytes:
            return plan.with_tensors(_viewed(plan, memoryview(body), head_bytes))
        message, tail = payload_v2.parse(body, head_bytes)
        request = self._decode(message, tail)
        self._remember_binary(head, message, request)
        return request

    def _decode(self, message: dict[str, Any], tail: memoryview) -> Request:
        try:
            return payload_v2.decode(message, tail, self._signature)
        except ServingError as error:
            error.request_id = payload_v2.readable_id(message)
            raise

    def _remember_json(
        self, rest: bytes, message: dict[str, Any], lifted: Mapping[str, Numbers], request: Request
    ) -> None:
        place = {id(numbers): index for index, numbers in enumerate(lifted.values())}
        self._remember(
            self._json, rest, request, [(entry, place.get(id(entry.get("data")))) for entry in message["inputs"]]
        )

    def _remember_binary(self, head: bytes, message: dict[str, Any], request: Request) -> None:
        sizes = [
            (entry, None if "data" in entry else entry["parameters"]["binary_data_size"]) for entry in message["inputs"]
        ]
        self._remember(self._binary, head, request, sizes)

    def _remember(
        self,
        known: KnownHeads[Plan],
        head: bytes,
        request: Request,
        places: Iterable[tuple[dict[str, Any], int | None]],
    ) -> None:
        """Keep what a head says, unless some of its numbers are in it."""
        inputs = []
        for entry, place in places:
            if place is None:
                return
            inputs.append((self._signature.input(entry["name"]), tuple(entry["shape"]), place))
        plan = plan_of(request, inputs)
        if plan is not None:
            known.keep(head, plan)


def _converted(plan: Plan, numbers: list[Numbers]) -> Tensors | None:
    tensors: Tensors = {}
    for spec, shape, index in plan.inputs:
        array = numbers[index].to_array(spec, shape)
        if array is None:
            return None
        tensors[spec.name] = array
    return tensors


def _viewed(plan: Plan, body: memoryview, at: int) -> Tensors:
    tensors: Tensors = {}
    for spec, shape, size in plan.inputs:
        tensors[spec.name] = viewed(spec, body[at : at + size], shape)
        at += size
    return tensors
