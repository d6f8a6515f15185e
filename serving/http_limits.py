"""What one HTTP connection may ask for, and the refusals that say so.

Values alone: the settings as the transport needs them, what else bounds a
connection and is no setting, and for each bound that a caller can run into its
refusal in words. Knows no socket and no parser.
"""

from typing import NamedTuple

from serving.errors import HeadTooLarge, PayloadTooLarge, TooManyConnections

FED_AT_ONCE = 16 * 1024
"""Bytes given to the parser at once while heads may be among them: bounds the requests that one read brings."""

PIPELINED = 16
"""Requests that may wait behind the one being answered before no more is read."""

DISCARDED_BYTES = 8 * 1024 * 1024
"""Bytes of a refused body that are read and thrown away to keep the connection; behind more it is closed."""

SPARE_CONNECTIONS = 512
"""Connections beyond the limit on which health and metrics are told, so that a crowd is not taken for a fault: the
kubelet's probes come among the callers, and must not lose against some hundreds that knock again and again."""

LINGER_SECONDS = 2.0
"""How long a caller who still sends is listened to after the last answer: closed at once, it would lose the answer."""

SLOWEST_BYTES_A_SECOND = 1024
"""A body that comes more slowly is given up, and so is an answer that is read more slowly."""


class HttpLimits(NamedTuple):
    """What one connection may ask for; settings.py says what each means."""

    connections: int
    payload_bytes: int
    head_bytes: int
    head_fields: int
    keep_alive_seconds: float
    head_seconds: float
    body_seconds: float
    write_seconds: float

    def head_too_large(self) -> HeadTooLarge:
        return HeadTooLarge(
            f"the head of the request is longer than {self.head_bytes} bytes (LIMIT_HEAD_BYTES) "
            f"or has more than {self.head_fields} headers (LIMIT_HEAD_FIELDS)"
        )

    def body_too_large(self, came: str) -> PayloadTooLarge:
        return PayloadTooLarge(f"the body has {came}, and the limit is {self.payload_bytes} (LIMIT_PAYLOAD_BYTES)")

    def too_many_connections(self, are_open: int) -> TooManyConnections:
        return TooManyConnections(
            f"{are_open} connections are open, and the limit is {self.connections} (HTTP_CONNECTIONS)"
        )
