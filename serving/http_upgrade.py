"""Reading on as HTTP/1.1 behind a request that asked for another protocol.

httptools stops behind the head of such a request and takes it for complete. A
second parser reads the body, told the framing by a head of its own; that head is
kept from the connection. Knows no limit and no answer.
"""

from typing import Protocol


class Hearer(Protocol):
    """What httptools tells of a request."""

    def on_message_begin(self) -> None: ...

    def on_url(self, url: bytes) -> None: ...

    def on_header(self, name: bytes, value: bytes) -> None: ...

    def on_headers_complete(self) -> None: ...

    def on_body(self, piece: bytes) -> None: ...

    def on_message_complete(self) -> None: ...


class Follower:
    """Hears a parser that reads a head once more, and keeps that one head to itself."""

    def __init__(self, connection: Hearer) -> None:
        self.connection: Hearer | None = None
        """Who is told, once the head is over."""
        self.has_no_body = False
        self.on_body = connection.on_body

    def on_message_begin(self) -> None:
        if self.connection is not None:
            self.connection.on_message_begin()

    def on_url(self, url: bytes) -> None:
        if self.connection is not None:
            self.connection.on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.connection is not None:
            self.connection.on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.connection is not None:
            self.connection.on_headers_complete()

    def on_message_complete(self) -> None:
        if self.connection is not None:
            self.connection.on_message_complete()
        else:
            self.has_no_body = True
