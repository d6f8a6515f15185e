"""How many bytes of requests the process holds at this moment, over every protocol.

A bound on each body does not bound memory: a thousand callers may each send one
as large as may be. So every transport takes the bytes of a message before it
reads them and gives them back once it is answered; what does not fit is refused
at the door. Pure: one counter on the event loop's thread, no lock and no clock.
"""

from serving.errors import TooManyBytes


class InflightBytes:
    """One counter for all listeners."""

    __slots__ = ("_limit_bytes", "held_bytes")

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self.held_bytes = 0

    def take(self, count: int, already: int = 0) -> None:
        """Take room for so many bytes more; raises TooManyBytes where they do not fit.

        `already` is what the same message has taken: one that is alone in the house always fits, because whether
        it is too large by itself is another limit's business.
        """
        held = self.held_bytes
        if held + count > self._limit_bytes and held > already:
            raise TooManyBytes(
                f"requests of {held} bytes are in flight, so {count} more do not fit: "
                f"the limit is {self._limit_bytes} (LIMIT_INFLIGHT_BYTES)"
            )
        self.held_bytes = held + count

    def give_back(self, count: int) -> None:
        self.held_bytes -= count
