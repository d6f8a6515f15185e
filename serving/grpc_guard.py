"""The guard in front of gRPC's methods, put there where it has something to ask.

Wraps the handlers of a whole table, so that a method that joins the table later
is guarded as well; one that takes no key is left as it is and costs nothing.
Counts who was turned away, and knows no message.
"""

from collections.abc import AsyncIterator

from serving.call import Call
from serving.door import Door
from serving.errors import ServingError
from serving.grpc_method import CallFailed, Methods, Streaming, Unary
from serving.guard import in_bytes
from serving.metrics import Metrics

INFERENCES = ("/ModelInfer", "/ModelStreamInfer")
"""The methods whose calls are counted as requests."""


def guarded(methods: Methods, door: Door, metrics: Metrics) -> Methods:
    """Put the guard's rules in front of each method that has any."""
    return {
        path: _guarded(path, method, door, metrics) if door.guard.has_rules_for(path) else method
        for path, method in methods.items()
    }


def _guarded(path: str, method: Unary | Streaming, door: Door, metrics: Metrics) -> Unary | Streaming:
    def admit(call: Call) -> None:
        if call.is_admitted:
            return
        try:
            door.guard.admit_grpc(path, in_bytes(call.headers))
        except ServingError as error:
            door.name(call)
            if path.endswith(INFERENCES):
                metrics.strangers.rejected(error.reason)
                metrics.strangers.answered("grpc", error.http_status.value, 0.0)
            raise CallFailed(error.grpc_status, str(error), error.reason) from error
        call.is_admitted = True

    if isinstance(method, Unary):
        answer = method.answer

        async def answer_one(message: bytes, call: Call) -> bytes:
            admit(call)
            return await answer(message, call)

        return Unary(answer_one, admit)

    answer_stream = method.answer

    async def answer_many(messages: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
        admit(call)
        async for answered in answer_stream(messages, call):
            yield answered

    return method._replace(answer=answer_many, admit=admit)
