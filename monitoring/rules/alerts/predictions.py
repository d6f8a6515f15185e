"""A model that no longer answers as it did."""

from monitoring.rules.alerts.words import NUMBER, SHARE, VERSION
from monitoring.rules.recording.inputs import VERSION as KEY
from monitoring.rules.rule import Alert, Component, Group, Severity
from monitoring.rules.windows import ROW_WINDOWS, either
from monitoring.slo import Promise

FEWEST_TO_COLLAPSE = 100
"""One class nearly alone is told of fewer rows than a shift of shares."""


def alerts(promise: Promise) -> Group:
    lines = promise.drift
    rows = "version:ecluse_predictions:increase{window}"
    psi = "version:ecluse_prediction_psi:{window}"
    confidence = "version:ecluse_prediction_confidence:mean{window}"
    expected = "version:ecluse_prediction_confidence_expected"
    broken = f"sum by ({KEY}) (increase(ecluse_nonfinite_outputs_total[15m]))"
    return Group(
        "ecluse-predictions-alerts",
        (
            Alert(
                "EclusePredictionDrift",
                either(
                    f"{psi} > {lines.prediction_psi} and {psi} > version:ecluse_prediction_noise:{{window}}"
                    f" and {rows} >= {lines.minimum_rows}"
                ),
                lasting="15m",
                kept="30m",
                severity=Severity.WARNING,
                component=Component.DRIFT,
                summary="The classes that the model answers are no longer distributed as they were.",
                description=f"The PSI of the predicted classes is {NUMBER}, above {lines.prediction_psi} and above"
                f" chance, for {VERSION}.",
                dashboard="ecluse-quality",
            ),
            Alert(
                "EclusePredictionCollapsed",
                either(
                    f"version_class:ecluse_predictions:ratio{{window}} > {lines.collapsed_ratio}"
                    " and version_class:ecluse_predictions_expected:ratio < 0.5"
                    f" and on ({KEY}) {rows} >= {FEWEST_TO_COLLAPSE}",
                    ("15m", *ROW_WINDOWS),
                ),
                lasting="10m",
                severity=Severity.CRITICAL,
                component=Component.QUALITY,
                summary="The model answers nearly everything with one class.",
                description=f"{SHARE} of the rows are answered with class {{{{ $labels.class }}}} by {VERSION}.",
                dashboard="ecluse-quality",
            ),
            Alert(
                "EcluseConfidenceDropped",
                either(
                    f"{confidence} < {expected}:mean - {lines.confidence_drop}"
                    f" and {confidence} < {expected}:mean - 4 * {expected}:stddev / sqrt({rows})"
                    f" and {rows} >= {lines.minimum_rows}"
                ),
                lasting="15m",
                kept="30m",
                severity=Severity.WARNING,
                component=Component.DRIFT,
                summary="The model is less sure of its answers than it was.",
                description=f"The mean confidence is {NUMBER} for {VERSION}.",
                dashboard="ecluse-quality",
            ),
            Alert(
                "EcluseNonFiniteOutputs",
                f"{broken} / (sum by ({KEY}) (increase(ecluse_request_rows_sum[15m])) > 0) > 0.01 and {broken} > 10",
                lasting="5m",
                severity=Severity.CRITICAL,
                component=Component.QUALITY,
                summary="The model answers with NaN or infinity.",
                description=f"{SHARE} of the rows answered by {VERSION} hold a NaN or an infinity.",
                dashboard="ecluse-quality",
            ),
        ),
    )
