"""The gates of a rollout, asked of a real Prometheus that holds versions beside each other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from k8s.rollout.gates.defaults import defaults
from k8s.rollout.gates.finding import Finding, Judgement
from k8s.rollout.gates.promised import promised
from k8s.rollout.gates_seen import look
from k8s.rollout.plan.form import Gate
from k8s.rollout.prometheus import NoMetrics
from k8s.rollout.prometheus import Prometheus as Client
from k8s.rollout.seen import Health
from k8s.rollout.side import Side
from tests.monitoring.past import Past
from tests.monitoring.prometheus import Prometheus
from tests.monitoring.situation import Pod
from tests.monitoring.versions import CLOCK, STABLE, Version, history, labelled_elsewhere, since

pytestmark = [pytest.mark.needs("prometheus"), pytest.mark.timeout(120)]

WINDOW = 600.0
PROMISE = promised()
PASSED, FAILED, INCONCLUSIVE = Judgement.PASSED, Judgement.FAILED, Judgement.INCONCLUSIVE
FLAT = 700.0


def failing(pod: Pod) -> None:
    pod.failing[:] = 0.02


def shedding(pod: Pod) -> None:
    pod.shed[:] = 0.03


def slower(pod: Pod) -> None:
    pod.inference[:] *= 2
    pod.queue[:] *= 2


def wrong(pod: Pod) -> None:
    pod.accuracy[:] = 0.8


def shifted(pod: Pod) -> None:
    pod.drifted[:] = 1


def collapsed(pod: Pod) -> None:
    pod.collapsed[:] = 1


def silent(pod: Pod) -> None:
    pod.rate[:] = 0
    pod.labels[:] = 0


def restarted(pod: Pod) -> None:
    pod.born[-20] = True


def gone(pod: Pod) -> None:
    pod.alive[since(15)] = False


def newborn(pod: Pod) -> None:
    """It begins within the window, and fails."""
    pod.alive[~since(4)] = False
    pod.failing[:] = 0.1


VERSIONS = {
    version.variant: version
    for version in (
        Version(STABLE, "1", rate=50, pods=3),
        Version("good"),
        Version("failing", change=failing),
        Version("shedding", change=shedding),
        Version("slower", change=slower),
        Version("wrong", "4", change=wrong),
        Version("mislabelled", "5"),
        Version("shifted", change=shifted),
        Version("collapsed", change=collapsed),
        Version("silent", change=silent),
        Version("restarted", change=restarted),
        Version("gone", change=gone),
        Version("newborn", change=newborn),
        Version("leaking", memory=lambda seconds: FLAT + 0.2 * seconds),
        Version("warming", memory=lambda seconds: FLAT - 300 * np.exp(-np.maximum(seconds - 1200, 0) / 60)),
        Version("large", memory=lambda seconds: 0 * seconds + 1500),
        Version("same-number", "1", change=wrong),
    )
}


@pytest.fixture(scope="module")
def past() -> Past:
    made = history(*VERSIONS.values())
    # Of what this version was asked, labels came to the stable version's pods, and most of them say that it was wrong.
    elsewhere = labelled_elsewhere(VERSIONS[STABLE], "5", correct=0.2, labels=2.0)
    return replace(made, series=(*made.series, *elsewhere))


@pytest.fixture(scope="module")
def client(past: Past) -> Iterator[Client]:
    with Prometheus() as started:
        started.take_in(past)
        yield Client(started.url)


def seen(client: Client, variant: str, gates: Sequence[Gate] = (), window: float = WINDOW) -> dict[str, Finding]:
    matchers = {Side.CANARY: VERSIONS[variant].matchers, Side.STABLE: VERSIONS[STABLE].matchers}
    found = look(client, gates or defaults(PROMISE), matchers, window, 0.995, at=CLOCK.end)
    return {finding.gate: finding for finding in found}


def test_a_good_version_passes_every_gate(client: Client) -> None:
    found = seen(client, "good")
    assert {finding.judgement for finding in found.values()} == {PASSED}, found
    assert set(found) == {gate.measure for gate in defaults(PROMISE)}


@pytest.mark.parametrize(
    ("variant", "gates"),
    [
        ("failing", {"error_ratio"}),
        ("shedding", {"error_ratio", "queue_fill", "utilisation"}),
        ("slower", {"p95", "p99"}),
        ("wrong", {"accuracy"}),
        ("mislabelled", {"accuracy"}),
        ("shifted", {"prediction_shift", "confidence"}),
        ("collapsed", {"prediction_shift", "confidence"}),
        ("restarted", {"restarts"}),
        ("newborn", {"error_ratio"}),
        ("leaking", {"memory_growth"}),
        ("large", {"memory"}),
    ],
)
def test_what_is_amiss_is_told_by_the_gates_for_it(client: Client, variant: str, gates: set[str]) -> None:
    found = seen(client, variant)
    told = {name: finding.sentence for name, finding in found.items() if finding.judgement is FAILED}
    assert told.keys() >= gates - {"queue_fill"}, found
    assert told.keys() <= gates, told


@pytest.mark.parametrize("variant", ["silent", "gone"])
def test_a_version_nobody_asks_is_never_passed(client: Client, variant: str) -> None:
    found = seen(client, variant)
    assert found["error_ratio"].judgement is INCONCLUSIVE
    assert found["p99"].judgement is INCONCLUSIVE
    assert FAILED not in {finding.judgement for finding in found.values()}


def test_a_version_that_prometheus_does_not_know_is_never_passed(client: Client) -> None:
    matchers = {Side.CANARY: 'variant="nobody"', Side.STABLE: VERSIONS[STABLE].matchers}
    found = look(client, defaults(PROMISE), matchers, WINDOW, 0.995, at=CLOCK.end)
    assert {finding.judgement for finding in found} == {INCONCLUSIVE}
    assert "has no series of the canary version" in found[0].sentence


def test_a_fresh_process_that_warms_up_is_waited_for(client: Client) -> None:
    early = seen(client, "warming", window=120)["memory_growth"]
    assert early.judgement is PASSED, early
    matchers = {Side.CANARY: VERSIONS["warming"].matchers, Side.STABLE: VERSIONS[STABLE].matchers}
    gates = [gate for gate in defaults(PROMISE) if gate.measure == "memory_growth"]
    judgements = [
        look(client, gates, matchers, minute * 60, 0.995, at=CLOCK.end - 600 + minute * 60)[0].judgement
        for minute in range(1, 11)
    ]
    assert judgements[0] is INCONCLUSIVE
    assert judgements[-1] is PASSED
    assert FAILED not in judgements


def test_a_leak_is_found_within_minutes(client: Client) -> None:
    gates = [gate for gate in defaults(PROMISE) if gate.measure == "memory_growth"]
    assert seen(client, "leaking", gates, window=120)["memory_growth"].judgement is INCONCLUSIVE
    assert seen(client, "leaking", gates, window=240)["memory_growth"].judgement is FAILED


def test_labels_of_versions_with_one_number_are_nobodys(client: Client) -> None:
    assert "accuracy" not in seen(client, "same-number")


def test_a_restart_does_not_make_counts_smaller(client: Client) -> None:
    with_restart, without = (seen(client, variant)["error_ratio"].samples for variant in ("restarted", "good"))
    assert with_restart == pytest.approx(without, rel=0.06)


def test_counts_are_those_that_were_seen(client: Client, past: Past) -> None:
    grown = sum(
        each.values[-1] - each.values[-1 - round(WINDOW / CLOCK.step)]
        for each in past.of("ecluse_requests_total", variant="good")
    )
    assert seen(client, "good")["error_ratio"].samples == pytest.approx(grown, rel=0.06)


def test_three_scrapes_are_not_enough(client: Client) -> None:
    found = seen(client, "good", window=40)
    assert {finding.judgement for finding in found.values()} == {INCONCLUSIVE}


def test_the_stable_version_alone_is_held_against_absolute_limits(client: Client) -> None:
    matchers = {Side.STABLE: VERSIONS[STABLE].matchers}
    found = look(client, defaults(PROMISE), matchers, WINDOW, 0.995, at=CLOCK.end)
    assert {finding.judgement for finding in found} == {PASSED}, found
    assert "within" in {finding.gate for finding in found}
    assert "p99" not in {finding.gate for finding in found}


def test_a_pod_that_is_ready_and_not_scraped_is_missed(client: Client) -> None:
    matchers = {Side.CANARY: VERSIONS["good"].matchers, Side.STABLE: VERSIONS[STABLE].matchers}
    health = Health(ready=True, pods=3)
    found = look(client, defaults(PROMISE), matchers, WINDOW, 0.995, health, at=CLOCK.end)
    assert {finding.judgement for finding in found} == {INCONCLUSIVE}


def test_a_query_of_ones_own_is_asked_of_both(client: Client) -> None:
    query = "avg(avg_over_time(process_resident_memory_bytes{{matchers}}[{window}])) / 2^20"
    gate = Gate(measure="query", name="mebibytes", worse_times=1.1, query=query)
    assert seen(client, "good", [gate])["mebibytes"].judgement is PASSED
    assert seen(client, "large", [gate])["mebibytes"].judgement is FAILED


def test_a_query_that_is_no_promql_is_told_with_its_gate(client: Client) -> None:
    gate = Gate(measure="query", name="mine", most=1, query="sum(up{{matchers}}")
    with pytest.raises(NoMetrics, match=r"^gate mine: .* refuses the question with status 400: .*parse error"):
        seen(client, "good", [gate])
