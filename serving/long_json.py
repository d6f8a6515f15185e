"""JSON bodies too long to be decoded between two turns of the event loop.

What can be told without decoding is told first: the rows of the first shape in
the body, for which there may be no room. Then they are decoded whole, by pure
functions that a thread may run: nothing here remembers anything. A long array
of plain numbers is parsed in short steps, between which the loop goes on;
other long JSON is one step of the parser's, which the loop waits for.
"""

import re

from serving import payload_v1, payload_v2
from serving.errors import ServingError
from serving.payload_v1 import V1Request
from serving.request import Request
from serving.signature import Signature

SEARCHED_BYTES = 4096
"""At either end of the body; between them lie numbers."""

ROWS = re.compile(rb'"shape"\s*:\s*\[\s*([1-9][0-9]{0,9})\b')


def declared_rows(body: bytes, signature: Signature) -> int:
    """Give the rows that a V2 body declares, 1 where that cannot be told."""
    if not signature.is_batched:
        return 1
    found = ROWS.search(body, 0, SEARCHED_BYTES) or ROWS.search(body, max(0, len(body) - SEARCHED_BYTES))
    return int(found[1]) if found is not None else 1


def read_v2(body: bytes, head_bytes: int | None, signature: Signature) -> Request:
    """Raises InvalidRequest and the like, which then bear the request's id."""
    message, tail = payload_v2.parse(body, head_bytes)
    try:
        return payload_v2.decode(message, tail, signature)
    except ServingError as error:
        error.request_id = payload_v2.readable_id(message)
        raise


def read_v1(body: bytes, signature: Signature) -> V1Request:
    return payload_v1.decode(payload_v2.parse_object(body), signature)
