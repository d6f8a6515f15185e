"""Lead a run from second 0 to its end: announce what follows, take in what was seen, perform the change.

It owns the course and the clock, and decides when the run ends before its
plan does: told to, the target silent, the crew lost. It judges nothing but the
steps of a search, which it asks to be judged.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from loadtests.engine.change import Performance
from loadtests.engine.crew import Crew
from loadtests.engine.giving_up import Silence
from loadtests.measure.run import ChangeSeen, GeneratorSecond, Span
from loadtests.measure.timeline import Timeline
from loadtests.profile.course import Course
from loadtests.profile.form import Profile
from loadtests.profile.segment import Segment, segment_at

LEAD_SECONDS = 1.0
"""Between the choice of second 0 and it: every worker has heard of it by then."""
LOOK_SECONDS = 0.2
MERCY_SECONDS = 5.0
"""For answers that are on their way when a run is cut off."""
REPORT_MERCY_SECONDS = 10.0
"""Beyond the longest wait for an answer, for workers that are late with their load, and to tell of it."""
SILENT_CHANGE_SECONDS = 60.0
"""A change may take everything away for so long at least."""


class Watcher(Protocol):
    """Is shown the run as it goes on."""

    def add(self, reported: Timeline) -> None: ...

    def look(self, now: float, segment: Segment, generator: list[GeneratorSecond], change: str) -> None: ...


@dataclass(slots=True)
class Conducted:
    """What came of it."""

    began_at: str = ""
    timeline: Timeline = field(default_factory=Timeline)
    generator: list[GeneratorSecond] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    cut_off: str = ""
    is_interrupted: bool = False
    change: ChangeSeen | None = None


Judge = Callable[[Timeline, Span, list[GeneratorSecond]], bool | None]


class Conductor:
    def __init__(
        self,
        profile: Profile,
        crew: Crew,
        watcher: Watcher,
        *,
        performance: Performance | None,
        judge: Judge,
        is_cut_off: Callable[[float], bool],
        cut_off_words: Callable[[], str],
        give_up_after: float,
    ) -> None:
        self._profile = profile
        self._crew = crew
        self._watcher = watcher
        self._performance = performance
        self._judge = judge
        self._is_cut_off = is_cut_off
        self._cut_off_words = cut_off_words
        self._give_up_after = give_up_after
        self._course = Course(profile)
        self._silence = Silence()
        self._zero = 0.0
        self._seen = Conducted()

    def conduct(self) -> Conducted:
        """Come back when it is over, however it ends."""
        seen, crew, course = self._seen, self._crew, self._course
        crew.announce(course.advance(-2))
        self._zero = time.perf_counter() + LEAD_SECONDS
        seen.began_at = (datetime.now(UTC) + timedelta(seconds=LEAD_SECONDS)).isoformat(timespec="milliseconds")
        crew.begin(self._zero)
        while not course.is_over and not seen.cut_off:
            if self._is_cut_off(LOOK_SECONDS):
                self._interrupt()
            else:
                self._step_or_end()
        last = min(course.ends_at or 0, int(self._now)) if course.is_over else int(self._now)
        if seen.cut_off:
            crew.stop()
        else:
            crew.finish()
        if self._performance is not None:
            self._performance.end()
        self._settle()
        if self._performance is not None:
            seen.change = self._performance.seen()
        seen.spans = course.spans(max(0, last))
        return seen

    @property
    def _now(self) -> float:
        return time.perf_counter() - self._zero

    def _step_or_end(self) -> None:
        try:
            self._step()
        except Exception as fault:  # noqa: BLE001  whatever it is, what was measured is kept and judged
            self._seen.cut_off = (
                f"the load test itself failed at second {max(0, self._now):.0f}: {type(fault).__name__}: {fault}"
            )

    def _step(self) -> None:
        now = self._now
        if now < 0:
            return
        current = segment_at(self._course.segments, int(now))
        self._change(current, now)
        if current is not None:
            # First, so that whoever is shown a request knows the phase that it was asked in.
            self._watcher.look(now, current, self._seen.generator, self._performance.words if self._performance else "")
        self._take(now)
        is_over = self._performance is None or self._performance.is_over
        announced = self._course.advance(int(now), change_is_over=is_over)
        if announced:
            self._crew.announce(announced)
        self._judge_step()
        if current is not None:
            limit = self._give_up_after
            if current.role == "change":
                limit = max(limit, SILENT_CHANGE_SECONDS)
            self._seen.cut_off = self._silence.too_long(now, limit)
        if self._crew.is_lost:
            self._seen.cut_off = f"no worker is left, so the run was ended at second {now:.0f}"

    def _take(self, now: float) -> None:
        taken = self._crew.take()
        self._seen.timeline.merge(taken.timeline)
        self._seen.generator += taken.generator
        self._seen.troubles += taken.troubles
        self._silence.hear(now, taken.timeline)
        self._watcher.add(taken.timeline)

    def _change(self, current: Segment | None, now: float) -> None:
        performance = self._performance
        if performance is None:
            return
        if not performance.has_begun and current is not None and current.role == "change":
            performance.begin(now)
        performance.look(now)

    def _judge_step(self) -> None:
        """Have a step judged when all that was asked in it has been answered."""
        step = self._course.awaited
        if step is None or step.ended is None or self._crew.settled < step.ended:
            return
        spans = self._course.spans(step.ended)
        self._course.judge(self._judge(self._seen.timeline, spans[-1], self._seen.generator))

    def _interrupt(self) -> None:
        self._seen.cut_off = f"it was told to end by {self._cut_off_words()} at second {max(0, self._now):.0f}"
        self._seen.is_interrupted = True

    def _settle(self) -> None:
        """Wait for answers that are on their way, and for the workers' last words."""
        seen, crew = self._seen, self._crew
        patience = MERCY_SECONDS if seen.cut_off else self._profile.timeout_seconds + REPORT_MERCY_SECONDS
        limit = self._now + patience
        while not crew.is_done and self._now < limit:
            time.sleep(LOOK_SECONDS / 2)
            if not seen.cut_off and self._is_cut_off(0):
                self._interrupt()
                crew.stop()
                limit = self._now + MERCY_SECONDS
            self._take(self._now)
        self._take(self._now)
        if not crew.is_done:
            waiting = crew.in_flight
            crew.stop()
            if seen.cut_off and waiting:
                seen.cut_off += f"; {waiting:,} requests had no answer {MERCY_SECONDS:g} s later, and are not counted"
            elif not seen.cut_off:
                seen.troubles.append("not every worker had told all that it had seen when the run was closed")
