"""Show a run while it goes on: on the terminal and to Prometheus, once a second."""

from loadtests.measure.run import GeneratorSecond
from loadtests.measure.timeline import Timeline
from loadtests.profile.segment import Segment
from loadtests.report.live import Live, Moment


class Showing:
    def __init__(self, live: Live, *, workers: int) -> None:
        self._live = live
        self._workers = workers
        self._drawn = -1

    def add(self, reported: Timeline) -> None:
        self._live.add(reported)

    def look(self, now: float, segment: Segment, generator: list[GeneratorSecond], change: str) -> None:
        """Draw, if a second has passed since the last time."""
        second = int(now)
        if second == self._drawn:
            return
        self._drawn = second
        latest = generator[-1].second if generator else 0
        meters = [each for each in generator[-2 * self._workers :] if each.second == latest]
        self._live.update(
            Moment(
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
        )
