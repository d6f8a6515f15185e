"""Answers that come too late for the latency objective."""

from monitoring.rules.alerts.requests import burn_rate
from monitoring.rules.alerts.words import MODEL, SHARE
from monitoring.rules.rule import Alert, Component, Group, Severity
from monitoring.rules.windows import burns
from monitoring.slo import Promise


def alerts(promise: Promise) -> Group:
    urgent, slow = burns(promise.window_days)
    objective = f"{promise.latency.objective:.6g}"
    threshold = f"{promise.latency.threshold_seconds:g} s"
    return Group(
        "ecluse-latency-alerts",
        (
            Alert(
                "EcluseLatencyBudgetBurn",
                burn_rate("model:ecluse_slow:ratio_rate", urgent, promise.latency.objective, promise),
                lasting="2m",
                severity=Severity.CRITICAL,
                component=Component.LATENCY,
                summary="Slow answers use up the budget of the latency objective within days.",
                description=f"{SHARE} of the answers of {MODEL} take longer than {threshold};"
                f" the objective is that {objective} do not.",
                dashboard="ecluse-latency",
            ),
            Alert(
                "EcluseLatencyBudgetBurnSlow",
                burn_rate("model:ecluse_slow:ratio_rate", slow, promise.latency.objective, promise),
                lasting="15m",
                severity=Severity.WARNING,
                component=Component.LATENCY,
                summary="Slow answers use up the budget of the latency objective before its window ends.",
                description=f"{SHARE} of the answers of {MODEL} have taken longer than {threshold} for a day or more;"
                f" the objective is that {objective} do not.",
                dashboard="ecluse-latency",
            ),
        ),
    )
