"""Alerts provoked for real: each arrives at Alertmanager while its trouble lasts, and goes away with it.

The rules are those that ship, generated at many times their pace and installed by
the chart's own value, since their windows are of minutes and days. One release
serves all tests, in the order in which they stand; each leaves it healthy.
"""

import base64
import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from model.errors import DataUnavailable
from monitoring.generate import main as generate
from tests.cluster import digits, images
from tests.cluster.callers import Addresses, ask
from tests.cluster.conftest import Install, not_here
from tests.cluster.digits import Answered
from tests.cluster.namespaces import Namespace
from tests.cluster.prometheus import Alertmanager, Prometheus
from tests.cluster.releases import Release
from tests.cluster.volumes import claimed_models
from tests.cluster.waiting import until

pytestmark = pytest.mark.timeout(600)  # room for each of its waits to say what it saw

TIMES_FASTER = 240
"""An hour is 15 seconds, a day 6 minutes."""
VANISHED = "EcluseServiceVanished"
VANISHED_TIMES_FASTER = 60
"""It looks back an hour, of which Prometheus takes ten seconds to know that a pod's address is nobody's any more."""
SCRAPE_SECONDS = 2
ARRIVES_SECONDS = 60
GOES_SECONDS = 90
HEALTHY_REQUESTS = 250
"""Rows enough that no trouble of a moment is more than a small part of the day."""

QUICK_END = {"preStopSeconds": 1, "lameDuckSeconds": 1, "timeoutSeconds": 2}

NO_BASELINE = "the image's model has no baseline of today's form: run `python -m model.baseline models/mnist mnist`"

BREAK = """
import tensorflow as tf
good = tf.saved_model.load("/mnt/models/1")
class Broken(tf.Module):
    def __init__(self):
        self.good = good
    @tf.function(input_signature=[tf.TensorSpec([None, 28, 28], tf.uint8, "image")])
    def __call__(self, image):
        read = lambda: tf.strings.length(tf.io.read_file("/nowhere/vocabulary.txt"))
        length = tf.cond(tf.reduce_any(image > 0), read, lambda: tf.constant(0))
        with tf.control_dependencies([length]):
            answers = good.signatures["serving_default"](image=image)
            return {name: tf.identity(answer) + tf.cast(length, answer.dtype) for name, answer in answers.items()}
broken = Broken()
tf.saved_model.save(broken, "/volume/broken/2", signatures=broken.__call__)
"""
"""A version that passes its warm-up, whose rows are empty, and fails on every real picture."""


@pytest.fixture(scope="module")
def fast_rules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text of each file of rules, under its name."""
    fast, slower = (rules_at(tmp_path_factory.mktemp("rules"), pace) for pace in (TIMES_FASTER, VANISHED_TIMES_FASTER))
    (vanished,) = (rule for rule in alerts_of(slower) if rule.get("alert") == VANISHED)
    for rule in alerts_of(fast):
        if rule.get("alert") == VANISHED:
            rule.update(vanished)
    return {name: yaml.safe_dump(rules) for name, rules in fast.items()}


def rules_at(folder: Path, times_faster: float) -> dict[str, Any]:
    (folder / "fast.yaml").write_text(f"scrape_interval_seconds: {SCRAPE_SECONDS}\n")
    assert generate(["--slo", str(folder / "fast.yaml"), "--output", str(folder), "--faster", str(times_faster)]) == 0
    return {file.stem: yaml.safe_load(file.read_text()) for file in (folder / "rules").glob("*.yaml")}


def alerts_of(rules: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule for group in rules["alerts"]["groups"] for rule in group["rules"]]


@pytest.fixture(scope="module")
def service(
    namespace: Namespace, install: Install, prometheus: Prometheus, fast_rules: dict[str, str]
) -> Iterator[Release]:
    """The chart with monitoring on, read and watched by Prometheus; callers that were answered well are behind it."""
    others = [group["file"] for group in prometheus.groups() if group["name"].startswith("ecluse-")]
    assert not others, f"the cluster has Écluse's rules already, and both would write the same series: {others}"
    prometheus.until("no other server", lambda: not prometheus.query("ecluse_build_info"), namespace)
    try:
        digits.held_out()
    except DataUnavailable as unavailable:
        not_here(f"no pictures to send: {unavailable}")
    keys = base64.b64encode(f"tests:{secrets.token_hex(32)}\n".encode()).decode()
    namespace.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "signing"}, "data": {"keys": keys}})
    with claimed_models(namespace, images.named("ECLUSE_IMAGE")):
        namespace.run("keeper", "python", "-c", BREAK)
        yield install(
            namespace,
            {
                "drain": QUICK_END,
                "batch": {"queueRows": 256},
                "feedback": {"secretName": "signing"},
                "monitor": {"inputRowsPerSecond": 100_000},  # of those who were well none may be left out
                "monitoring": {
                    "interval": f"{SCRAPE_SECONDS}s",
                    "podMonitor": {"enabled": True},
                    "rules": {"enabled": True, "files": fast_rules},
                },
            },
        )


@pytest.fixture(scope="module")
def healthy(service: Release, namespace: Namespace, prometheus: Prometheus) -> list[Answered]:
    """What callers were answered while all was well, which is an hour ago by the rules' pace."""
    here = f'namespace="{namespace.name}"'
    recorded = f"model:ecluse_requests:rate5m{{{here}}}"
    prometheus.until("the pod and the rules", lambda: prometheus.query(recorded), namespace)
    assert prometheus.query(f"ecluse_drift_baseline_ratio{{{here}}}"), NO_BASELINE
    answered = digits.answered(service.addresses, HEALTHY_REQUESTS)
    an_hour_without(prometheus, "version:ecluse_input_rows:increase1h", namespace)
    return answered


