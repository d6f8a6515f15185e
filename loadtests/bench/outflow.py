"""How much a server allows one HTTP/2 connection to send, and the frames that fit.

The server grants bytes to the connection and to each stream; a message that
does not fit waits for the next grant. Small requests always fit, large ones
would break the connection if nobody counted. Pure: it returns the bytes to
write and does not write.
"""

import struct

from loadtests.bench import http2


class Outflow:
    """The windows of a connection with one request under way at a time."""

    def __init__(self) -> None:
        self._frame_bytes = http2.DEFAULT_FRAME_BYTES
        self._initial_window = http2.DEFAULT_WINDOW_BYTES
        self._stream_window = 0
        self._connection_window = http2.DEFAULT_WINDOW_BYTES
        self._stream = 0
        self._body = b""
        self._sent_bytes = 0

    def begin(self, stream: int, body: bytes) -> bytes:
        """Open a stream for `body` and return the frames that may leave at once."""
        self._stream = stream
        self._stream_window = self._initial_window
        self._body = body
        self._sent_bytes = 0
        return self._continue()

    def on_settings(self, payload: bytes) -> bytes:
        """Obey the server's settings and return what may leave because of them."""
        settings = http2.decode_settings(payload)
        self._frame_bytes = settings.get(http2.SETTINGS_MAX_FRAME_SIZE, self._frame_bytes)
        window = settings.get(http2.SETTINGS_INITIAL_WINDOW_SIZE, self._initial_window)
        # RFC 9113 §6.9.2: a change applies to the streams that are open, too.
        self._stream_window += window - self._initial_window
        self._initial_window = window
        return self._continue()

    def on_window_update(self, stream: int, payload: bytes) -> bytes:
        """Add a grant and return what may leave because of it."""
        (more_bytes,) = struct.unpack(">L", payload)
        if stream == 0:
            self._connection_window += more_bytes
        elif stream == self._stream:
            self._stream_window += more_bytes
        return self._continue()

    def _continue(self) -> bytes:
        frames = b""
        while self._sent_bytes < len(self._body):
            unsent_bytes = len(self._body) - self._sent_bytes
            size = min(unsent_bytes, self._frame_bytes, self._stream_window, self._connection_window)
            if size <= 0:
                break
            flags = http2.END_STREAM if size == unsent_bytes else 0
            part = self._body[self._sent_bytes : self._sent_bytes + size]
            frames += http2.encode_frame(http2.DATA, flags, self._stream, part)
            self._sent_bytes += size
            self._stream_window -= size
            self._connection_window -= size
        return frames
