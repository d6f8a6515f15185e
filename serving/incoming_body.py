"""The body of a request while it comes in: kept in few pieces, counted, never beyond its limit.

Pure. Large pieces are kept as they came; small ones are gathered, so that a body
sent byte by byte costs no more memory than its bytes.
"""

SMALL = 16 * 1024
"""Bytes below which a piece is copied to its neighbours."""


class Body:
    """What has come of one body."""

    __slots__ = ("_gathered", "_pieces", "size")

    def __init__(self) -> None:
        self._pieces: list[bytes | bytearray] = []
        self._gathered: bytearray | None = None
        """The last piece, where more may be added to it."""
        self.size = 0

    def add(self, piece: bytes) -> None:
        self.size += len(piece)
        if len(piece) >= SMALL or not self._pieces:
            self._pieces.append(piece)
            self._gathered = None
        elif self._gathered is None:
            self._gathered = bytearray(piece)
            self._pieces.append(self._gathered)
        else:
            self._gathered += piece

    def whole(self) -> bytes:
        """Give the body; nothing can be added afterwards."""
        if len(self._pieces) == 1 and isinstance(self._pieces[0], bytes):
            return self._pieces[0]
        return b"".join(self._pieces)
