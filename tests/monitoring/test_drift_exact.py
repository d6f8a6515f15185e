"""What Prometheus records of windows of known rows is what numpy says of them, and so are the alerts.

Each window is a version of a model, answered by three replicas of which one
begins anew in the middle. Samples lie on the ends of the windows, so that
nothing is extrapolated and the two agree to the last digits. The windows are
those of the study in docs/drift.md, in small: some have drifted, some have not.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from model.baseline.reference import ask, describe_reference
from model.data import Rows
from monitoring import baseline, drift, slo
from monitoring.baseline import Baseline
from monitoring.rules import families
from monitoring.rules.rule import Alert
from tests.drift_study.shifts import SHIFTS, Images, Shift
from tests.drift_study.traffic import independent
from tests.drift_study.trials import Trial
from tests.drift_study.verdicts import ALERTS, Judged, judge
from tests.drift_study.watched import Watched, Windows, windows
from tests.monitoring.past import Floats, Past, Series
from tests.monitoring.prometheus import Prometheus
from tests.monitoring.recorded import read, record

pytestmark = [pytest.mark.needs("prometheus"), pytest.mark.timeout(180)]

RECORDING = Path(__file__).parent.parent.parent / "monitoring" / "generated" / "rules" / "recording.yaml"
MINUTES = 60
PODS = {"a": 0.2, "b": 0.3, "c": 0.5}
"""The share of each replica; the last begins anew in the middle of the hour."""
DARK = Shift("nothing but black", lambda images, random: np.zeros_like(images))
"""Answered with one class, whatever it was."""
SIZES = (80, 250, 320, 700)
PROMISE = slo.read()

Labels = dict[str, str]


@dataclass(frozen=True, slots=True)
class Window:
    """Some rows of one version of the model."""

    version: str
    values: Floats
    """[rows, features]"""
    is_outlier: npt.NDArray[np.bool_]
    seen: Windows
    judged: Judged

    @property
    def rows(self) -> int:
        return len(self.values)


@dataclass(frozen=True, slots=True)
class World:
    baseline: Baseline
    windows: tuple[Window, ...]
    prometheus: Prometheus
    now: float

    def recorded(self, name: str, version: str, **labels: str) -> dict[str, float]:
        """The values of a recorded series by feature or class, `""` where it has neither."""
        chosen = "".join(f', {key}="{value}"' for key, value in labels.items())
        found = self.prometheus.query(f'{name}{{model_version="{version}"{chosen}}}', self.now)
        return {each.labels.get("feature", each.labels.get("class", "")): each.value for each in found}


def images(rows: int, seed: int) -> Rows:
    """Blots of light of ten places, which stand for classes."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 10, rows)
    down, across = np.mgrid[:28, :28]
    centres = np.stack([8 + labels + random.normal(0, 1.5, rows), 14 + random.normal(0, 2, rows)], axis=1)
    distances = (down - centres[:, 0, None, None]) ** 2 + (across - centres[:, 1, None, None]) ** 2
    light = random.uniform(120, 255, rows)[:, None, None] * np.exp(
        -distances / random.uniform(8, 30, rows)[:, None, None]
    )
    return Rows(light.round().astype(np.uint8), labels.astype(np.uint8))


def predict(given: Images) -> npt.NDArray[np.float32]:
    """The class is the row where the middle of the light is; how sure, how near it is to it."""
    pixels = given.astype(np.float64) + 1e-9
    middle = (pixels.sum(axis=2) @ np.arange(28)) / pixels.sum(axis=(1, 2))
    scores = -((middle[:, None] - 8 - np.arange(10)) ** 2)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    content = describe_reference(*(ask(predict, images(2_000, seed)) for seed in (1, 2)))
    opened = baseline.read(json.dumps(content).encode())
    trial = Trial(opened, images(2_000, 3), predict)
    made = tuple(drawn(trial))
    past = Past(
        np.arange(MINUTES + 1, dtype=np.int64) * 60_000 + 1_700_000_000_000,
        tuple(series for each in made for series in exported(opened, each)),
        {},
    )
    rules = [
        rule
        for rule in read([RECORDING])
        if any(word in rule.name for word in ("drift", "feature", "input", "prediction"))
    ]
    with Prometheus() as prometheus:
        prometheus.take_in(past)
        record(prometheus, past, rules, step=60 * MINUTES)
        yield World(opened, made, prometheus, past.end)


