"""What is known of a request beside its body, whatever the protocol.

Made by a transport for each request and passed down to the endpoint. Headers
(gRPC calls them metadata) are decoded only for those who read them. The
deadline is the transport's own, from `grpc-timeout` or a timeout header; a
timeout inside the body is the payload's business. Knows no protocol.
"""

from collections.abc import Callable, Mapping
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from serving.timeout import ENDLESS, Timeout

if TYPE_CHECKING:
    from serving.trace import Trace

Headers = Callable[[], dict[str, str]]
"""Names in lower case. Values that are no text are left out."""


def no_headers() -> dict[str, str]:
    return {}


class Call:
    """One request's surroundings."""

    __slots__ = (
        *("_fields", "_headers", "_read_headers", "_timeout_seconds", "deadline"),
        *("answer_headers", "extra_settle_turns", "is_admitted", "request_id", "trace"),
    )

    def __init__(
        self,
        read_headers: Headers = no_headers,
        timeout_seconds: float = inf,
        fields: Mapping[bytes, bytes] | None = None,
    ) -> None:
        """`timeout_seconds` count from here; `fields` are the headers as they came."""
        self._fields = fields
        self._read_headers = read_headers
        self._headers: dict[str, str] | None = None
        self._timeout_seconds = timeout_seconds
        self.deadline = inf if timeout_seconds == inf else monotonic() + timeout_seconds
        """When the transport's own timeout passes, on the clock of `time.monotonic`; infinite without one."""
        self.answer_headers: dict[str, str] | None = None
        """What the answer says beside its body: headers over HTTP, trailing metadata over gRPC."""
        self.request_id = ""
        """What the request goes by in its answer and in the log; the caller's own or made at the door."""
        self.trace: Trace | None = None
        """Where a request that is traced is observed."""
        self.is_admitted = False
        """Whether the guard has let it pass, which is asked once."""
        self.extra_settle_turns = 0
        """Turns of the event loop that a batch waits longer, since the transport hands over calls one by one."""

    @property
    def headers(self) -> dict[str, str]:
        if self._headers is None:
            self._headers = self._read_headers()
        return self._headers

    def field(self, name: bytes) -> bytes | None:
        """Give one header as it came: cheaper than `headers`, which decodes them all."""
        if self._fields is not None:
            return self._fields.get(name)
        value = self.headers.get(name.decode("latin-1"))
        return None if value is None else value.encode("latin-1", "replace")

    @property
    def timeout(self) -> Timeout:
        """The transport's own; one inside the body is not known here."""
        if self.deadline == inf:
            return ENDLESS
        return Timeout(self.deadline - monotonic(), self._timeout_seconds)

    def wait_at_most(self, seconds: float) -> None:
        """Bring the deadline forward to so many seconds from now, where it is not sooner already."""
        deadline = monotonic() + seconds
        if deadline < self.deadline:
            self.deadline = deadline
            self._timeout_seconds = seconds

    @property
    def traceparent(self) -> str:
        return self.headers.get("traceparent", "")
