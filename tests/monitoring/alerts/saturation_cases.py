"""The queue, the device, the event loop, and batches."""

from tests.monitoring.alerts.case import Case, Series, clears, counter, fires, gauge, histogram, quiet
from tests.monitoring.alerts.requests_cases import MODEL, answered

TARGET = 'job="ecluse",instance="10.0.0.1:8080",pod="ecluse-0"'


def queue(rows: float, limit: float) -> tuple[Series, ...]:
    return (
        gauge(f"ecluse_queue_rows{{{MODEL}}}", rows),
        gauge(f"ecluse_queue_limit_rows{{{MODEL}}}", limit),
    )


def rejected(reason: str, per_minute: float) -> Series:
    return counter(f'ecluse_rejected_total{{{MODEL},reason="{reason}"}}', per_minute)


def busy(seconds: float, lanes: float = 1) -> tuple[Series, ...]:
    """Seconds in which the model runs, of each minute."""
    return (
        counter(f"ecluse_executor_busy_seconds_total{{{MODEL},{TARGET}}}", seconds),
        gauge(f"ecluse_device_lanes{{{TARGET}}}", lanes),
    )


def lag(within: float, all_of_them: float) -> tuple[Series, ...]:
    """How often the event loop is less than 0.1 s late, and how often it is looked at."""
    counts = {"0.05": within, "0.1": within, "0.25": all_of_them, "+Inf": all_of_them}
    return histogram("ecluse_event_loop_lag_seconds", TARGET, counts)


def batches(rows: float, *, late: float = 60, full: float = 0, padding: float = 0) -> tuple[Series, ...]:
    """Batches of so many rows, sixty a minute."""
    return (
        *histogram("ecluse_batch_rows", MODEL, {"64.0": 60, "+Inf": 60}, total=60 * rows),
        gauge(f"ecluse_batch_cap_rows{{{MODEL}}}", 64),
        counter(f'ecluse_batches_total{{{MODEL},trigger="timeout"}}', late),
        counter(f'ecluse_batches_total{{{MODEL},trigger="full"}}', full),
        counter(f"ecluse_batch_padding_rows_total{{{MODEL}}}", padding),
    )


def waiting(queue_seconds: float, *, bound: str = "0.2") -> tuple[Series, ...]:
    """A hundred requests a minute, of 15 s together."""
    counts = {"0.1": 0, "0.2": 0, "0.25": 100, "+Inf": 100} | {bound: 100}
    labels = f'{MODEL},protocol="v2",outcome="success"'
    return (
        *histogram("ecluse_request_duration_seconds", labels, counts, total=15),
        counter(f'ecluse_stage_duration_seconds_sum{{{MODEL},stage="queue"}}', queue_seconds),
    )


def cap(*phases: float | tuple[float | str, int]) -> Series:
    return gauge(f"ecluse_batch_cap_rows{{{MODEL},{TARGET}}}", *phases)


def started(*phases: float | tuple[float | str, int]) -> Series:
    return gauge(f"ecluse_start_time_seconds{{{TARGET}}}", *phases)


def turned_away(per_minute: float) -> Series:
    return counter(f'ecluse_connections_turned_away_total{{{TARGET},reason="slow_caller"}}', per_minute)


CASES: tuple[Case, ...] = (
    fires("EcluseQueueNearFull", "81 of 100 rows", queue(81, 100)),
    quiet("EcluseQueueNearFull", "79 of 100 rows", queue(79, 100)),
    quiet("EcluseQueueNearFull", "no limit is told", queue(79, 0)),
    fires("EcluseRejectingRequests", "two in a hundred", answered(200, 588), answered(503, 12), rejected("late", 12)),
    clears("EcluseRejectingRequests", "load goes", answered(200, 500),
           counter(f'ecluse_rejected_total{{{MODEL},reason="queue_full"}}', (100, 30), 0), at=28, again=45),
    quiet("EcluseRejectingRequests", "nine in a thousand", answered(200, 991), rejected("queue_full", 9)),
    quiet("EcluseRejectingRequests", "one in ten of few", answered(200, 9), rejected("queue_full", 1)),
    quiet("EcluseRejectingRequests", "callers mistakes", answered(200, 500), rejected("bad_input", 100)),
    quiet("EcluseRejectingRequests", "nobody asks", answered(200, 0), rejected("queue_full", 0)),
    fires("EcluseQueueStalled", "six seconds", gauge(f"ecluse_batch_queue_oldest_seconds{{{MODEL},{TARGET}}}", 6)),
    quiet("EcluseQueueStalled", "four seconds", gauge(f"ecluse_batch_queue_oldest_seconds{{{MODEL},{TARGET}}}", 4)),
    quiet("EcluseQueueStalled", "nobody waits", gauge(f"ecluse_batch_queue_oldest_seconds{{{MODEL},{TARGET}}}", 0)),
    fires("EcluseExecutorsSaturated", "two lanes busy 55 s a minute", busy(110, lanes=2)),
    quiet("EcluseExecutorsSaturated", "two lanes busy 53 s a minute", busy(106, lanes=2)),
    quiet("EcluseExecutorsSaturated", "nobody asks", busy(0)),
    quiet("EcluseExecutorsSaturated", "lanes are not told", busy(60)[0]),
    fires("EcluseEventLoopBlocked", "one in fifty is late", lag(98, 100)),
    quiet("EcluseEventLoopBlocked", "one in two hundred is late", lag(199, 200)),
    quiet("EcluseEventLoopBlocked", "nothing is observed", lag(0, 0)),
    fires("EcluseBatchCapLowered", "64 rows become 32", cap((64, 20), 32), started(5)),
    quiet("EcluseBatchCapLowered", "it was started with 32", cap((64, 20), 32), started((5, 20), 1200)),
    quiet("EcluseBatchCapLowered", "64 rows stay", cap(64), started(5)),
    fires("EcluseConnectionsTurnedAway", "seventy a minute", turned_away(70)),
    quiet("EcluseConnectionsTurnedAway", "fifty a minute", turned_away(50)),
    quiet("EcluseConnectionsTurnedAway", "none", turned_away(0)),
    fires("EcluseBatchingIneffective", "two rows to a batch of 64", batches(2), busy(40)),
    quiet("EcluseBatchingIneffective", "seven rows to a batch of 64", batches(7), busy(40)),
    quiet("EcluseBatchingIneffective", "the device has time", batches(2), busy(20)),
    quiet("EcluseBatchingIneffective", "they do not wait", batches(2, late=50, full=10), busy(40)),
    quiet("EcluseBatchingIneffective", "nobody asks", batches(0, late=0), busy(0)),
    fires("EcluseQueueDelayDominates", "nine of fifteen seconds", waiting(9)),
    quiet("EcluseQueueDelayDominates", "seven of fifteen seconds", waiting(7)),
    quiet("EcluseQueueDelayDominates", "answers are quick all the same", waiting(9, bound="0.1")),
    fires("EclusePaddingDominates", "eleven rows of padding to nine", batches(9, padding=660), busy(40)),
    quiet("EclusePaddingDominates", "nine rows of padding to eleven", batches(11, padding=540), busy(40)),
    quiet("EclusePaddingDominates", "the device has time", batches(9, padding=660), busy(20)),
    clears("EcluseQueueNearFull", "the queue empties", gauge(f"ecluse_queue_limit_rows{{{MODEL}}}", 100),
           gauge(f"ecluse_queue_rows{{{MODEL}}}", (90, 40), 10), at=30, again=45),
)  # fmt: skip
