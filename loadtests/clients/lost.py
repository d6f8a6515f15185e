"""Why there is no answer, for a reason that lies in the connection."""

import errno
import ssl

from loadtests.measure.outcome import NO_PORT

REFUSED = "refused"
"""Nobody listens."""
RESET = "reset"
"""The connection, or a gRPC call's stream in it, was cut by the other side."""
CLOSED = "closed"
"""It ended before the answer did."""
UNREACHABLE = "unreachable"
"""No such name, or no way to it."""
UNTRUSTED = "tls"
"""No secure connection comes about: the certificate, or the protocol."""
GARBLED = "protocol"
"""What came is not what the protocol has."""
_ERRORS = {
    errno.ECONNREFUSED: REFUSED,
    errno.ECONNRESET: RESET,
    errno.ECONNABORTED: RESET,
    errno.EPIPE: CLOSED,
    errno.EADDRNOTAVAIL: NO_PORT,
    errno.EMFILE: NO_PORT,
    errno.ENFILE: NO_PORT,
}


class Lost(Exception):
    """`code` is one word, as in `Observation.code`; the words are for people."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


def lost(error: OSError) -> Lost:
    """Say in our words what the system says in its own."""
    if isinstance(error, ssl.SSLError):
        return Lost(UNTRUSTED, f"no secure connection: {getattr(error, 'verify_message', '') or error.reason or error}")
    words = error.strerror or str(error) or type(error).__name__
    return Lost(_ERRORS.get(error.errno or 0, UNREACHABLE), words.lower())
