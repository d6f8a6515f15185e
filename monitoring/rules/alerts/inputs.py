"""Rows that no longer look as those of the baseline, and rows that nobody looked at."""

from monitoring.rules.alerts.words import MODEL, NUMBER, SHARE, VERSION
from monitoring.rules.recording.inputs import FEATURE
from monitoring.rules.recording.inputs import VERSION as KEY
from monitoring.rules.rule import Alert, Component, Group, Severity
from monitoring.rules.windows import either
from monitoring.slo import Promise

KEPT = "30m"
"""A drift that hovers about its line is one alert, not many."""


def alerts(promise: Promise) -> Group:
    lines = promise.drift
    enough = f"version:ecluse_input_rows:increase{{window}} >= {lines.minimum_rows}"
    drifted = (
        f"version_feature:ecluse_drift_psi:{{window}} > {lines.input_psi}"
        " and version_feature:ecluse_drift_psi:{window} > version_feature:ecluse_drift_noise:{window}"
        f" and version_feature:ecluse_drift_observations:increase{{window}} >= {lines.minimum_rows}"
    )
    missing = "version_feature:ecluse_input_missing:ratio{window}"
    outliers = "version:ecluse_input_outliers:ratio{window}"
    return Group(
        "ecluse-inputs-alerts",
        (
            Alert(
                "EcluseInputDrift",
                either(drifted),
                lasting="10m",
                kept=KEPT,
                severity=Severity.WARNING,
                component=Component.DRIFT,
                summary="A feature of the inputs is no longer distributed as in the baseline.",
                description=f"The PSI of {{{{ $labels.feature }}}} is {NUMBER}, above {lines.input_psi} and above"
                f" chance, for {VERSION}.",
                dashboard="ecluse-drift",
            ),
            Alert(
                "EcluseInputDriftWidespread",
                either(
                    f"count by ({KEY}) ({drifted}) / count by ({KEY}) (version_feature:ecluse_drift_psi:{{window}})"
                    f" >= {lines.widespread_ratio}"
                ),
                lasting="10m",
                kept=KEPT,
                severity=Severity.WARNING,
                component=Component.DRIFT,
                summary="Most features of the inputs have drifted at once: the source of the data changed.",
                description=f"{SHARE} of the features have drifted for {VERSION}.",
                dashboard="ecluse-drift",
            ),
            Alert(
                "EcluseInputOutliers",
                either(
                    f"{outliers} > {lines.outlier_ratio}"
                    f" and {outliers} > 3 * max by ({KEY}) (ecluse_baseline_outlier_ratio) and {enough}"
                ),
                lasting="15m",
                kept=KEPT,
                severity=Severity.WARNING,
                component=Component.DRIFT,
                summary="Many rows lie outside of all that the baseline has seen.",
                description=f"{SHARE} of the rows have a feature out of range for {VERSION}.",
                dashboard="ecluse-drift",
            ),
            Alert(
                "EcluseInputMissingValues",
                either(
                    f"{missing} > (max by ({FEATURE}) (ecluse_baseline_missing_ratio) or 0 * {missing})"
                    f" + {lines.missing_ratio} and on ({KEY}) {enough}"
                ),
                lasting="15m",
                kept=KEPT,
                severity=Severity.WARNING,
                component=Component.DRIFT,
                summary="Values are missing that the baseline has.",
                description=f"{SHARE} of the values of {{{{ $labels.feature }}}} are missing for {VERSION}.",
                dashboard="ecluse-drift",
            ),
            Alert(
                "EcluseBaselineMissing",
                f'max by ({KEY}) (ecluse_model_info{{baseline=""}})'
                f" and sum by ({KEY}) (increase(ecluse_request_rows_sum[1h])) > 0",
                lasting="1h",
                severity=Severity.INFO,
                component=Component.DRIFT,
                summary="A model without a baseline answers requests, so that drift of its inputs cannot be told.",
                description=f"There is no baseline with {VERSION}.",
                dashboard="ecluse-drift",
            ),
            Alert(
                "EcluseMonitoringDropping",
                f"sum by ({KEY}, part) (rate(ecluse_monitor_dropped_rows_total[15m])) / on ({KEY}) group_left ()"
                f" (sum by ({KEY}) (rate(ecluse_request_rows_sum[15m])) > 0) > 0.01",
                lasting="15m",
                severity=Severity.INFO,
                component=Component.DRIFT,
                summary="Rows are not looked at because looking does not keep up.",
                description=f"{SHARE} of the rows of {MODEL} are left out of the {{{{ $labels.part }}}} that are"
                " watched.",
                dashboard="ecluse-drift",
            ),
        ),
    )
