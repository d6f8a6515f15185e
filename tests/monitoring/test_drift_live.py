"""What Prometheus says of three real servers, one of which begins anew in the middle, is what numpy says of their rows.

The rules are those that ship, over shorter windows. Every row that was sent is
known, so drift, moments, shares of classes and confidence can be computed from
the rows themselves. Prometheus extrapolates what it counts to the ends of a
window, a little differently for each server: shares of all of them are true to
`SHARE`, and what is made of shares to `PART` of itself. That the formulas agree
to the last digit is shown in `test_drift_exact.py`.
"""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from rich.console import Console

from model import data
from monitoring import baseline, drift, slo
from monitoring.baseline import Baseline
from monitoring.features import features_of
from monitoring.generate import files
from tests.drift_study.shifts import Images, darker
from tests.monitoring.prometheus import Prometheus
from tests.servers import ROOT, RunningServer, environment

SECONDS = 300
pytestmark = [pytest.mark.needs("prometheus"), pytest.mark.timeout(SECONDS)]

FASTER = 6
"""An hour of the rules passes in ten minutes, which is longer than all of this takes."""
SHARE = 0.01
PART = 0.06
ROWS_A_REQUEST = 50
BEFORE, AFTER = {"a": 400, "b": 300, "c": 200}, {"a": 200, "b": 100, "c": 300}
"""Rows that each server gets before and after the last of them began anew."""
RATE = "--monitor_input_rows_per_second"

Floats = npt.NDArray[np.float64]
Formula = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True, slots=True)
class Seen:
    """All rows that were sent, and a Prometheus that scraped the servers."""

    baseline: Baseline
    values: Floats
    probabilities: Floats
    prometheus: Prometheus
    resets: float

    def recorded(self, name: str) -> dict[str, float]:
        found = self.prometheus.query(name)
        return {each.labels.get("feature", each.labels.get("class", "")): each.value for each in found}

    @property
    def counts(self) -> dict[str, npt.NDArray[np.int64]]:
        return {
            feature.name: np.bincount(
                np.searchsorted(np.array(feature.edges), values, side="right"), minlength=len(feature.counts)
            )
            for feature, values in zip(self.baseline.features, self.values.T, strict=True)
        }


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    folder = tmp_path_factory.mktemp("live")
    trained(folder)
    described = baseline.read((folder / "mnist" / "1" / baseline.PLACE).read_bytes())
    rules = folder / "recording.yaml"
    promise = slo.read().model_copy(update={"scrape_interval_seconds": 1.0})
    rules.write_text(files(promise, FASTER)["rules/recording.yaml"])
    images = traffic(sum(BEFORE.values()) + sum(AFTER.values()))
    with ExitStack() as stack:
        third = stack.enter_context(ExitStack())
        servers = {name: (third if name == "c" else stack).enter_context(serve(folder)) for name in "abc"}
        for server in servers.values():
            server.wait_for("ready")
        addresses = [server.http_address for server in servers.values()]
        prometheus = stack.enter_context(Prometheus(rules=[rules], targets={"ecluse": addresses}))
        told(prometheus, dict.fromkeys(addresses, 0))
        answers, sent = [], 0
        for rows in (BEFORE, AFTER):
            if rows is AFTER:
                port = servers["c"].http_port
                third.close()
                servers["c"] = stack.enter_context(serve(folder, "--http_port", str(port)))
                servers["c"].wait_for("ready")
                told(prometheus, {servers["c"].http_address: 0})
            for name, count in rows.items():
                answers.append(ask(servers[name], images[sent : sent + count]))
                sent += count
            now = {servers[name].http_address: BEFORE[name] + AFTER[name] * (rows is AFTER) for name in "ab"}
            told(prometheus, now | {servers["c"].http_address: rows["c"]})
        resets = prometheus.query("sum(resets(ecluse_input_rows_total[5m]))")[0].value
        evaluated(prometheus)
        values = features_of({"image": images}, described.input) if described.input else np.empty((0, 0))
        yield Seen(described, values, np.concatenate(answers), prometheus, resets)


