"""Where a run stands in its profile, and what comes next: the master's state machine, without a clock.

Segments are contiguous from second 0, and are announced at least two seconds
before they begin. A phase of role change is open until the change is over and
has settled, or has taken too long; a search waits for the judgement of each
step at half the rate that holds, and takes none that is late for an answer. So
every course ends, whatever is told to it or is not.
"""

import math
from bisect import bisect_left
from dataclasses import replace

from loadtests.measure.run import Span
from loadtests.profile.arrivals import planned
from loadtests.profile.capacity_search import CapacitySearch
from loadtests.profile.form import Change, Phase, Profile
from loadtests.profile.rate_curve import Curve, curve_of, flat
from loadtests.profile.segment import Segment

LEAD_SECONDS = 3
"""From the second in which something is announced: at least two whole seconds are left of them."""
LONGEST_JUDGEMENT_SECONDS = 60
"""Beyond the time that an answer may take."""


class Course:
    """Made once, and told of each second with `advance`; `segments` holds all that was announced, in order."""

    def __init__(self, profile: Profile) -> None:
        self.segments: list[Segment] = []
        self.ends_at: int | None = None
        """The second after the last; None while it is not known."""
        self.awaited: Segment | None = None
        """The step of a search that has ended, and waits for `judge`."""
        self.change_is_late = False
        """It was not over after `change.most_seconds`, and the course goes on without it."""
        self.search = CapacitySearch(profile.search) if profile.search else None
        self._profile = profile
        self._now = -LEAD_SECONDS
        self._next_begins = 0
        self._phases = iter(profile.phases)
        self._announced: list[Segment] = []
        self._changing: Phase | None = None
        self._change_over: int | None = None
        self._counts: dict[int, int] = {}

    @property
    def is_over(self) -> bool:
        return self.ends_at is not None and self._now >= self.ends_at

    def advance(self, now: int, *, change_is_over: bool = False) -> list[Segment]:
        """Give what is announced in this second: segments that are new, or whose end is known now.

        The first call gives the beginning, and comes before second 0, at -2 or earlier.
        """
        self._now = now
        if not self.segments:
            self._begin()
        last = self.segments[-1]
        if last.seconds is None:
            if self.search is not None:
                self._advance_search(last, self.search)
            elif self._changing is not None and now >= last.began:
                self._advance_change(last, self._changing, change_is_over)
        announced, self._announced = self._announced, []
        return announced

    def judge(self, holds: bool | None) -> None:
        """Say what became of the awaited step; None where nothing can be said."""
        if self.awaited is None or self.search is None:
            raise ValueError("no step waits for a judgement")
        self.awaited = None
        self.search.tell(holds)

    def spans(self, now: int) -> list[Span]:
        """Give what has begun by this second as phases, the current one cut off here."""
        return [self._span(segment, now) for segment in self.segments if segment.began < now]

    def _begin(self) -> None:
        if self.search is None:
            self._announce_phases()
            return
        asked = self.search.asked
        self._announce("warm-up", "warm-up", asked.warm_up_seconds, flat(asked.first / 2))
        self._announce_step(self.search, asked.first)

    def _announce_phases(self) -> None:
        """Announce all up to the first whose end nobody knows."""
        for phase in self._phases:
            is_open = phase.role == "change"
            self._announce(
                phase.name, phase.role, None if is_open else phase.seconds, curve_of(phase, self._profile.rate), phase
            )
            if is_open:
                self._changing = phase
                return
        self.ends_at = self.segments[-1].ended

    def _advance_change(self, segment: Segment, phase: Phase, change_is_over: bool) -> None:
        change = self._profile.change or Change()
        if change_is_over and self._change_over is None:
            self._change_over = self._now
        if self._change_over is not None:
            settled = self._change_over + math.ceil(change.settle_seconds)
        elif self._now >= segment.began + math.ceil(change.most_seconds):
            self.change_is_late = True
            settled = self._now
        else:
            return
        self._close(max(segment.began + phase.seconds, settled))
        self._announce_phases()

    def _advance_search(self, settling: Segment, search: CapacitySearch) -> None:
        if self._now < settling.began:
            return
        if len(search.steps) < sum(segment.role == "load" for segment in self.segments):
            self.awaited = self.segments[-2]
            patience = math.ceil(self._profile.timeout_seconds) + LONGEST_JUDGEMENT_SECONDS
            if self._now < settling.began + patience:
                return
            self.judge(None)
        if search.rate is None:
            self._close(self._now)
            self.ends_at = self.segments[-1].ended
        else:
            self._close(settling.began + search.asked.settle_seconds)
            self._announce_step(search, search.rate)

    def _announce_step(self, search: CapacitySearch, rate: float) -> None:
        number = len(search.steps) + 1
        self._announce(f"step-{number}", "load", search.asked.step_seconds, flat(rate))
        safe = search.held or min(search.asked.first, rate)
        self._announce(f"judging-{number}", "warm-up", None, flat(safe / 2))

    def _announce(self, name: str, role: str, seconds: int | None, curve: Curve, phase: Phase | None = None) -> None:
        began = self._next_begins
        trace = self._profile.trace_seconds
        segment = Segment(
            index=len(self.segments),
            name=name,
            role=role,
            began=began,
            seconds=seconds,
            curve=curve,
            arrivals="trace" if trace else self._profile.arrivals,
            drift=phase.drift if phase else "",
            trace=_within(trace, began, seconds),
        )
        self._next_begins += seconds or 0
        self.segments.append(segment)
        self._announced.append(segment)

    def _close(self, wanted: int) -> None:
        """End the open segment then, or as soon as everybody can know of it."""
        segment = self.segments[-1]
        ended = max(wanted, self._now + LEAD_SECONDS, segment.began + 1)
        self._next_begins = ended
        self.segments[-1] = replace(segment, seconds=ended - segment.began)
        self._announced.append(self.segments[-1])

    def _span(self, segment: Segment, now: int) -> Span:
        ended = now if segment.ended is None else min(now, segment.ended)
        count = sum(self._planned(segment, second) for second in range(segment.began, ended))
        return Span(
            name=segment.name,
            role=segment.role,
            began=segment.began,
            ended=ended,
            planned=count,
            is_complete=segment.ended is not None and segment.ended <= now,
            rate=segment.mean_rate(ended),
        )

    def _planned(self, segment: Segment, second: int) -> int:
        if second not in self._counts:
            self._counts[second] = planned(segment, second, seed=self._profile.seed)
        return self._counts[second]


def _within(trace: tuple[float, ...], began: int, seconds: int | None) -> tuple[float, ...]:
    after = len(trace) if seconds is None else bisect_left(trace, began + seconds)
    return trace[bisect_left(trace, began) : after]
