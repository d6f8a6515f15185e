"""A connection that moves bytes under gevent, and tells its owner what came of them.

As an asyncio transport: `write` never waits, and what arrives is handed over
from the event loop itself, so that a request costs one change of greenlet and
one event. With TLS, Python's own SSLObject stands between. The owner is told
once of the end, by `lost`, unless it has closed the wire itself.
"""

import socket
import ssl
from collections.abc import Callable
from typing import Any, Protocol

from gevent import get_hub
from gevent.monkey import get_original

from loadtests.clients.lost import CLOSED, RESET, Lost, lost

_poll: Callable[[], Any] = get_original("select", "poll")

RECEIVED_BYTES = 64 * 1024


class Owner(Protocol):
    """What reads from a wire. Called by the event loop: it must not wait, nor raise anything but Lost."""

    def received(self, data: bytes) -> None: ...

    def lost(self, reason: Lost) -> None: ...


class Wire:
    """A connected socket that does not block, and TLS where it has been agreed on."""

    __slots__ = (
        "_failure",
        "_hub",
        "_incoming",
        "_is_over",
        "_outgoing",
        "_owner",
        "_poll",
        "_readable",
        "_rest",
        "_socket",
        "_tls",
        "_writable",
    )

    def __init__(
        self, connected: socket.socket, secured: "tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO] | None"
    ) -> None:
        self._socket = connected
        self._tls: ssl.SSLObject | None = None
        if secured is not None:
            self._tls, self._incoming, self._outgoing = secured
        self._hub = get_hub()
        self._owner: Owner | None = None
        self._failure: Lost | None = None
        self._is_over = False
        """TLS has said that nothing more comes, which may be long before the socket ends."""
        self._readable: Any = self._hub.loop.io(connected.fileno(), 1)
        self._writable: Any = None
        self._rest = bytearray()
        self._poll = _poll()
        self._poll.register(connected.fileno(), 1)

    def attach(self, owner: Owner) -> None:
        """Begin to read for it."""
        self._owner = owner
        self._readable.start(self.read)

    @property
    def is_open(self) -> bool:
        return self._owner is not None

    @property
    def has_news(self) -> bool:
        """Whether something has come that `read` was not yet called for: the end, most likely."""
        return bool(self._poll.poll(0))

    def write(self, data: bytes) -> None:
        """Send it, or keep what the system does not take. Where the connection is gone, `lost` will be called."""
        if self._owner is None:
            return
        if self._tls is not None:
            self._tls.write(data)
            data = self._outgoing.read()
        self._send(data)

    def _send(self, data: bytes) -> None:
        if self._rest:
            self._rest += data
            return
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._hub.loop.run_callback(self._fail_to_write, error)
            return
        if sent != len(data):
            self._rest += memoryview(data)[sent:]
            if self._writable is None:
                self._writable = self._hub.loop.io(self._socket.fileno(), 2)
            self._writable.start(self._write_rest)

    def read(self) -> None:
        """Hand over what there is."""
        owner = self._owner
        if owner is None:
            return
        try:
            data = self._socket.recv(RECEIVED_BYTES)
            if self._tls is not None and data:
                said = self._decrypt(self._tls, data)
                if said is None:
                    return
                data = said
            if data:
                owner.received(data)
            if not data or self._is_over:
                self._end(Lost(CLOSED, "the server closed the connection"))
        except BlockingIOError:
            return
        except Lost as reason:
            self._end(reason)
        except OSError as error:
            self._end(lost(error))
        except Exception as error:  # noqa: BLE001 - nobody else would hear of it, and a caller waits
            self._end(Lost(RESET, f"the client failed on what came: {type(error).__name__}: {error}"))

    def close(self) -> None:
        """End it without a word to the owner."""
        if self._owner is not None:
            self._owner = None
            self._stop()

    def _decrypt(self, tls: ssl.SSLObject, data: bytes) -> bytes | None:
        """Give what was said, empty where that was the end, and None where it was nothing yet."""
        self._incoming.write(data)
        parts: list[bytes] = []
        while not self._is_over:
            try:
                parts.append(tls.read(RECEIVED_BYTES))
                self._is_over = not parts[-1]
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                self._is_over = True
        if self._outgoing.pending:
            self._send(self._outgoing.read())  # TLS has answered the other side by itself
        return b"".join(parts) if parts or self._is_over else None

    def _write_rest(self) -> None:
        try:
            sent = self._socket.send(self._rest)
        except BlockingIOError:
            return
        except OSError as error:
            self._writable.stop()
            self._rest.clear()
            self._fail_to_write(error)
            return
        del self._rest[:sent]
        if not self._rest:
            self._writable.stop()

    def _fail_to_write(self, error: OSError) -> None:
        """Called by the loop. A server may have answered and closed before it had read it all: read what it said."""
        self._failure = lost(error)
        while self._owner is not None and self.has_news:
            self.read()
        self._end(self._failure)

    def _end(self, reason: Lost) -> None:
        owner, self._owner = self._owner, None
        if owner is not None:
            self._stop()
            # Why writing failed is told once by the system: reading then sees an end like any other.
            owner.lost(self._failure or reason)

    def _stop(self) -> None:
        for watcher in (self._readable, self._writable):
            if watcher is not None:
                watcher.stop()
                watcher.close()
        if self._writable is not None:
            self._rest.clear()
        self._socket.close()
