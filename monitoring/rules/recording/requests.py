"""How many requests there are, and how many end badly."""

from monitoring.rules.rule import Group, Record
from monitoring.rules.windows import RATIO_WINDOWS, SLOW_INTERVAL
from monitoring.slo import Promise

BAD = {"as_answered": 'code=~"5.."', "bad": 'code=~"429|5.."', "good": 'code=~"5..",code!="503"'}
"""Which answers are errors of ours, by whether what was shed counts."""

SHED = "queue_full|overloaded_bytes|too_many_connections|late"
"""Reasons that are load, and no fault of the request's."""


def records(promise: Promise) -> tuple[Group, ...]:
    return (
        Group("ecluse-requests", (*_each(promise, RATIO_WINDOWS[:5]), *_shares(), _objective(promise))),
        Group("ecluse-requests-long", _each(promise, RATIO_WINDOWS[5:]), interval=SLOW_INTERVAL),
        Group("ecluse-requests-budget", (_budget(promise),), interval=SLOW_INTERVAL),
    )


def _each(promise: Promise, windows: tuple[str, ...]) -> tuple[Record, ...]:
    bad = BAD[promise.availability.shed]
    return tuple(
        record
        for window in windows
        for record in (
            Record(
                f"model:ecluse_requests:rate{window}",
                f"sum by (namespace, model_name) (rate(ecluse_requests_total[{window}]))",
            ),
            Record(
                f"model:ecluse_errors:rate{window}",
                f"sum by (namespace, model_name) (rate(ecluse_requests_total{{{bad}}}[{window}]))"
                f" or 0 * model:ecluse_requests:rate{window}",
            ),
            Record(
                f"model:ecluse_errors:ratio_rate{window}",
                f"model:ecluse_errors:rate{window} / (model:ecluse_requests:rate{window} > 0)",
            ),
        )
    )


def _shares() -> tuple[Record, ...]:
    return (
        Record(
            "model:ecluse_client_errors:ratio_rate5m",
            '(sum by (namespace, model_name) (rate(ecluse_requests_total{code=~"4.."}[5m]))'
            " or 0 * model:ecluse_requests:rate5m) / (model:ecluse_requests:rate5m > 0)",
        ),
        Record(
            "model:ecluse_rejected:ratio_rate5m",
            f'(sum by (namespace, model_name) (rate(ecluse_rejected_total{{reason=~"{SHED}"}}[5m]))'
            " or 0 * model:ecluse_requests:rate5m) / (model:ecluse_requests:rate5m > 0)",
        ),
    )


def _objective(promise: Promise) -> Record:
    return Record("slo:ecluse_availability:objective", f"vector({promise.availability.objective})")


def _budget(promise: Promise) -> Record:
    """Weighed by requests, so that an hour in the night weighs as little as its traffic; told after a day of data."""
    days = promise.window_days
    return Record(
        "model:ecluse_error_budget:remaining_ratio",
        f"1 - sum_over_time(model:ecluse_errors:rate5m[{days}d:5m])"
        f" / (sum_over_time(model:ecluse_requests:rate5m[{days}d:5m]) > 0)"
        f" / {round(1 - promise.availability.objective, 9)}"
        f" and count_over_time(model:ecluse_requests:rate5m[{days}d:5m]) >= 288",
    )
