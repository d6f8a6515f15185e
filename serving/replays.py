"""Which labels were counted already: a bounded memory of ids and their rows.

What was counted first is forgotten first. Holds of an id its random bits alone,
and of its rows a bit each. Knows no clock: an id that is too old is refused
before anybody asks here.
"""

from collections import OrderedDict


class Replays:
    """The labels that one process has counted."""

    def __init__(self, most_ids: int) -> None:
        self._most_ids = most_ids
        self._rows: OrderedDict[int, int] = OrderedDict()
        """A set bit for each row, by id, in the order of their first label."""

    def __len__(self) -> int:
        return len(self._rows)

    def has(self, random: int, row: int) -> bool:
        return bool(self._rows.get(random, 0) >> row & 1)

    def remember(self, random: int, row: int) -> None:
        if random not in self._rows and len(self._rows) >= self._most_ids:
            self._rows.popitem(last=False)
        self._rows[random] = self._rows.get(random, 0) | 1 << row