def drawn(trial: Trial) -> Iterator[Window]:
    random = np.random.default_rng(5)
    for kind, shift in enumerate((*SHIFTS, DARK)):
        shifted = trial.watch(shift, random)
        for size in SIZES:
            rows = independent(len(shifted), 1, size, random)
            seen = windows(trial.baseline, shifted, rows)
            whole: Watched = shifted.kept(rows[0])
            yield Window(f"{kind}-{size}", whole.values, whole.is_outlier, seen, judge(trial.baseline, PROMISE, seen))


def exported(described: Baseline, window: Window) -> Iterator[Series]:
    """What three replicas would have exported over the hour."""
    version = {"model_name": "m", "model_version": window.version}
    for feature, counts, values in zip(described.features, window.seen.features, window.values.T, strict=True):
        labels = version | {"feature": feature.name}
        for number, count in enumerate(counts[0]):
            yield from counter("ecluse_drift_observations_total", labels | {"bin": f"{number:02}"}, count)
        for number, share in enumerate(drift.baseline_ratio(np.array(feature.counts))):
            yield from constant("ecluse_drift_baseline_ratio", labels | {"bin": f"{number:02}"}, share)
        within = values.clip(feature.lower_bound, feature.upper_bound) - feature.lower_bound
        yield from counter("ecluse_feature_offset_sum_total", labels, within.sum())
        yield from counter("ecluse_feature_offset_sumsq_total", labels, (within**2).sum())
        yield from counter("ecluse_input_missing_values_total", labels, 0)
        for side, is_out in (("low", values < feature.lower_bound), ("high", values > feature.upper_bound)):
            yield from counter("ecluse_input_out_of_range_values_total", labels | {"side": side}, is_out.sum())
        yield from constant("ecluse_drift_baseline_observations", labels, feature.observations)
        yield from constant("ecluse_drift_chi2_critical", labels, feature.chi2_critical)
        yield from constant("ecluse_feature_lower_bound", labels, feature.lower_bound)
    assert described.classes is not None
    assert described.confidence is not None
    shares = drift.baseline_ratio(np.array(described.classes.predicted_counts))
    for name, count, share in zip(described.classes.names, window.seen.classes[0], shares, strict=True):
        yield from counter("ecluse_predictions_total", version | {"class": name}, count)
        yield from constant("ecluse_baseline_class_ratio", version | {"class": name}, share)
    yield from counter("ecluse_input_rows_total", version, window.rows)
    yield from counter("ecluse_input_outlier_rows_total", version, window.is_outlier.sum())
    yield from counter("ecluse_prediction_confidence_sum", version, window.seen.confidence_sum[0])
    yield from counter("ecluse_prediction_confidence_count", version, window.rows)
    yield from constant("ecluse_baseline_outlier_ratio", version, described.outlier_ratio)
    yield from constant("ecluse_baseline_predictions", version, sum(described.classes.predicted_counts))
    yield from constant("ecluse_baseline_class_chi2_critical", version, described.classes.chi2_critical)
    yield from constant("ecluse_baseline_confidence_mean", version, described.confidence.mean)
    yield from constant("ecluse_baseline_confidence_stddev", version, described.confidence.stddev)


