"""What travels between the HTTP transport and the application: a request, an answer.

The seam of REST: the application (`rest.py`) knows no socket, parser or framing,
and a transport knows no path. Both are plain values, made for each request, so
they are small and have slots. Names of headers are in lower case, in bytes.
"""

from collections.abc import Mapping

HeaderList = tuple[tuple[bytes, bytes], ...]

JSON: HeaderList = ((b"content-type", b"application/json"),)
OCTETS: HeaderList = ((b"content-type", b"application/octet-stream"),)
TEXT: HeaderList = ((b"content-type", b"text/plain; version=0.0.4; charset=utf-8"),)


class HttpRequest:
    """One request whose body is complete, or will never be."""

    __slots__ = ("body", "failure", "headers", "held_bytes", "id", "method", "path", "query")

    def __init__(
        self,
        method: str,
        path: str,
        headers: Mapping[bytes, bytes],
        body: bytes = b"",
        *,
        query: bytes = b"",
        failure: BaseException | None = None,
    ) -> None:
        self.method = method
        self.path = path
        """Decoded: a colon that came as %3A is a colon."""
        self.query = query
        """As it came, without the question mark."""
        self.headers = headers
        """A name that came twice holds both values, with a comma between."""
        self.body = body
        """Decoded from its Content-Encoding, if it had one."""
        self.held_bytes = 0
        """Bytes taken of those that may be in flight; whoever took the first gives them all back."""
        self.id = b""
        """The name it goes by in the log and in its answer; the application's to give."""
        self.failure = failure
        """Why there is no body. The application raises it where it would read the body, so that it is counted under
        the model asked for: a ServingError is answered, CancelledError is a caller who left."""


class HttpAnswer:
    """One answer; Content-Length, Connection and Date are the transport's to add."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: HeaderList, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body
