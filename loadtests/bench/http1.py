"""Where an HTTP/1.1 answer ends, which is all that a client in a closed loop must know.

Servers frame an answer by its length or in chunks, and stock KServe does both:
JSON by length, binary tensors in chunks. Pure: bytes in, a position out.
"""

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"
_CHUNKED = b"\r\ntransfer-encoding: chunked"


def answer_end(received: bytes) -> int | None:
    """Return where the answer ends, maybe beyond what came, or None while that is unknown."""
    head_end = received.find(_HEAD_END)
    if head_end < 0:
        return None
    head = received[:head_end].lower()
    body = head_end + len(_HEAD_END)
    start = head.find(_LENGTH)
    if start >= 0:
        start += len(_LENGTH)
        end = head.find(b"\r\n", start)
        return body + int(head[start:] if end < 0 else head[start:end])
    if _CHUNKED in head:
        return _last_chunk_end(received, body)
    raise ValueError("the answer has neither Content-Length nor chunks, so its end cannot be known")


def _last_chunk_end(received: bytes, start: int) -> int | None:
    while True:
        line_end = received.find(b"\r\n", start)
        if line_end < 0:
            return None
        size = int(received[start:line_end].partition(b";")[0], 16)
        # A chunk is its size, a line end, its bytes and a line end; size zero ends the answer.
        start = line_end + 2 + size + 2
        if size == 0:
            return start
