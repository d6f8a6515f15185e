"""Names for requests: taken from the caller, or made here.

A caller's own is kept where it is short and printable, so that one name leads
through every log on the way; anything else is replaced and never refused. Made
ones are a random beginning for each process and a count, which costs no random
number a request.
"""

import re
import secrets
from itertools import count

HEADER = b"x-request-id"
"""The header over REST, the metadata over gRPC."""

LONGEST = 128
TAKEN = re.compile(rb"[!-~]{1,%d}" % LONGEST)


class RequestIds:
    """The source of one process's request ids."""

    def __init__(self, process: bytes | None = None) -> None:
        self._process = process if process is not None else secrets.token_hex(6).encode()
        self._count = count(1)

    def name(self, given: bytes | None) -> bytes:
        """Keep what the caller gave where it can be a name, else make one."""
        if given is not None and TAKEN.fullmatch(given):
            return given
        return b"%b-%x" % (self._process, next(self._count))