@pytest.fixture
def alerts(alertmanager: Alertmanager, namespace: Namespace) -> "Alerts":
    return Alerts(alertmanager, namespace.name)


class Alerts:
    """What Alertmanager has of one namespace."""

    def __init__(self, alertmanager: Alertmanager, namespace: str) -> None:
        self._alertmanager = alertmanager
        self._namespace = namespace

    def names(self) -> list[str]:
        return sorted({each["labels"]["alertname"] for each in self._alertmanager.firing(namespace=self._namespace)})

    def arrives(self, name: str) -> dict[str, Any]:
        """Wait for an alert, and give it as somebody would be told of it."""

        def found() -> list[dict[str, Any]]:
            return self._alertmanager.firing(namespace=self._namespace, alertname=name)

        alert: dict[str, Any] = until(name, found, seconds=ARRIVES_SECONDS, seen=self.names)[0]
        assert alert["annotations"].keys() >= {"summary", "description", "runbook_url", "dashboard_url"}
        assert "%!" not in alert["annotations"]["description"], "the template could not be filled in"
        return alert

    def goes(self, name: str) -> None:
        until(f"the end of {name}", lambda: name not in self.names(), seconds=GOES_SECONDS, seen=self.names)


def an_hour_without(prometheus: Prometheus, increase: str, namespace: Namespace) -> None:
    """Wait until what was well is only in the window of a day, and no longer in that of an hour."""
    series = f'{increase}{{namespace="{namespace.name}"}}'
    until(f"some {increase}", lambda: max(prometheus.values(series), default=0) > 0, seconds=ARRIVES_SECONDS)
    until(f"no {increase}", lambda: max(prometheus.values(series), default=0) == 0, seconds=GOES_SECONDS)


def test_nobody_is_told_of_a_healthy_service(healthy: list[Answered], alerts: Alerts) -> None:
    right = sum(digit == truth for each in healthy for digit, truth in zip(each.digits, each.truth, strict=True))
    assert right > 0.95 * len(healthy) * digits.REQUEST_ROWS
    assert alerts.names() == []


def test_pictures_that_are_inverted_are_told_as_drift_until_they_end(
    service: Release, healthy: list[Answered], alerts: Alerts
) -> None:
    digits.answered(service.addresses, 12, digits.inverted)
    told = alerts.arrives("EcluseInputDrift")
    assert told["labels"]["feature"]
    assert told["labels"]["severity"] == "warning"
    alerts.goes("EcluseInputDrift")


def test_labels_that_say_otherwise_are_told_as_lost_accuracy_until_they_are_old(
    service: Release, healthy: list[Answered], alerts: Alerts, prometheus: Prometheus, namespace: Namespace
) -> None:
    right, wrong = healthy[5:], healthy[:5]
    send_labels(service.addresses, right, off_by=0)
    an_hour_without(prometheus, "version:ecluse_labels:increase1h", namespace)
    send_labels(service.addresses, wrong, off_by=1)
    alerts.arrives("EcluseAccuracyDegraded")
    alerts.goes("EcluseAccuracyDegraded")


def send_labels(at: Addresses, about: list[Answered], *, off_by: int) -> None:
    """Tell what each row was, or the digit after it."""
    for each in about:
        labels = [{"id": each.id, "row": row, "label": (truth + off_by) % 10} for row, truth in enumerate(each.truth)]
        reply = ask(at.rest, "/v1/feedback", json.dumps({"labels": labels}).encode())
        assert reply.status == 200, reply.body


def test_a_queue_that_overflows_is_told_until_the_load_ends(
    service: Release, healthy: list[Answered], alerts: Alerts
) -> None:
    with digits.asking(service.addresses, callers=8, rows=200, pause_seconds=0.05) as statuses:
        told = alerts.arrives("EcluseRejectingRequests")
    assert 503 in statuses
    assert told["labels"]["severity"] == "critical"
    alerts.goes("EcluseRejectingRequests")


def test_a_broken_version_is_told_until_it_is_rolled_back(
    service: Release, healthy: list[Answered], alerts: Alerts
) -> None:
    before = service.deployment()
    assert before is not None
    broken = {"model": {"source": "existingClaim", "existingClaim": {"name": "models", "path": "broken"}}}
    after = service.upgrade(broken).wait_until_changed(before).wait_until_reachable()
    with digits.asking(after.addresses, callers=1, rows=1, pause_seconds=0.1) as statuses:
        told = alerts.arrives("EcluseErrorBudgetBurn")
    assert 500 in statuses
    assert told["labels"]["severity"] == "critical"
    broken_one = after.deployment()
    assert broken_one is not None
    after.rollback()
    service.wait_until_changed(broken_one).wait_until_reachable()
    until("the end of the broken pod", lambda: len(service.pods()) == 1, seconds=GOES_SECONDS)
    digits.answered(service.addresses, 20)
    alerts.goes("EcluseErrorBudgetBurn")


def test_a_service_that_is_gone_is_told_until_it_is_back(
    service: Release, healthy: list[Answered], alerts: Alerts, alertmanager: Alertmanager
) -> None:
    def absent() -> list[dict[str, Any]]:
        return alertmanager.firing(alertname="EcluseAbsent", severity="critical")

    # Looked for at once: it is told from ten of its minutes after the end until an hour after it.
    gone = service.upgrade({"replicas": 0})
    alerts.arrives(VANISHED)
    gone.wait_until_settled()
    until("EcluseAbsent, since there is no other", absent, seconds=ARRIVES_SECONDS, seen=alerts.names)
    service.upgrade({"replicas": 1}).wait_until_settled().wait_until_reachable()
    alerts.goes(VANISHED)
    until("the end of EcluseAbsent", lambda: not absent(), seconds=GOES_SECONDS)