def trained(folder: Path) -> None:
    """The reference model, of few rows, with its baseline."""
    command = (sys.executable, "-m", "model.train", "--rows", "6000", "--epochs", "1", "--allow-fallback")
    done = subprocess.run(
        [*command, "--output", str(folder / "mnist")],
        cwd=ROOT,
        env=environment({}),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr


def traffic(rows: int) -> Images:
    """Images that nobody has trained on, of which every third is darker."""
    console = Console(quiet=True)
    test = data.load(None, allow_fallback=True, rows=None, console=console).test.images
    images = test[np.random.default_rng(1).integers(0, len(test), rows)]
    dark = darker(0.8)(images, np.random.default_rng(2))
    return np.where((np.arange(rows) % 3 == 0)[:, np.newaxis, np.newaxis], dark, images)


def serve(folder: Path, *options: str) -> RunningServer:
    """A server that need not be ready yet, so that several start together."""
    return RunningServer(folder / "mnist", "--model_name", "mnist", RATE, "1e9", *options, until=None)


def ask(server: RunningServer, images: Images) -> Floats:
    """Send rows, and give the probabilities that came back."""
    answers = []
    for start in range(0, len(images), ROWS_A_REQUEST):
        body = json.dumps({"instances": images[start : start + ROWS_A_REQUEST].tolist()}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{server.http_url}/v1/models/mnist:predict", body, headers)
        with urllib.request.urlopen(request, timeout=60) as reply:
            answers += [row["probabilities"] for row in json.load(reply)["predictions"]]
    return np.array(answers)


def told(prometheus: Prometheus, rows: dict[str, int]) -> None:
    """Wait until Prometheus has seen so many rows looked at by each server."""

    def holds() -> bool:
        for what in ("ecluse_input_rows_total", "sum by (instance) (ecluse_predictions_total)"):
            found = {each.labels["instance"]: each.value for each in prometheus.query(what)}
            if any(found.get(address) != count for address, count in rows.items()):
                return False
        return True

    prometheus.wait_for(holds, f"the rows {rows}")


def evaluated(prometheus: Prometheus) -> None:
    """Wait until all rules have run on what was scraped last, and those that read others once more."""
    after = time.time() + 2

    def holds() -> bool:
        return all(datetime.fromisoformat(rule["lastEvaluation"]).timestamp() > after for rule in prometheus.rules())

    prometheus.wait_for(holds, "all rules evaluated")


def shares_of(counts: npt.NDArray[np.int64], usual_counts: tuple[int, ...]) -> tuple[Floats, Floats]:
    usual = drift.baseline_ratio(np.array(usual_counts))
    return drift.live_ratio(counts, usual), usual


def test_the_third_server_began_anew_and_no_row_was_lost(seen: Seen) -> None:
    assert seen.resets == 1
    rows = seen.recorded("version:ecluse_input_rows:increase1h")
    assert rows == pytest.approx({"": len(seen.values)}, rel=PART)


@pytest.mark.parametrize(
    ("name", "formula"),
    [("psi", drift.psi), ("js", drift.jensen_shannon), ("linf", drift.largest_difference)],
)
@pytest.mark.parametrize("over", ["1h", "24h"])
def test_distances_are_those_of_all_rows(seen: Seen, name: str, formula: Formula, over: str) -> None:
    counts = seen.counts
    expected = {
        feature.name: float(formula(*shares_of(counts[feature.name], feature.counts)))
        for feature in seen.baseline.features
    }
    assert max(expected.values()) > 0.1
    found = seen.recorded(f"version_feature:ecluse_drift_{name}:{over}")
    assert found == pytest.approx(expected, rel=PART, abs=SHARE)


def test_the_noise_is_that_of_all_rows(seen: Seen) -> None:
    alike = slo.read().drift.rows_alike
    expected = {
        feature.name: float(drift.noise(feature.chi2_critical, len(seen.values), feature.observations, alike))
        for feature in seen.baseline.features
    }
    assert seen.recorded("version_feature:ecluse_drift_noise:1h") == pytest.approx(expected, rel=PART)


def test_moments_are_those_of_all_rows(seen: Seen) -> None:
    means = seen.recorded("version_feature:ecluse_feature_mean:1h")
    spreads = seen.recorded("version_feature:ecluse_feature_stddev:1h")
    for feature, values in zip(seen.baseline.features, seen.values.T, strict=True):
        mean, spread = drift.moments(values, feature.lower_bound, feature.upper_bound)
        room = SHARE * (feature.upper_bound - feature.lower_bound)
        assert means[feature.name] == pytest.approx(mean, abs=room), feature.name
        assert spreads[feature.name] == pytest.approx(spread, abs=room), feature.name


def test_what_is_out_of_range_is_counted_over_all_servers(seen: Seen) -> None:
    lower = np.array([feature.lower_bound for feature in seen.baseline.features])
    upper = np.array([feature.upper_bound for feature in seen.baseline.features])
    is_out = (seen.values < lower) | (seen.values > upper)
    names = [feature.name for feature in seen.baseline.features]
    expected = dict(zip(names, is_out.mean(axis=0).tolist(), strict=True))
    assert seen.recorded("version_feature:ecluse_input_out_of_range:ratio1h") == pytest.approx(expected, abs=SHARE)
    assert seen.recorded("version:ecluse_input_outliers:ratio1h") == pytest.approx(
        {"": float(is_out.any(axis=1).mean())}, abs=SHARE
    )
    assert seen.recorded("version_feature:ecluse_input_missing:ratio1h") == dict.fromkeys(names, 0.0)


def test_classes_are_those_that_callers_were_answered(seen: Seen) -> None:
    classes = seen.baseline.classes
    assert classes is not None
    counts = np.bincount(seen.probabilities.argmax(axis=1), minlength=len(classes.names))
    expected = dict(zip(classes.names, (counts / counts.sum()).tolist(), strict=True))
    assert seen.recorded("version_class:ecluse_predictions:ratio1h") == pytest.approx(expected, abs=SHARE)
    psi = float(drift.psi(*shares_of(counts, classes.predicted_counts)))
    assert seen.recorded("version:ecluse_prediction_psi:1h") == pytest.approx({"": psi}, rel=PART, abs=SHARE)


def test_confidence_is_that_which_callers_were_answered(seen: Seen) -> None:
    mean = float(seen.probabilities.max(axis=1).mean())
    assert seen.recorded("version:ecluse_prediction_confidence:mean1h") == pytest.approx({"": mean}, abs=SHARE)
