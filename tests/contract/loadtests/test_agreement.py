"""What the report of a load tells is what its server tells Prometheus of the same requests.

A real server gathers requests for 0.4 s, so that they take from nothing to that
and the moments of a busy machine are a small part of it; its queue is short, so
that some are shed. What is compared: counts of
answers, exactly; the share of answers within each bound of the server's
histogram with the share of service times within it, and p50 and p95, to 5 %.
Both are of all requests, since those that are shed take their time too.
Service times count from when a request was sent: from the planned time they
hold what the server cannot know. What lies between the two is the network, and
what each of the two needs to write and to read.
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from loadtests.measure.cell import Cell
from loadtests.measure.outcome import Outcome
from loadtests.measure.run import Run
from loadtests.verdict.result import Verdict
from monitoring.contract.values import LATENCY_SECONDS
from tests.contract.loadtests.trial import load, profile_file
from tests.monitoring.child import free_port
from tests.monitoring.prometheus import Prometheus
from tests.servers import RunningServer

pytestmark = pytest.mark.needs("prometheus")

MODEL = "image"
GATHERED_SECONDS = 0.4
RATE = 60
ROWS = 27
"""Three more than come in the time of a batch: now and then there is no room."""
PART = 0.05
EVERYTHING = "+Inf"
HTTP_OF_GRPC = {"OK": "200", "UNAVAILABLE": "503", "RESOURCE_EXHAUSTED": "429", "DEADLINE_EXCEEDED": "504"}
PROTOCOLS = {"v1": "v1", "v2": "v2", "v2-binary": "v2", "grpc": "grpc"}
"""Of each kind of request."""
FORM = {
    "summary": "Do both sides count alike?",
    "rate": RATE,
    "streams": [
        {"name": "v1", "protocol": "v1"},
        {"name": "v2", "protocol": "v2"},
        {"name": "v2-binary", "protocol": "v2", "format": "binary"},
        {"name": "grpc", "protocol": "grpc", "format": "binary"},
    ],
    "phases": [
        {"name": "warm-up", "role": "warm-up", "seconds": 2},
        {"name": "steady", "role": "load", "seconds": 10},
    ],
    "gates": [{"measure": "p95", "most": 1}],
    "generator": {"lag_p99_seconds": 0.5, "busy_ratio": 1},
}


@dataclass(frozen=True, slots=True)
class Both:
    """A load as its report tells of it, and the Prometheus that watched it."""

    run: Run
    verdict: Verdict
    prometheus: Prometheus
    began: float

    @property
    def whole(self) -> Cell:
        return self.run.timeline.over(-1, float("inf"))

    def counted(self, metric: str, by: str) -> Counter[tuple[str, ...]]:
        """By how much counters of the server grew over the load, exactly: by samples from before it and after it."""
        query = f'sum by ({by}) (last_over_time({metric}{{model_name="{MODEL}"}}[1m]))'
        labels = by.split(", ")
        after, before = (
            {tuple(each.labels[label] for label in labels): round(each.value) for each in found}
            for found in (self.prometheus.query(query), self.prometheus.query(query, at=self.began))
        )
        return Counter({key: many - before.get(key, 0) for key, many in after.items() if many != before.get(key, 0)})


@pytest.fixture(scope="module")
def both(zoo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("agreement")
    profile = profile_file(folder, "both", FORM)
    metrics_port = free_port()
    options = ("--batch_max_wait_seconds", str(GATHERED_SECONDS), "--batch_queue_rows", str(ROWS))
    with RunningServer(zoo / MODEL, "--model_name", MODEL, *options) as server:
        targets = {"ecluse": [server.http_address], "load": [f"127.0.0.1:{metrics_port}"]}
        with Prometheus(targets=targets, interval="500ms") as prometheus:
            told = load(
                folder / "run",
                *("--profile", str(profile), "--url", server.http_url, "--grpc", server.grpc_address),
                *("--model", MODEL, "--metrics-port", str(metrics_port)),
            )
            run, verdict = told.read()
            over = time.time()
            prometheus.wait_for(
                lambda: all(found.value > over for found in prometheus.query('timestamp(up{job="ecluse"})')),
                "a scrape after the load",
            )
            yield Both(run, verdict, prometheus, datetime.fromisoformat(run.began_at).timestamp())


def test_every_answer_is_counted_on_both_sides(both: Both) -> None:
    answers: Counter[tuple[str, ...]] = Counter()
    for stream, protocol in PROTOCOLS.items():
        for code, many in both.run.timeline.over(-1, float("inf"), stream).codes.items():
            answers[protocol, HTTP_OF_GRPC.get(code, code)] += many

    assert both.whole.total == answers.total() > RATE * 10
    assert both.counted("ecluse_requests_total", "protocol, code") == answers


def test_errors_are_as_many_on_both_sides(both: Both) -> None:
    errors = both.counted("ecluse_requests_total", "code")
    del errors["200",]

    assert both.whole.count(Outcome.SHED) == errors["503",] > 0
    assert both.whole.count(Outcome.SHED) == errors.total()


def test_prometheus_increase_is_the_reports_number_within_a_twentieth(both: Both) -> None:
    """Over a window a little longer than the load: increase extrapolates to the window's ends."""
    window = f"{time.time() - both.began + 1:.0f}s"
    (increase,) = both.prometheus.query(f'sum(increase(ecluse_requests_total{{model_name="{MODEL}"}}[{window}]))')

    assert increase.value == pytest.approx(both.whole.total, rel=PART)


