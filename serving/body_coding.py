"""Compressed requests read and answers compressed, off the loop where they are large.

Between the transport and the application: what comes in is plain from here on,
and counts in memory with what it became; what goes out is compressed for those
who ask. Small bodies are done on the spot, since a thread costs more than they.
"""

from serving import content_coding
from serving.content_coding import IDENTITY, TooMuch
from serving.errors import PayloadTooLarge
from serving.http_message import HttpAnswer, HttpRequest
from serving.inflight_bytes import InflightBytes
from serving.off_loop import off_loop

ON_THE_SPOT = 64 * 1024
"""Bytes, as they came and decoded, up to which a body takes less than a millisecond."""


class BodyCoding:
    """One for the application."""

    def __init__(self, payload_bytes: int, inflight: InflightBytes, compress_bytes: int) -> None:
        """Answers of at least `compress_bytes` are compressed; zero compresses none."""
        self._payload_bytes = payload_bytes
        self._inflight = inflight
        self.compress_bytes = compress_bytes or 1 << 62

    async def decode(self, request: HttpRequest) -> None:
        """Make the body plain; raises InvalidRequest, WrongContentType, PayloadTooLarge or TooManyBytes."""
        coding = content_coding.coding_of(request.headers[b"content-encoding"])
        if coding == IDENTITY:
            return
        try:
            body = self._decode_short(request.body, coding)
        except TooMuch:
            body = await self._decode_long(request.body, coding)
        more = len(body) - request.held_bytes
        if more > 0:
            self._inflight.take(more, request.held_bytes)
            request.held_bytes += more
        request.body = body

    def _decode_short(self, body: bytes, coding: bytes) -> bytes:
        # A long body takes its time whatever becomes of it, be it nothing.
        if len(body) > ON_THE_SPOT:
            raise TooMuch
        return content_coding.decode(body, coding, min(ON_THE_SPOT, self._payload_bytes))

    async def _decode_long(self, body: bytes, coding: bytes) -> bytes:
        try:
            return await off_loop(content_coding.decode, body, coding, self._payload_bytes)
        except TooMuch:
            pass
        raise PayloadTooLarge(
            f"the body is larger than {self._payload_bytes} bytes once decoded, and the limit is "
            f"{self._payload_bytes} (LIMIT_PAYLOAD_BYTES)"
        )

    async def encode(self, request: HttpRequest, answer: HttpAnswer) -> None:
        """Compress the answer where its caller takes it so."""
        coding = content_coding.accepted(request.headers.get(b"accept-encoding", b""))
        if coding is None:
            return
        body = answer.body
        if len(body) <= ON_THE_SPOT:
            answer.body = content_coding.encode(body, coding)
        else:
            answer.body = await off_loop(content_coding.encode, body, coding)
        answer.headers = (*answer.headers, (b"content-encoding", coding), (b"vary", b"accept-encoding"))