def counter(name: str, labels: Labels, total: float) -> Iterator[Series]:
    for pod, share in PODS.items():
        values = np.arange(MINUTES + 1) / MINUTES * share * float(total)
        if pod == "c":
            values[MINUTES // 2 :] -= values[MINUTES // 2 - 1]
        yield Series(name, labels | {"namespace": "n", "pod": pod}, values)


def constant(name: str, labels: Labels, value: float) -> Iterator[Series]:
    for pod in PODS:
        yield Series(name, labels | {"namespace": "n", "pod": pod}, np.full(MINUTES + 1, float(value)))


def close(values: dict[str, float]) -> object:
    return pytest.approx(values, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("over", ["1h", "24h"])
def test_distances_of_features_are_those_of_numpy(world: World, over: str) -> None:
    for window in world.windows:
        said: dict[str, dict[str, float]] = {name: {} for name in ("psi", "js", "linf", "noise", "rows")}
        for feature, counts in zip(world.baseline.features, window.seen.features, strict=True):
            usual = drift.baseline_ratio(np.array(feature.counts))
            live = drift.live_ratio(counts[0], usual)
            said["psi"][feature.name] = float(drift.psi(live, usual))
            said["js"][feature.name] = float(drift.jensen_shannon(live, usual))
            said["linf"][feature.name] = float(drift.largest_difference(live, usual))
            alike = PROMISE.drift.rows_alike
            said["noise"][feature.name] = float(
                drift.noise(feature.chi2_critical, window.rows, feature.observations, alike)
            )
        for name in ("psi", "js", "linf", "noise"):
            found = world.recorded(f"version_feature:ecluse_drift_{name}:{over}", window.version)
            assert found == close(said[name]), (window.version, name)


@pytest.mark.parametrize("over", ["1h", "24h"])
def test_moments_and_shares_are_those_of_the_rows(world: World, over: str) -> None:
    for window in world.windows:
        features = world.baseline.features
        moments = {
            feature.name: drift.moments(values, feature.lower_bound, feature.upper_bound)
            for feature, values in zip(features, window.values.T, strict=True)
        }
        out = {
            feature.name: float(((values < feature.lower_bound) | (values > feature.upper_bound)).mean())
            for feature, values in zip(features, window.values.T, strict=True)
        }
        means = world.recorded(f"version_feature:ecluse_feature_mean:{over}", window.version)
        assert means == close({name: mean for name, (mean, _) in moments.items()})
        # A spread is the root of a difference, which leaves half of the digits.
        spreads = world.recorded(f"version_feature:ecluse_feature_stddev:{over}", window.version)
        assert spreads == pytest.approx({name: spread for name, (_, spread) in moments.items()}, rel=1e-6, abs=1e-6)
        assert world.recorded(f"version_feature:ecluse_input_out_of_range:ratio{over}", window.version) == close(out)
        missing = world.recorded(f"version_feature:ecluse_input_missing:ratio{over}", window.version)
        assert missing == close({feature.name: 0.0 for feature in features})
        outliers = world.recorded(f"version:ecluse_input_outliers:ratio{over}", window.version)
        assert outliers == close({"": float(window.is_outlier.mean())})


@pytest.mark.parametrize("over", ["1h", "24h"])
def test_classes_and_confidence_are_those_of_the_rows(world: World, over: str) -> None:
    classes = world.baseline.classes
    assert classes is not None
    usual = drift.baseline_ratio(np.array(classes.predicted_counts))
    for window in world.windows:
        counts = window.seen.classes[0]
        shares = world.recorded(f"version_class:ecluse_predictions:ratio{over}", window.version)
        assert shares == close(dict(zip(classes.names, (counts / window.rows).tolist(), strict=True)))
        psi = world.recorded(f"version:ecluse_prediction_psi:{over}", window.version)
        assert psi == close({"": float(drift.psi(drift.live_ratio(counts, usual), usual))})
        noise = drift.noise(classes.chi2_critical, window.rows, sum(classes.predicted_counts), PROMISE.drift.rows_alike)
        assert world.recorded(f"version:ecluse_prediction_noise:{over}", window.version) == close({"": float(noise)})
        mean = world.recorded(f"version:ecluse_prediction_confidence:mean{over}", window.version)
        assert mean == close({"": float(window.seen.confidence_sum[0] / window.rows)})


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_holds_for_the_windows_for_which_the_study_says_so(world: World, name: str) -> None:
    (alert,) = [
        rule
        for group in families.alerts(PROMISE)
        for rule in group.rules
        if isinstance(rule, Alert) and rule.name == name
    ]
    held = {each.labels["model_version"] for each in world.prometheus.query(alert.expression, world.now)}
    assert held == {window.version for window in world.windows if window.judged.alerts[name][0]}


@pytest.mark.parametrize("name", ALERTS)
def test_each_alert_holds_for_some_windows_and_not_for_others(world: World, name: str) -> None:
    assert 0 < sum(window.judged.alerts[name][0] for window in world.windows) < len(world.windows)
