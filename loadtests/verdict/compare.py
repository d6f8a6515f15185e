"""Compare a run with a stored one, phase by phase. Pure; `comparison.py` says when a difference counts."""

from collections.abc import Iterator

from loadtests.measure.run import Run, Span
from loadtests.profile.form import Profile
from loadtests.verdict import estimate
from loadtests.verdict.comparable import incomparable, remarks
from loadtests.verdict.comparison import Comparison, Difference, Finding, Rule
from loadtests.verdict.differences import FLOOR, TIMED, Side, counted, goodput, late, latency, side
from loadtests.verdict.phase import look
from loadtests.verdict.phrases import number, ratio, seconds
from loadtests.verdict.result import Status
from loadtests.verdict.searches import searches
from loadtests.verdict.soundness import unsound
from monitoring.slo import Promise

STEADY = (FLOOR, "p50")
"""What a generator that is late now and then does not spoil. One of them has to be told for a comparison to mean
anything; the higher quantiles a single stall leaves untold."""
LATE_IN_TEN = 0.1


def compare(baseline: Run, run: Run, promise: Promise, rule: Rule | None = None, *, anyway: bool = False) -> Comparison:
    """Say whether a run is worse than the stored one; `anyway` compares even what asked something else."""
    rule = rule or Rule()
    different = incomparable(baseline, run)
    if different and not anyway:
        return Comparison(Status.USAGE, reasons=tuple(different))
    if Profile.model_validate(run.profile).search is None:
        rows, doubts = _phases(baseline, run, promise, rule)
    else:
        rows = searches(baseline, run, promise, rule)
        doubts = [row.words for row in rows if row.finding is Finding.UNTOLD]
    doubts = [*_cut_short("the stored run", baseline), *_cut_short("the run", run), *doubts]
    worse = [_sentence(row) for row in rows if row.finding is Finding.WORSE]
    better = [_sentence(row) for row in rows if row.finding is Finding.BETTER]
    status = Status.FAILED if worse else Status.INCONCLUSIVE if doubts else Status.PASSED
    notes = (*different, *remarks(baseline, run), *better)
    return Comparison(status, tuple(rows), tuple(dict.fromkeys([*worse, *doubts])), notes)


def _phases(baseline: Run, run: Run, promise: Promise, rule: Rule) -> tuple[list[Difference], list[str]]:
    rows: list[Difference] = []
    doubts: list[str] = []
    before = {span.name: span for span in baseline.spans if span.role != "warm-up"}
    for span in (span for span in run.spans if span.role != "warm-up"):
        if span.name not in before:
            doubts.append(f"the phase {span.name} is not in the stored run")
            continue
        old = _side(baseline, before.pop(span.name), promise, rule)
        new = _side(run, span, promise, rule)
        if not old.cell.total or not new.cell.total:
            doubts.append(f"in {span.name} nothing was asked in one of the two")
            continue
        found = list(_rows(old, new, promise, rule))
        rows += found
        steady = [row for row in found if row.measure in STEADY]
        if all(row.finding is Finding.UNTOLD for row in steady):
            doubts += [f"in {span.name} of the stored run {words}" for words in old.behind]
            doubts += [f"in {span.name} {words}" for words in new.behind]
            doubts += [f"{row.measure} in {row.phase}: {row.words}" for row in steady]
    doubts += [f"the phase {name} of the stored run is not in the run" for name in before]
    if not rows:
        doubts.append("there is no phase that could be compared")
    return rows, doubts


def _side(run: Run, span: Span, promise: Promise, rule: Rule) -> Side:
    profile = Profile.model_validate(run.profile)
    seen = look(run.timeline, span, run.generator, profile, promise)
    kinds = {name: run.timeline.each(span.began, span.ended, name) for name in run.timeline.streams}
    behind = unsound(span, seen.cell(""), run.generator, profile, promise.latency.threshold_seconds, late=LATE_IN_TEN)
    return side(seen, behind, kinds, profile.timeout_seconds, promise, rule)


def _rows(old: Side, new: Side, promise: Promise, rule: Rule) -> Iterator[Difference]:
    is_late = bool(old.seen.unsound or new.seen.unsound)
    is_behind = bool(old.behind or new.behind)
    for measure in TIMED:
        row = latency(measure, old, new, promise, rule)
        yield late(row) if (is_behind if measure in STEADY else is_late) else row
    row = goodput(old, new, rule)
    yield late(row) if is_late else row
    phase = new.seen.span.name
    errors = [estimate.errors(each.cell, (), promise) for each in (old, new)]
    yield counted(phase, "error_ratio", errors[0], errors[1], rule)
    known = [estimate.accuracy(each.cell) for each in (old, new)]
    if any(known):
        yield counted(phase, "accuracy", known[0], known[1], rule)


def _cut_short(what: str, run: Run) -> Iterator[str]:
    if run.cut_off:
        yield f"{what} was cut off: {run.cut_off}"
    yield from (f"{what} had a trouble of its own: {trouble}" for trouble in run.troubles)


def _sentence(row: Difference) -> str:
    name = f"{row.measure} in {row.phase}"
    before, after, change = row.before or 0.0, row.after or 0.0, row.change or 0.0
    if row.measure in TIMED:
        interval = f"{row.low or 0:+.0%} to {row.high or 0:+.0%}"
        return f"{name} is {row.finding.value}: {seconds(after)}, and was {seconds(before)} ({change:+.0%}, {interval})"
    if row.measure == "capacity":
        return f"{name} is {row.finding.value}: {number(after)} requests a second, and was {number(before)}"
    return f"{name} is {row.finding.value}: {ratio(after)}, and was {ratio(before)}"
