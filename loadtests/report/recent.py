"""What has come in of a run that goes on: all of it counted, the last seconds by themselves."""

from collections import Counter, defaultdict

from loadtests.measure.cell import Cell
from loadtests.measure.outcome import Outcome
from loadtests.measure.timeline import Timeline

WINDOW_SECONDS = 10


class Recent:
    """Takes each observation once, as workers report them."""

    def __init__(self) -> None:
        self.outcomes = Counter[Outcome]()
        self._seconds: defaultdict[int, Cell] = defaultdict(Cell)
        self._newest = 0

    def add(self, reported: Timeline) -> None:
        for (second, _), cell in reported.cells.items():
            for outcome, histogram in cell.responses.items():
                self.outcomes[outcome] += histogram.total
            self._newest = max(self._newest, second)
            self._seconds[second].merge(cell)
        for second in [each for each in self._seconds if each < self._newest - 2 * WINDOW_SECONDS]:
            del self._seconds[second]

    def last(self, now: int) -> tuple[Cell, int]:
        """Sum up the seconds before this one, as many as there were of the window, and say how many those are."""
        began = max(0, now - WINDOW_SECONDS)
        total = Cell()
        for second in range(began, now):
            if second in self._seconds:
                total.merge(self._seconds[second])
        return total, now - began
