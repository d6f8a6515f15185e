"""What a gRPC method is to a transport: bytes in, bytes out, a status where it fails.

Services give a table of methods by full name, transports serve it; neither
knows the other. A handler answers with a message or raises CallFailed, and
nothing else; one that is cancelled has lost its caller or met its deadline.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from typing import Any, NamedTuple

from serving.call import Call

AnswerOne = Callable[[bytes, Call], Coroutine[Any, Any, bytes]]
AnswerMany = Callable[[AsyncIterator[bytes], Call], AsyncIterator[bytes]]


Admit = Callable[[Call], None]
"""Raises CallFailed where a call may not be made. A transport that can asks it before a message is read; the handler
asks it again, for those that cannot."""


class Unary(NamedTuple):
    """One message for one message."""

    answer: AnswerOne
    admit: Admit | None = None


class Streaming(NamedTuple):
    """Messages for messages, each at its own pace; one where a side sends a single message is served by it too."""

    answer: AnswerMany
    is_endless: bool = False
    """Whether only the caller ends it; a server that stops does not wait for such a call."""
    admit: Admit | None = None


Methods = Mapping[str, Unary | Streaming]
"""By the path of a call, as in `/package.Service/Method`."""


class CallFailed(Exception):
    """How a call ends without its answer, in the words of gRPC."""

    def __init__(self, status: str, details: str, reason: str = "", request_id: str = "") -> None:
        """`status` is the name of a gRPC status code; the reason becomes trailing metadata.

        `request_id` is the id inside the message that failed.
        """
        super().__init__(details)
        self.status = status
        self.details = details
        self.reason = reason
        self.request_id = request_id
