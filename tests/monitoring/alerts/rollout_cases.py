"""Two revisions beside each other, and versions that do not load."""

from tests.monitoring.alerts.case import Case, Phase, Series, clears, counter, fires, gauge, histogram, quiet
from tests.monitoring.alerts.requests_cases import MODEL

OLD, NEW = 'variant="ecluse",revision="old"', 'variant="ecluse",revision="new"'


def revision(labels: str, born: float, ok: float, failed: float = 0) -> tuple[Series, ...]:
    model = f'{MODEL},protocol="v2"'
    return (
        gauge(f"ecluse_start_time_seconds{{{labels}}}", born),
        counter(f'ecluse_requests_total{{{model},{labels},code="200"}}', ok),
        counter(f'ecluse_requests_total{{{model},{labels},code="500"}}', failed),
    )


def durations(labels: str, bound: str) -> tuple[Series, ...]:
    """All answers within this bound and none within the one before."""
    bounds = ("0.05", "0.1", "0.15", "0.25", "0.5", "+Inf")
    counts = {each: 100.0 if bounds.index(each) >= bounds.index(bound) else 0.0 for each in bounds}
    return histogram(
        "ecluse_request_duration_seconds", f'{MODEL},{labels},protocol="v2",outcome="success"', counts, total=10
    )


def born(labels: str, *phases: float | Phase) -> Series:
    return gauge(f"ecluse_start_time_seconds{{{labels}}}", *phases)


def ready(version: int, server: str, *phases: float | Phase, variant: str = "ecluse") -> Series:
    target = f'variant="{variant}",job="ecluse",instance="{server}",pod="{server}"'
    return gauge(f'ecluse_model_ready{{model_name="mnist",model_version="{version}",{target}}}', *(phases or (1,)))


def state(name: str, value: float) -> Series:
    return gauge(f'ecluse_model_state{{{MODEL},state="{name}"}}', value)


def failures(*phases: float | Phase) -> Series:
    return counter(f"ecluse_model_load_failures_total{{{MODEL}}}", *phases)


def draining(server: str, value: float) -> Series:
    return gauge(f'ecluse_draining{{job="ecluse",instance="{server}",pod="{server}"}}', value)


ERRORS, SLOWER, STUCK = "EcluseRolloutErrors", "EcluseRolloutLatency", "EcluseRolloutStuck"
SKEW, UNAVAILABLE, NOT_READY = "EcluseVersionSkew", "EcluseVersionUnavailable", "EcluseModelNotReady"

CASES: tuple[Case, ...] = (
    fires(ERRORS, "two in a hundred of the new fail", revision(OLD, 1, 100), revision(NEW, 2, 98, 2)),
    quiet(ERRORS, "nine in a thousand of the new fail", revision(OLD, 1, 100), revision(NEW, 2, 99.1, 0.9)),
    quiet(ERRORS, "the old fails half as often", revision(OLD, 1, 97, 3), revision(NEW, 2, 94, 6)),
    quiet(ERRORS, "the old is worse", revision(OLD, 1, 90, 10), revision(NEW, 2, 98, 2)),
    clears(ERRORS, "the new is taken back", revision(OLD, 1, 100), born(NEW, (2, 30), ("stale", 1), ("_", 99)),
           *revision(NEW, 2, 95, 5)[1:], at=25, again=45),
    quiet(ERRORS, "few requests to the new", revision(OLD, 1, 100), revision(NEW, 2, 4, 4)),
    quiet(ERRORS, "nobody asks", revision(OLD, 1, 0), revision(NEW, 2, 0)),
    quiet(ERRORS, "revisions are not told", revision('pod="a"', 1, 100), revision('pod="b"', 2, 50, 50)),
    fires(SLOWER, "more than half as slow again", revision(OLD, 1, 100), revision(NEW, 2, 100), durations(OLD, "0.15"),
          durations(NEW, "0.25")),
    quiet(SLOWER, "as slow as before", revision(OLD, 1, 100), revision(NEW, 2, 100), durations(OLD, "0.25"),
          durations(NEW, "0.25")),
    quiet(SLOWER, "slower and still quick", revision(OLD, 1, 100), revision(NEW, 2, 100), durations(OLD, "0.05"),
          durations(NEW, "0.1")),
    quiet(SLOWER, "few requests to the new", revision(OLD, 1, 100), revision(NEW, 2, 8), durations(OLD, "0.15"),
          durations(NEW, "0.25")),
    fires(STUCK, "two for half an hour", born(OLD, 1), born(NEW, 2)),
    quiet(STUCK, "two for twenty minutes", born(OLD, (1, 20), ("stale", 1), ("_", 99)), born(NEW, 2)),
    quiet(STUCK, "two services", born(OLD, 1), born('variant="other",revision="x"', 2)),
    quiet(STUCK, "one server that starts again", born(OLD, (1, 20), 1200)),
    fires(SKEW, "one of two servers has it", ready(1, "a"), ready(2, "b")),
    quiet(SKEW, "both have both", ready(1, "a"), ready(2, "a"), ready(1, "b"), ready(2, "b")),
    quiet(SKEW, "two services", ready(1, "a"), ready(2, "b", variant="other")),
    fires(UNAVAILABLE, "it was never loaded", state("UNAVAILABLE", 1), failures(0)),
    fires(UNAVAILABLE, "its new files cannot be loaded", state("READY", 1), failures((0, 40), (1, 1), 0)),
    quiet(UNAVAILABLE, "it serves", state("UNAVAILABLE", 0), state("READY", 1), failures(0)),
    quiet(UNAVAILABLE, "it failed an hour ago", state("UNAVAILABLE", 0), failures((0, 2), (1, 1), 0)),
    fires(NOT_READY, "no version is ready", ready(1, "a", 0), ready(2, "a", 0), draining("a", 0)),
    quiet(NOT_READY, "one version is ready", ready(1, "a", 1), ready(2, "a", 0), draining("a", 0)),
    quiet(NOT_READY, "it is draining", ready(1, "a", 0), draining("a", 1)),
    quiet(NOT_READY, "it takes eight minutes", ready(1, "a", (0, 9), 1)),
)  # fmt: skip
