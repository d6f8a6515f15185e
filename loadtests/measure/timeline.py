"""The cells of a run, by second and kind, and any part of it summed up."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from loadtests.measure.cell import Cell
from loadtests.measure.observation import Observation

Wire = list[dict[str, Any]]

LIVELY_SECONDS = 60
"""For so long what was planned in a second may still be reported; whatever comes later is taken as well."""


class Timeline:
    """What became of the requests of a run. A phase is a part of it: its seconds from the first to before the last."""

    def __init__(self) -> None:
        self.cells: dict[tuple[int, str], Cell] = {}
        self._packed_before = 0

    def add(self, seen: Observation) -> None:
        self._cell(int(seen.planned), seen.stream).add(seen)

    def merge(self, other: "Timeline") -> None:
        for (second, stream), cell in other.cells.items():
            self._cell(second, stream).merge(cell)
        newest = max((second for second, _ in other.cells), default=0)
        if newest >= self._packed_before + 2 * LIVELY_SECONDS:
            self._pack(newest - LIVELY_SECONDS, {stream for _, stream in other.cells})

    def _pack(self, before: int, streams: Iterable[str]) -> None:
        """Give room back where hardly anything will come any more."""
        for stream in streams:
            for second in range(self._packed_before, before):
                if (second, stream) in self.cells:
                    self.cells[second, stream].pack()
        self._packed_before = before

    @property
    def streams(self) -> list[str]:
        return sorted({stream for _, stream in self.cells})

    @property
    def seconds(self) -> range:
        """From the first second with a request to the last."""
        found = [second for second, _ in self.cells]
        return range(min(found), max(found) + 1) if found else range(0)

    def over(self, began: float, ended: float, stream: str | None = None) -> Cell:
        """Sum up the seconds from `began` to before `ended`, of one kind or of all."""
        return _sum(
            cell
            for (second, name), cell in self.cells.items()
            if began <= second < ended and (stream is None or name == stream)
        )

    def each(self, began: int, ended: int, stream: str | None = None) -> list[Cell]:
        """Sum up each of these seconds by itself; an empty cell where nothing was planned."""
        streams = self.streams if stream is None else [stream]
        empty = Cell()
        return [_sum(self.cells.get((second, name), empty) for name in streams) for second in range(began, ended)]

    def take(self, is_wanted: Callable[[int], bool] = lambda _: True) -> "Timeline":
        """Give away the cells of these seconds: what a worker reports, each observation once."""
        taken = Timeline()
        for key in [key for key in self.cells if is_wanted(key[0])]:
            taken.cells[key] = self.cells.pop(key)
        return taken

    def to_wire(self) -> Wire:
        """Give it in JSON's types."""
        return [
            {"second": second, "stream": stream, **cell.to_wire()}
            for (second, stream), cell in sorted(self.cells.items(), key=lambda item: item[0])
        ]

    @classmethod
    def from_wire(cls, wire: Iterable[Mapping[str, Any]]) -> "Timeline":
        """Read what `to_wire` gave; raises KeyError, ValueError or TypeError for anything else."""
        timeline = cls()
        for each in wire:
            cell = timeline._cell(int(each["second"]), str(each["stream"]))
            cell.merge(Cell.from_wire(each))
            cell.pack()
        return timeline

    def _cell(self, second: int, stream: str) -> Cell:
        # For each request of a load: a cell is made where there is none, and not to be thrown away.
        cell = self.cells.get((second, stream))
        if cell is None:
            cell = self.cells[second, stream] = Cell()
        return cell


def _sum(cells: Iterable[Cell]) -> Cell:
    total = Cell()
    for cell in cells:
        total.merge(cell)
    return total
