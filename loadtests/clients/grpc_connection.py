"""One HTTP/2 connection that carries gRPC calls under gevent, on libnghttp2.

libnghttp2 keeps frames, HPACK, streams and windows right, and answers PING and
SETTINGS; this file moves bytes between it and a wire and gives each call what
came for it. What is told of a call is an Ended: its fields and bytes, or why
there are none, and whether the server has said that it did not look at it.
"""

from contextlib import suppress
from dataclasses import dataclass, field

import ngh2
from gevent import get_hub
from gevent.hub import Waiter

from loadtests.clients.lost import CLOSED, GARBLED, RESET, Lost
from loadtests.clients.wire import Wire

Fields = tuple[tuple[bytes, bytes], ...]

STREAM_WINDOW_BYTES = 16 * 1024 * 1024
CONNECTION_WINDOW_BYTES = 64 * 1024 * 1024
"""A server never waits for us to allow it more, unless its answers are larger than this."""

_SETTINGS = {ngh2.Setting.ENABLE_PUSH: 0, ngh2.Setting.INITIAL_WINDOW_SIZE: STREAM_WINDOW_BYTES}
_CONFIGURATION = ngh2.Configuration()


@dataclass(slots=True)
class Ended:
    """What became of a call."""

    headers: Fields = ()
    body: bytes = b""
    trailers: Fields = ()
    """Empty for an answer of headers alone."""
    lost: Lost | None = None
    was_untouched: bool = False
    """The server has said that it did not look at it: it may be asked again, elsewhere."""


@dataclass(slots=True)
class _Call:
    waiter: Waiter = field(default_factory=Waiter)
    headers: Fields = ()
    parts: list[bytes] = field(default_factory=list)


