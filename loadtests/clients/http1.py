"""One HTTP/1.1 answer, read as its bytes come.

Finds its end by length, by chunks or by the end of the connection, passes over
interim answers, and says whether another request may follow on the connection.
Pure. It costs a generator some microseconds where the answer comes at once, and
refuses what is not HTTP with NotHttp.
"""

import re

_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?\r\n")
_FIELD = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\r\n\0]*)\r\n")
_SIZE = re.compile(rb"[0-9a-fA-F]{1,15}[ \t]*(?:;[^\r\n]*)?")

LONGEST_HEAD = 256 * 1024
LONGEST_LINE = 16 * 1024
"""Of a chunk's size with what follows it, or of a trailer."""


class NotHttp(Exception):
    """What came is no answer; the words say why."""


class Answer:
    """Fed until it is whole. `body` and `headers` count from then on, `status` from 0."""

    __slots__ = ("_at", "_chunks", "_is_chunked", "_missing", "_received", "body", "headers", "keeps", "status")

    def __init__(self) -> None:
        self.status = 0
        """Of the final answer; 0 before its head is there."""
        self.headers: dict[str, str] = {}
        """Lower-case names; values that came under one name are joined by commas."""
        self.body = b""
        self.keeps = False
        """Whether the server keeps the connection."""
        self._received: bytes | bytearray = b""
        self._missing = 0
        """Bytes of the body that must still come; -1 for all until the end of the connection."""
        self._is_chunked = False
        self._chunks: list[bytes] = []
        self._at = 0
        """Where the next chunk begins."""

    @property
    def has_begun(self) -> bool:
        return bool(self.status or self._received)

    def feed(self, data: bytes) -> bool:
        """Take what came, and say whether the answer is whole; raises NotHttp."""
        if self.status == 0:
            received = self._received + data if self._received else data
            body = self._read_head(bytes(received))
            if body is None:
                return False
            data = body
        if self._is_chunked:
            return self._feed_chunks(data)
        if self._missing == len(data) and not self._chunks:
            self.body = data  # nearly always: it came in one piece
            return True
        if data:
            self._chunks.append(data)
        if self._missing < 0:
            return False
        self._missing -= len(data)
        if self._missing < 0:
            raise NotHttp("more came than the answer's length")
        if self._missing:
            return False
        self.body = b"".join(self._chunks)
        return True

    def end(self) -> bool:
        """Take the end of the connection, and say whether the answer is whole by it."""
        if self.status and self._missing < 0 and not self._is_chunked:
            self.body = b"".join(self._chunks)
            return True
        return False

    def _read_head(self, received: bytes) -> bytes | None:
        """Give what follows the head, or None while there is none."""
        while True:
            end = received.find(b"\r\n\r\n") + 4
            if end < 4:
                if len(received) > LONGEST_HEAD:
                    raise NotHttp(f"the answer's head has more than {LONGEST_HEAD} bytes")
                if received and not received.startswith(b"HTTP/1."[: len(received)]):
                    raise NotHttp(f"the answer begins with {received[:20]!r}")
                self._received = received
                return None
            head = received[: end - 2].decode("latin-1")
            line = _STATUS_LINE.match(head)
            if line is None:
                raise NotHttp(f"the answer begins with {received[:20]!r}")
            received = received[end:]
            status = int(line[2])
            if status >= 200:
                break
            if status == 101:
                raise NotHttp("the server changes to another protocol, which nobody asked for")
        fields = _FIELD.findall(head, line.end())
        if len(fields) + 1 != head.count("\r\n"):
            raise NotHttp("the answer has a header that is none")
        if " \r\n" in head or "\t\r\n" in head:
            fields = [(name, value.rstrip(" \t")) for name, value in fields]
        self.headers = headers = {name.lower(): value for name, value in fields}
        if len(headers) != len(fields):
            headers.clear()
            for name, value in fields:
                lower = name.lower()
                headers[lower] = f"{headers[lower]}, {value}" if lower in headers else value
        self._frame(status, is_old=line[1] == "0")
        self.status = status
        self._received = b""
        return received

    def _frame(self, status: int, *, is_old: bool) -> None:
        headers = self.headers
        said = headers.get("connection", "").lower()
        self.keeps = "keep-alive" in said if is_old else "close" not in said
        coding = headers.get("transfer-encoding")
        length = headers.get("content-length")
        if status in {204, 304}:
            self._missing = 0
        elif coding is not None:
            if coding.strip().lower() != "chunked":
                raise NotHttp(f"the answer's Transfer-Encoding is {coding[:40]!r}, which nobody asked for")
            self._is_chunked = True
        elif length is not None:
            lengths = {each.strip() for each in length.split(",")}
            text = lengths.pop()
            if lengths or not (text.isascii() and text.isdigit()) or len(text) > 18:
                raise NotHttp(f"the answer's Content-Length is {length[:40]!r}")
            self._missing = int(text)
        else:
            self._missing, self.keeps = -1, False

    def _feed_chunks(self, data: bytes) -> bool:
        received = self._received
        if not isinstance(received, bytearray):
            received = self._received = bytearray()
        received += data
        while True:
            if self._missing:
                # -1 where the line after a chunk is still to come, -2 within the trailers.
                if self._missing > 0:
                    taken = bytes(received[self._at : self._at + self._missing])
                    self._chunks.append(taken)
                    self._at += len(taken)
                    self._missing -= len(taken)
                    if self._missing:
                        received.clear()
                        self._at = 0
                        return False
                    self._missing = -1
                line = self._line(received)
                if line is None:
                    return False
                if self._missing == -1:
                    if line:
                        raise NotHttp("a chunk has more bytes than its size")
                    self._missing = 0
                elif not line:
                    if self._at != len(received):
                        raise NotHttp("more came than the answer")
                    self.body = b"".join(self._chunks)
                    return True
            else:
                line = self._line(received)
                if line is None:
                    return False
                if not _SIZE.fullmatch(line):
                    raise NotHttp(f"the size of a chunk is {line[:20]!r}")
                self._missing = int(line.partition(b";")[0], 16) or -2

    def _line(self, received: bytearray) -> bytes | None:
        end = received.find(b"\r\n", self._at)
        if end < 0:
            if len(received) - self._at > LONGEST_LINE:
                raise NotHttp(f"a line between chunks has more than {LONGEST_LINE} bytes")
            del received[: self._at]
            self._at = 0
            return None
        line = bytes(received[self._at : end])
        self._at = end + 2
        return line
