"""What one gRPC connection may do, and how long it is waited for.

The figures that an operator sets are in `Limits`; the others stand here because
nobody has yet had reason to change them.
"""

from collections.abc import Callable
from typing import NamedTuple

from serving.errors import ServingError
from serving.grpc_method import CallFailed
from serving.inflight_bytes import InflightBytes

STREAM_WINDOW_BYTES = 4 * 1024 * 1024
"""What a caller may send on a stream unasked: requests of pictures take no further round trip."""
CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024
FRAME_BYTES = 256 * 1024
"""The largest frame; fewer frames cost less, and one must be whole before its bytes are seen."""

FLUSH_BYTES = 1024 * 1024
"""Written at a time; the rest waits until the caller has read some of it."""
ROOM_BYTES = 256 * 1024
"""Messages of a stream that may wait for the caller before its handler is held up."""

HANDSHAKE_SECONDS = 10.0
NOTICE_SECONDS = 1.0
"""How long the caller may take to hear of our leaving before new calls are refused."""
LINGER_SECONDS = 0.5
"""How long the caller may take to hang up after the last answer."""
PONG_SECONDS = 20.0


class Limits(NamedTuple):
    """What one connection may do."""

    message_bytes: int
    answer_bytes: int
    inflight: InflightBytes
    """Counts the bytes of all callers' messages."""
    refused: Callable[[ServingError | CallFailed], CallFailed]
    """Told of a call that is refused before its handler knows of it; says how."""
    streams: int
    age_grace_seconds: float
    """How long calls may take to end when the connection has reached its age."""
    keepalive_seconds: float
    """How long a caller may be silent before it is asked whether it lives; infinity asks nobody."""
    body_seconds: float
    """How long a message may stand still that has begun to come."""
    write_seconds: float
    """How long answers may wait for a caller that reads nothing."""
