"""Errors that eat the budget, callers that ask for the wrong thing, and traffic that is gone."""

from monitoring.rules.alerts.words import MODEL, NUMBER, SHARE
from monitoring.rules.rule import Alert, Component, Group, Severity
from monitoring.rules.windows import SECONDS, Burn, burning, burns
from monitoring.slo import Promise


def alerts(promise: Promise) -> Group:
    urgent, slow = burns(promise.window_days)
    objective = f"{promise.availability.objective:.6g}"
    return Group(
        "ecluse-requests-alerts",
        (
            Alert(
                "EcluseErrorBudgetBurn",
                burn_rate("model:ecluse_errors:ratio_rate", urgent, promise.availability.objective, promise),
                lasting="2m",
                severity=Severity.CRITICAL,
                component=Component.AVAILABILITY,
                summary="Errors use up the budget of the availability objective within days.",
                description=f"{SHARE} of the requests to {MODEL} end in an error; the objective is {objective}.",
                dashboard="ecluse-overview",
            ),
            Alert(
                "EcluseErrorBudgetBurnSlow",
                burn_rate("model:ecluse_errors:ratio_rate", slow, promise.availability.objective, promise),
                lasting="15m",
                severity=Severity.WARNING,
                component=Component.AVAILABILITY,
                summary="Errors use up the budget of the availability objective before its window ends.",
                description=f"{SHARE} of the requests to {MODEL} have ended in an error for a day or more;"
                f" the objective is {objective}.",
                dashboard="ecluse-overview",
            ),
            Alert(
                "EcluseErrorBudgetSpent",
                "model:ecluse_error_budget:remaining_ratio < 0",
                lasting="1h",
                severity=Severity.INFO,
                component=Component.AVAILABILITY,
                summary="The budget of the availability objective is spent.",
                description=f"Of the error budget of {promise.window_days} days {SHARE} is left to {MODEL}.",
                dashboard="ecluse-overview",
            ),
            Alert(
                "EcluseHighClientErrorRate",
                f"model:ecluse_client_errors:ratio_rate5m > {promise.saturation.client_error_ratio}"
                " and model:ecluse_requests:rate5m > 0.1",
                lasting="15m",
                severity=Severity.INFO,
                component=Component.AVAILABILITY,
                summary="Many requests are refused for what their callers sent.",
                description=f"{SHARE} of the requests to {MODEL} are answered with a 4xx.",
                dashboard="ecluse-overview",
            ),
            Alert(
                "EcluseTrafficDropped",
                "model:ecluse_requests:rate5m < 0.2 * (model:ecluse_requests:rate5m offset 1w > 1)",
                lasting="15m",
                severity=Severity.INFO,
                component=Component.AVAILABILITY,
                summary="There is far less traffic than a week ago.",
                description=f"There are {NUMBER} requests a second to {MODEL}, less than a fifth of a week ago.",
                dashboard="ecluse-overview",
            ),
        ),
    )


def burn_rate(ratio: str, pairs: tuple[Burn, Burn], objective: float, promise: Promise) -> str:
    """A budget that burns too fast over a long window, still does over a short one, with enough requests to tell."""
    return " or ".join(
        f"({ratio}{pair.long} > {burning(pair.factor(promise.window_days), objective)}"
        f" and {ratio}{pair.short} > {burning(pair.factor(promise.window_days), objective)}"
        f" and model:ecluse_requests:rate{pair.long} * {SECONDS[pair.long]} > {promise.minimum_requests})"
        for pair in pairs
    )
