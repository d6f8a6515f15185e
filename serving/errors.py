"""What can go wrong with a request, and what its caller hears.

ServingError
- InvalidRequest: 400, the caller must change the request
- Unauthenticated: 401, the caller shows no key that is known here
- Forbidden: 403, no key opens this here
- UnknownModel: 404, no such model or version here
- UnknownRoute: 404, no such path
- Unsupported: 404, a path of an extension that is not served
- WrongMethod: 405, the path is known, the method is not
- PayloadTooLarge: 413, the request can never fit
- WrongContentType: 415, the body is of a kind we do not read
- Unimplemented: 501, the model does not do what was asked
- HeadTooLarge: 431, the head of the request is longer than any should be
- SlowCaller: 408, the request did not come whole in time
- DeadlineExceeded: 504, the answer would have come too late
- Refused: 503, the caller may retry, here or elsewhere
  - Overloaded: the queue is full
  - TooManyBytes: the bodies in flight fill the memory set aside for them
  - PredictedLate: the answer would come after the request's deadline
  - TooManyConnections: as many connections are open as may be
  - NotReady: the model is loading
  - Draining: the process is about to end
- ModelFailed: 500, the model itself failed
  - ModelExhausted: the device had no memory for the batch
- LoadFailed: 500, a model that was asked to be loaded cannot be

Each class knows its status on both protocols and a `reason` that metrics and
machines read. Anything else that escapes is a bug, and an opaque 500.
StartupError stands apart: it ends the process before a request is taken.
"""

from http import HTTPStatus
from typing import ClassVar

LONGEST_SENTENCE = 600
"""In characters. A name may come as long as a body, and gRPC tells a sentence in a header, of which 8 KiB are taken."""


class StartupError(Exception):
    """The process cannot serve; the message is the one sentence its operator reads."""


class ServingError(Exception):
    """A request ends without an answer; the message says what came and what was expected."""

    http_status: ClassVar[HTTPStatus]
    grpc_status: ClassVar[str]
    """The name of a gRPC status code; this file knows no gRPC."""
    reason: ClassVar[str]
    request_id: str | None = None
    """The id inside the request; empty where it has none, None where nobody has looked."""

    def __init__(self, sentence: str) -> None:
        """Keep both ends of a long sentence: what came is told first, what was expected last."""
        if len(sentence) > LONGEST_SENTENCE:
            half = LONGEST_SENTENCE // 2
            sentence = f"{sentence[:half]} ... {sentence[-half:]}"
        super().__init__(sentence)


class InvalidRequest(ServingError):
    """The request is malformed, or does not fit the model's signature."""

    http_status = HTTPStatus.BAD_REQUEST
    grpc_status = "INVALID_ARGUMENT"
    reason = "bad_input"


class Unauthenticated(ServingError):
    """The request carries no key, or one that is not in the file of keys."""

    http_status = HTTPStatus.UNAUTHORIZED
    grpc_status = "UNAUTHENTICATED"
    reason = "unauthenticated"
    challenge: ClassVar[bytes] = b'Bearer realm="ecluse"'
    """What the header WWW-Authenticate says."""


class Forbidden(ServingError):
    """What was asked for is switched off here, or takes more than the caller's key."""

    http_status = HTTPStatus.FORBIDDEN
    grpc_status = "PERMISSION_DENIED"
    reason = "forbidden"


class UnknownModel(ServingError):
    """The model or the version is not served by this process."""

    http_status = HTTPStatus.NOT_FOUND
    grpc_status = "NOT_FOUND"
    reason = "unknown_model"


class UnknownRoute(ServingError):
    """No path of any protocol served here."""

    http_status = HTTPStatus.NOT_FOUND
    grpc_status = "UNIMPLEMENTED"
    reason = "unknown_route"


class Unsupported(ServingError):
    """The path or method belongs to an extension that this server does not serve, on purpose."""

    http_status = HTTPStatus.NOT_FOUND
    grpc_status = "UNIMPLEMENTED"
    reason = "unsupported"


class WrongMethod(ServingError):
    """The path exists, and answers to another method."""

    http_status = HTTPStatus.METHOD_NOT_ALLOWED
    grpc_status = "UNIMPLEMENTED"
    reason = "wrong_method"

    def __init__(self, method: str, path: str, *, allowed: str) -> None:
        super().__init__(f"{method} is not allowed on {path}: use {allowed}")
        self.allowed = allowed


class PayloadTooLarge(ServingError):
    """The request can never be served, however idle the server is."""

    http_status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    grpc_status = "RESOURCE_EXHAUSTED"
    reason = "too_large"


class WrongContentType(ServingError):
    """The body is declared to be something other than JSON or binary tensors."""

    http_status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    grpc_status = "INVALID_ARGUMENT"
    reason = "bad_input"


class Unimplemented(ServingError):
    """What was asked exists in the protocol, and this model does not do it."""

    http_status = HTTPStatus.NOT_IMPLEMENTED
    grpc_status = "UNIMPLEMENTED"
    reason = "unimplemented"


class HeadTooLarge(ServingError):
    """The head of the request, or the number of its headers, is beyond its limit."""

    http_status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    grpc_status = "RESOURCE_EXHAUSTED"
    reason = "head_too_large"


class SlowCaller(ServingError):
    """The request was begun, and its bytes stopped coming."""

    http_status = HTTPStatus.REQUEST_TIMEOUT
    grpc_status = "DEADLINE_EXCEEDED"
    reason = "slow_caller"


class DeadlineExceeded(ServingError):
    """The deadline passed before the answer came. What still waited is not run; a batch that runs is not stopped."""

    http_status = HTTPStatus.GATEWAY_TIMEOUT
    grpc_status = "DEADLINE_EXCEEDED"
    reason = "late"


class Refused(ServingError):
    """The request was turned away whole, so it is safe to send again."""

    http_status = HTTPStatus.SERVICE_UNAVAILABLE
    grpc_status = "UNAVAILABLE"
    retry_after_seconds: ClassVar[int] = 1
    is_shed: ClassVar[bool] = False
    """Whether this is load to be shed, whose status an operator may choose."""


class Overloaded(Refused):
    """The queue is full, and the request was turned away at the door.

    Turning callers away keeps the promise made to those already inside.
    """

    reason = "queue_full"
    is_shed = True


class TooManyBytes(Refused):
    """The bodies of requests in flight leave no room for this one."""

    reason = "overloaded_bytes"
    is_shed = True


class PredictedLate(Refused):
    """The answer would come after the request's deadline, so nothing was done for it.

    Said at the door, it costs next to nothing, and leaves the caller time to ask elsewhere.
    """

    reason = "late"
    is_shed = True


class TooManyConnections(Refused):
    """The connection was one too many; on it, only health and metrics are told."""

    reason = "too_many_connections"
    is_shed = True


class NotReady(Refused):
    """The model is being loaded or warmed up."""

    reason = "loading"
    retry_after_seconds = 5


class Draining(Refused):
    """The process was told to end and takes no more requests."""

    reason = "draining"


class ModelFailed(ServingError):
    """The model raised on input that fits its signature."""

    http_status = HTTPStatus.INTERNAL_SERVER_ERROR
    grpc_status = "INTERNAL"
    reason = "model_failed"


class ModelExhausted(ModelFailed):
    """The device had no memory for the batch; a smaller one may fit."""

    reason = "model_exhausted"


class LoadFailed(ServingError):
    """A version was asked for and cannot be served; what was served before still is."""

    http_status = HTTPStatus.INTERNAL_SERVER_ERROR
    grpc_status = "INTERNAL"
    reason = "load_failed"
