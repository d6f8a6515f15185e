"""Show a run while it goes on: on the terminal and to Prometheus, once a second.

A display that fails is left out from there on: a run is worth more than the sight of it.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Protocol

from loadtests.measure.run import GeneratorSecond
from loadtests.measure.timeline import Timeline
from loadtests.profile.segment import Segment
from loadtests.report.live import Moment


class Display(Protocol):
    def add(self, reported: Timeline) -> None: ...

    def update(self, now: Moment) -> None: ...


class Showing:
    def __init__(self, displays: Sequence[Display], *, workers: int) -> None:
        self._displays = list(displays)
        self._workers = workers
        self._drawn = -1

    def add(self, reported: Timeline) -> None:
        self._show(lambda display: display.add(reported))

    def look(self, now: float, segment: Segment, generator: Sequence[GeneratorSecond], change: str) -> None:
        """Draw, if a second has passed since the last time."""
        second = int(now)
        if second == self._drawn:
            return
        self._drawn = second
        # Of each worker the last that it told: the list grows by one of each a second.
        meters = {each.worker: each for each in generator[-2 * self._workers :]}.values()
        moment = Moment(
            second=second,
            phase=segment.name,
            role=segment.role,
            planned_rate=segment.rate_at(now - segment.began),
            seconds_left=None if segment.ended is None else segment.ended - second,
            in_flight=sum(each.in_flight for each in meters),
            workers=self._workers,
            busy_ratio=max((each.busy_ratio for each in meters), default=0.0),
            change=change,
        )
        self._show(lambda display: display.update(moment))

    def _show(self, tell: Callable[[Display], None]) -> None:
        for display in list(self._displays):
            try:
                tell(display)
            except Exception as fault:  # noqa: BLE001  whatever it is, the run goes on
                self._displays.remove(display)
                words = f"{type(display).__name__} shows the run no more: {type(fault).__name__}: {fault}"
                print(f"loadtests: {words}", file=sys.stderr)
