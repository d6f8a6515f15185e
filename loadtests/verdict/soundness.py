"""Whether the generator did what the plan asked of it, so that times can be blamed on the server.

What it could not send in time it measured too late, and what it did not send at
all was never asked: such a run says nothing good of a server.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from loadtests.measure.cell import Cell
from loadtests.measure.outcome import NO_PORT, Outcome
from loadtests.measure.run import GeneratorSecond, Span
from loadtests.profile.form import Profile
from loadtests.profile.in_flight import most_in_flight
from loadtests.verdict.phrases import ratio, seconds


def unsound(
    span: Span,
    cell: Cell,
    generator: Iterable[GeneratorSecond],
    profile: Profile,
    threshold: float,
    *,
    late: float = 0.01,
) -> list[str]:
    """Say what was wrong with the generator in a phase, a sentence each; empty where nothing was.

    It is late where this share of all requests were: a hundredth spoils a p99, and a tenth a median.
    """
    asked = profile.generator
    said = []
    lag = cell.lags.quantile(1 - late) if cell.lags.total else 0.0
    is_late = lag > asked.lag_p99_seconds
    if is_late:
        said.append(
            f"the generator was late: one request in {'a hundred' if late == 0.01 else round(1 / late)} "
            f"by {seconds(lag)} and more, "
            f"allowed {seconds(asked.lag_p99_seconds)}; give it more workers or a lower rate"
        )
    if span.planned and cell.total < asked.achieved_ratio * span.planned:
        said.append(
            f"the generator came to {cell.total:,} of {span.planned:,} planned requests "
            f"({ratio(cell.total / span.planned)}, asked for {ratio(asked.achieved_ratio)}); "
            "give it more workers or a lower rate"
        )
    for worker, busy in _busy(span, generator).items():
        if busy > asked.busy_ratio:
            said.append(
                f"worker {worker} was busy for {ratio(busy)} of a core, allowed {ratio(asked.busy_ratio)}; "
                "give the load more workers or a lower rate"
            )
    unsent = without_a_port(cell)
    if unsent:
        said.append(
            f"{unsent:,} requests found no port or file left on the generator's machine; give it more workers on "
            "other machines, connections that are kept, or a higher limit of open files (ulimit -n)"
        )
    dropped = cell.count(Outcome.DROPPED)
    if dropped:
        said += _dropped(dropped, span, cell, profile, threshold, is_late=is_late)
    return said


def without_a_port(cell: Cell) -> int:
    """Count the requests that never left the generator's machine."""
    codes: Mapping[str, int] = cell.failed_codes.get(Outcome.CONNECTION, {})
    return codes.get(NO_PORT, 0)


def _dropped(dropped: int, span: Span, cell: Cell, profile: Profile, threshold: float, *, is_late: bool) -> list[str]:
    rate = cell.total / span.seconds if span.seconds else profile.rate
    allowed = most_in_flight(profile)
    if allowed < rate * threshold:
        sentence = (
            f"{dropped:,} requests were not sent, as {allowed:,} were waiting already: at {rate:.0f} a second even "
            f"answers within {seconds(threshold)} need {rate * threshold:.0f}; raise generator.most_in_flight"
        )
        return [sentence]
    if is_late:
        return [f"{dropped:,} requests were dropped while the generator was late, which may be its own doing"]
    return []


def _busy(span: Span, generator: Iterable[GeneratorSecond]) -> dict[str, float]:
    """Give how busy each worker was over the phase."""
    seen: dict[str, list[float]] = defaultdict(list)
    for each in generator:
        if span.began <= each.second < span.ended:
            seen[each.worker].append(each.busy_ratio)
    return {worker: sum(ratios) / len(ratios) for worker, ratios in sorted(seen.items())}
