"""Why a benchmark ends early, in one sentence for the person who ran it.

BenchError
- Refused: a server does not speak this protocol; the others go on

Anything else that escapes is a bug in the benchmark, and shows its traceback.
"""


class BenchError(Exception):
    """The run cannot go on; the message says what to do about it."""


class Refused(BenchError):
    """A server answered a well-formed request with an error status."""
