"""Compare what two searches for the capacity came to, by the brackets around their answers."""

from loadtests.measure.run import Run
from loadtests.profile.form import Profile
from loadtests.verdict.capacity import Bracket, bracket
from loadtests.verdict.comparison import Difference, Finding, Rule
from monitoring.slo import Promise


def searches(baseline: Run, run: Run, promise: Promise, rule: Rule) -> list[Difference]:
    """Give the one row: a capacity is another where the brackets do not meet, and it is more than nobody minds."""
    before, after = (bracket(each, Profile.model_validate(each.profile), promise) for each in (baseline, run))
    old, new = before.held, after.held
    if old is None or new is None:
        words = "no rate held in one of the two"
        return [Difference("search", "capacity", Finding.UNTOLD, old, new, None, words=words)]
    finding = Finding.SAME
    if _is_below(after, before, rule):
        finding = Finding.WORSE
    elif _is_below(before, after, rule):
        finding = Finding.BETTER
    return [Difference("search", "capacity", finding, old, new, new / old - 1)]


def _is_below(lower: Bracket, upper: Bracket, rule: Rule) -> bool:
    """Say whether all that the lower may be is less than what the upper held."""
    if lower.failed is None or lower.held is None or upper.held is None:
        return False
    return lower.failed <= (1 - rule.smallest_ratio) * upper.held