class GrpcConnection:
    """Calls at once, as many as the server allows."""

    def __init__(self, wire: Wire, most_asked: int | None) -> None:
        self.asked = 0
        self._wire = wire
        self._most_asked = most_asked
        self._loop = get_hub().loop
        self.calls: dict[int, _Call] = {}
        """Those that are waited for, by their streams."""
        self._is_leaving = False
        self._heard = 0
        self._http2 = ngh2.Connection(ngh2.Role.CLIENT, _CONFIGURATION)
        self._http2.initiate_connection(_SETTINGS)
        self._http2.set_local_window_size(CONNECTION_WINDOW_BYTES)
        wire.attach(self)

    @property
    def is_usable(self) -> bool:
        """Whether another call may begin: neither side has taken leave."""
        if not self.calls and self._wire.is_open and self._wire.has_news:
            self._wire.read()
        return not self._is_leaving and self._wire.is_open

    @property
    def heard(self) -> int:
        """How often the server has been heard."""
        return self._heard

    def ask(self, fields: Fields, message: bytes) -> tuple[int, Waiter]:
        """Send a call; the waiter gives its Ended. Only where `is_usable`."""
        self.asked += 1
        if self.asked == self._most_asked:
            self._is_leaving = True
        call = _Call()
        try:
            stream_id = self._http2.send_request(fields)
            self.calls[stream_id] = call
            self._http2.send_data(stream_id, message, end_stream=True)
        except ngh2.NGH2Error as error:
            self._is_leaving = True
            call.waiter.switch(Ended(lost=Lost(RESET, f"no call can begin: {error}"), was_untouched=True))
            return 0, call.waiter
        self._flush()
        return stream_id, call.waiter

    def leave(self, stream_id: int) -> None:
        """Nobody waits for this call any more."""
        if self.calls.pop(stream_id, None) is not None and self._wire.is_open:
            self._reset(stream_id, ngh2.ErrorCode.CANCEL)
            self._flush()
            self._close_if_done()

    def retire(self) -> None:
        """Begin no more calls; end when those that run have."""
        self._is_leaving = True
        self._close_if_done()

    def close(self) -> None:
        """Take leave, and end the connection with all its calls."""
        self._is_leaving = True
        if self._wire.is_open:
            with suppress(ngh2.NGH2Error):
                self._http2.terminate_connection()
                self._flush()
            self._wire.close()
        for call in self.calls.values():
            self._loop.run_callback(call.waiter.switch, Ended(lost=Lost(CLOSED, "the client was closed")))
        self.calls.clear()

    # What the wire tells

    def received(self, data: bytes) -> None:
        self._heard += 1
        try:
            self._http2.receive_data(data)
        except (ngh2.NGH2Error, MemoryError) as error:
            raise Lost(GARBLED, f"what came is not HTTP/2: {error}") from None
        if self._heard == 1 and data.startswith(b"HTTP/1"):
            raise Lost(GARBLED, "the server answers in HTTP/1: this may be the port of REST")
        self._take_events()
        self._flush()
        self._take_events()  # libnghttp2 tells of what broke the protocol when it has written its own last word
        self._close_if_done()

    def lost(self, reason: Lost) -> None:
        self._is_leaving = True
        calls, self.calls = self.calls, {}
        for call in calls.values():
            call.waiter.switch(Ended(lost=reason))

    def _take_events(self) -> None:
        for event in self._http2.events():
            if isinstance(event, ngh2.DataReceived):
                call = self.calls.get(event.stream_id)
                if call is not None:
                    call.parts.append(event.data)
                    if event.end_stream:
                        self._end(event.stream_id, Ended(call.headers, b"".join(call.parts)))
            elif isinstance(event, ngh2.ResponseReceived):
                call = self.calls.get(event.stream_id)
                if call is not None:
                    call.headers = event.headers
                    if event.end_stream:
                        self._end(event.stream_id, Ended(call.headers))
            elif isinstance(event, ngh2.TrailersReceived):
                call = self.calls.get(event.stream_id)
                if call is not None:
                    self._end(event.stream_id, Ended(call.headers, b"".join(call.parts), event.headers))
            elif isinstance(event, ngh2.StreamReset | ngh2.StreamClosed):
                self._cut(event.stream_id, event.error_code)
            elif isinstance(event, ngh2.GoAwayReceived):
                self._on_goaway(event)
            elif isinstance(event, ngh2.ConnectionClosed):
                self._is_leaving = True
                if event.error_code:
                    raise Lost(GARBLED, f"the server broke HTTP/2: {_name(event.error_code)}")

    def _on_goaway(self, event: ngh2.GoAwayReceived) -> None:
        self._is_leaving = True
        if event.error_code:
            words = f"the server ended the connection: {_name(event.error_code)} {event.debug_data[:80]!r}"
        else:
            words = "the server took leave"
        for stream_id in [each for each in self.calls if each > event.last_stream_id]:
            self._end(stream_id, Ended(lost=Lost(CLOSED, words), was_untouched=True))

    def _cut(self, stream_id: int, code: int) -> None:
        words = f"the server reset the call: {_name(code)}"
        self._end(stream_id, Ended(lost=Lost(RESET, words), was_untouched=code == ngh2.ErrorCode.REFUSED_STREAM))

    def _end(self, stream_id: int, ended: Ended) -> None:
        call = self.calls.pop(stream_id, None)
        if call is None:
            return
        if ended.lost is None and self._http2.queued_body_size(stream_id):
            self._reset(stream_id, ngh2.ErrorCode.NO_ERROR)  # answered before it had everything
        call.waiter.switch(ended)

    def _reset(self, stream_id: int, code: int) -> None:
        with suppress(ngh2.NGH2Error):
            self._http2.reset_stream(stream_id, code)

    def _flush(self) -> None:
        try:
            data = self._http2.data_to_send()
        except (ngh2.NGH2Error, MemoryError) as error:
            self._loop.run_callback(self._broke, Lost(GARBLED, f"HTTP/2 cannot go on: {error}"))
            return
        if data:
            self._wire.write(data)

    def _broke(self, reason: Lost) -> None:
        self._wire.close()
        self.lost(reason)

    def _close_if_done(self) -> None:
        if self._is_leaving and not self.calls and self._wire.is_open:
            self.close()


def _name(code: int) -> str:
    try:
        return ngh2.ErrorCode(code).name
    except ValueError:
        return f"error {code}"
