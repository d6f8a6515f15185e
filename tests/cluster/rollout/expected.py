"""What every case must show, whatever else happened in it: a list of what is not as it should be. Pure."""

from collections.abc import Iterator

from tests.cluster.rollout.cases import INFRASTRUCTURE, Case, another_beside, killed_in_each_phase
from tests.cluster.rollout.play import Played

HUNDRED = 100.0
LONG_PHASES = {"deploying", "shifting", "settling", "analysing"}
"""Which last for seconds, so that a kill cannot miss them."""
LONG_AFTERWARDS = {True: {"verifying"}, False: {"restoring", "discarding"}}
"""The same of the end, by whether the version is promoted."""


def objections(played: Played) -> list[str]:
    """Give what speaks against it, in sentences; nothing where all is as promised."""
    return [*_ending(played), *_traffic(played), *_callers(played), *_report(played), *_disturbance(played)]


def _ending(played: Played) -> Iterator[str]:
    if played.exit != played.case.ends:
        yield f"the exit status was {played.exit}, expected {played.case.ends}: {played.sentence}"


def _traffic(played: Played) -> Iterator[str]:
    wanted = HUNDRED if played.case.is_promoted else 0.0
    if played.percents != {wanted}:
        yield f"the routes give the new version {sorted(played.percents)} % at the end, expected {wanted:g} %"
    if not played.case.version.starts and played.verdict.most_percent:
        yield f"a version that never started had {played.verdict.most_percent:g} % of the traffic"


def _callers(played: Played) -> Iterator[str]:
    verdict, version = played.verdict, played.case.version
    if verdict.failed_elsewhere:
        yield f"{verdict.failed_elsewhere} requests failed while the new version had no traffic"
    if version.hurts != "failed" and verdict.failed:
        yield f"{verdict.failed} requests failed: {verdict.failed_words}"
    if not verdict.is_bounded and not played.case.is_promoted:
        yield f"{verdict.exposed:.1%} of the requests met the new version, which had {verdict.most_percent:g} % at most"
    for each in verdict.stretches if _is_steady(played.case) else ():
        if not each.is_as_given:
            yield (
                f"callers saw {each.share:.1%} of {each.requests} answers by the new version "
                f"while the routes gave it {each.percent:g} %"
            )
    if played.labels_refused:
        yield f"labels were refused: {played.labels_refused[0]}"


def _is_steady(case: Case) -> bool:
    """Whether the routes say what callers see: while one is edited, the other is not."""
    return case.name != "edited"


def _report(played: Played) -> Iterator[str]:
    if not played.sentence:
        yield "the report has no sentence that says how it ended"


def _disturbance(played: Played) -> Iterator[str]:
    """Whether what was to happen did."""
    if played.case.disturb is killed_in_each_phase:
        missed = (LONG_PHASES | LONG_AFTERWARDS[played.case.is_promoted]) - set(played.told)
        if missed:
            yield f"it was never killed while {', '.join(sorted(missed))}"
    if played.case.disturb is another_beside:
        status, said = played.told
        if status != str(INFRASTRUCTURE) or "is being rolled out by" not in said:
            yield f"the one beside ended with {status}: {said}"
