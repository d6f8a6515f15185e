"""How far features are from their baseline, and whether that is more than chance."""

from monitoring.dashboards.expressions import rate, share
from monitoring.dashboards.query import VERSION
from monitoring.slo import Promise

BASELINE = "the model has a baseline.json with features"
NO_BASELINE = "No baseline"
CHOSEN = f'{VERSION},feature="$feature"'
BY_FEATURE = "namespace, model_name, model_version, feature"


def psi(window: str) -> str:
    return f"version_feature:ecluse_drift_psi:{window}{{{VERSION}}}"


def moved(promise: Promise, window: str) -> str:
    """1 for each feature that is over its line, over the noise, and told by rows enough; 0 for the others."""
    noise = f"version_feature:ecluse_drift_noise:{window}{{{VERSION}}}"
    rows = f"version_feature:ecluse_drift_observations:increase{window}{{{VERSION}}}"
    return (
        f"({psi(window)} > bool {promise.drift.input_psi:g}) * ({psi(window)} > bool {noise}) "
        f"* ({rows} >= bool {promise.drift.minimum_rows})"
    )


def dropped(window: str) -> str:
    lost = rate("ecluse_monitor_dropped_rows_total", where=f'{VERSION},part="inputs"', window=window)
    seen = rate("ecluse_input_rows_total", window=window)
    return share(lost, f"({lost} + {seen})")