def test_as_many_are_answered_within_each_bound_on_both_sides(both: Both) -> None:
    seen = both.counted("ecluse_request_duration_seconds_bucket", "le")
    services = both.whole.services

    assert seen.pop((EVERYTHING,)) == services.total
    assert len(seen) >= 5
    assert {bound: many / services.total for (bound,), many in seen.items()} == {
        bound: pytest.approx(services.share_within(float(bound)), abs=PART) for (bound,) in seen
    }


def test_the_median_is_the_same_within_a_twentieth(both: Both) -> None:
    """Within a bucket Prometheus takes times to be spread evenly, which these are."""
    assert both.whole.services.quantile(0.5) == pytest.approx(quantile(both, 0.5), rel=PART)


def test_p95_lies_in_the_bucket_that_prometheus_tells(both: Both) -> None:
    """Who came first waits longest: that many take just so long, no bucket can tell."""
    seen = quantile(both, 0.95)
    low = max(bound for bound in (0.0, *LATENCY_SECONDS) if bound < seen)
    high = min(bound for bound in LATENCY_SECONDS if bound >= seen)

    assert low * (1 - PART) <= both.whole.services.quantile(0.95) <= high * (1 + PART)


def quantile(both: Both, share: float) -> float:
    window = f"{time.time() - both.began + 1:.0f}s"
    buckets = f'increase(ecluse_request_duration_seconds_bucket{{model_name="{MODEL}"}}[{window}])'
    (seen,) = both.prometheus.query(f"histogram_quantile({share}, sum by (le) ({buckets}))")
    return seen.value


def test_the_loads_own_metrics_are_its_report(both: Both) -> None:
    counted = both.prometheus.query("last_over_time(loadtest_requests_total[5m])")
    told = {(each.labels["phase"], each.labels["code"], each.labels.get("error", "")): each.value for each in counted}
    expected: Counter[tuple[str, str, str]] = Counter()
    for span in both.run.spans:
        for code, many in both.run.timeline.over(span.began, span.ended).codes.items():
            error = "" if code in ("200", "OK") else Outcome.SHED.value
            expected[span.name, code, error] += many

    assert {key: many for key, many in told.items() if many} == expected


def test_the_loads_own_histogram_is_its_report(both: Both) -> None:
    query = 'sum by (le) (last_over_time(loadtest_response_duration_seconds_bucket{outcome="ok"}[5m]))'
    told = {each.labels["le"]: round(each.value) for each in both.prometheus.query(query)}
    answered = both.whole.responses[Outcome.OK]

    assert told.pop(EVERYTHING) == answered.total
    assert told == {bound: round(answered.share_within(float(bound)) * answered.total) for bound in told}


def test_the_last_scrape_sees_the_verdict(both: Both) -> None:
    seen = both.prometheus.query("last_over_time(loadtest_verdict_info[5m])")

    assert {each.labels["verdict"] for each in seen} == {"running", both.verdict.status.name.lower()}
    assert {each.labels["profile"] for each in seen} == {"both"}
