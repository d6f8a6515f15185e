"""Heads of HTTP/1.1 messages: what a request's target says, and an answer's head as bytes.

Pure functions of bytes. What repeats from request to request (status lines,
targets) is made once; nothing that a caller can vary is remembered without end.
"""

from http import HTTPStatus
from urllib.parse import unquote

import httptools

from serving.errors import InvalidRequest
from serving.http_message import HttpAnswer

STATUS_LINES = {status.value: b"HTTP/1.1 %d %b\r\n" % (status.value, status.phrase.encode()) for status in HTTPStatus}

TARGETS = 1024
"""Targets whose reading is remembered; a server has a handful."""

LONGEST_TARGET = 256
"""In bytes; longer ones are not remembered."""

WHOLE = 64 * 1024
"""Bytes of a body that are copied behind its head, to be sent by one call; larger ones are sent beside it."""

_targets: dict[bytes, tuple[str, bytes]] = {}


def read_target(target: bytes) -> tuple[str, bytes]:
    """Give the decoded path and the query of a request's target; raises InvalidRequest where it is none."""
    found = _targets.get(target)
    if found is None:
        found = _read_target(target)
        if len(target) <= LONGEST_TARGET:
            if len(_targets) >= TARGETS:
                _targets.clear()
            _targets[target] = found
    return found


def _read_target(target: bytes) -> tuple[str, bytes]:
    if target[:1] != b"/":
        # An absolute address, as a proxy is asked, or "*".
        if target == b"*":
            return "*", b""
        try:
            url = httptools.parse_url(target)
        except httptools.HttpParserInvalidURLError as error:
            raise InvalidRequest(f"the target {target[:80].decode('latin-1')!r} is no path") from error
        path, query = url.path or b"/", url.query or b""
    else:
        path, _, query = target.partition(b"#")[0].partition(b"?")
    text = path.decode("utf-8", "replace")
    return (unquote(text) if "%" in text else text), query


def render(answer: HttpAnswer, date_line: bytes, *, is_head: bool, is_last: bool, is_old: bool) -> list[bytes]:
    """Give the answer as the pieces to send.

    `is_head` leaves out the body, `is_last` says that the connection closes, and
    `is_old` is HTTP/1.0, where a connection that stays open must be promised.
    """
    pieces = [STATUS_LINES[answer.status], date_line]
    for name, value in answer.headers:
        pieces += (name, b": ", value, b"\r\n")
    body = answer.body
    if is_last:
        pieces.append(b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body))
    elif is_old:
        pieces.append(b"connection: keep-alive\r\ncontent-length: %d\r\n\r\n" % len(body))
    else:
        pieces.append(b"content-length: %d\r\n\r\n" % len(body))
    if is_head:
        return [b"".join(pieces)]
    if len(body) > WHOLE:
        return [b"".join(pieces), body]
    pieces.append(body)
    return [b"".join(pieces)]
