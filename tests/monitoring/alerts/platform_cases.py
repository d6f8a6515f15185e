"""Servers that are gone, and what servers stand on. Time begins at 1970, so an instant is a number of seconds."""

from tests.monitoring.alerts.case import Case, Phase, Series, clears, counter, fires, gauge, quiet
from tests.monitoring.alerts.rollout_cases import draining, ready

DAY = 86400
OURS = gauge('ecluse_build_info{job="ecluse",instance="a",pod="ecluse-0",version="0.1.0"}', 1)
CONTAINER = 'pod="ecluse-0",container="server"'


def build(server: str, *phases: float | Phase) -> Series:
    return gauge(f'ecluse_build_info{{job="ecluse",instance="{server}",version="0.1.0"}}', *phases)


def up(server: str, *phases: float | Phase, job: str = "ecluse") -> Series:
    return gauge(f'up{{job="{job}",instance="{server}"}}', *phases)


GONE: tuple[Phase, ...] = ((1, 20), ("stale", 1), ("_", 99))


def started(*instants: float) -> Series:
    """A server that is started at these instants, five minutes apart."""
    phases: list[Phase] = [(instant, 5) for instant in instants]
    return gauge('ecluse_start_time_seconds{job="ecluse",instance="a"}', (0, 20), *phases[:-1], instants[-1])


def certificate(instant: float) -> Series:
    return gauge('ecluse_tls_certificate_expiry_timestamp_seconds{job="ecluse",instance="a"}', instant)


def volume(free: float, readonly: float = 0) -> tuple[Series, ...]:
    claim = 'persistentvolumeclaim="records"'
    return (
        gauge(f"kubelet_volume_stats_available_bytes{{{claim}}}", free),
        gauge(f"kubelet_volume_stats_capacity_bytes{{{claim}}}", 100),
        gauge(f'kube_pod_spec_volumes_persistentvolumeclaims_readonly{{pod="ecluse-0",volume="v",{claim}}}', readonly),
    )


def records(fate: str, *phases: float | Phase) -> Series:
    return counter(f'ecluse_capture_records_total{{instance="a",fate="{fate}"}}', *phases)


def spans(fate: str, *phases: float | Phase) -> Series:
    return counter(f'ecluse_trace_spans_total{{instance="a",fate="{fate}"}}', *phases)


def throttled(periods: float) -> tuple[Series, ...]:
    return (
        counter(f"container_cpu_cfs_periods_total{{{CONTAINER}}}", 600),
        counter(f"container_cpu_cfs_throttled_periods_total{{{CONTAINER}}}", periods),
    )


def memory(used: float) -> tuple[Series, ...]:
    return (
        gauge(f"container_memory_working_set_bytes{{{CONTAINER}}}", used),
        gauge('container_memory_working_set_bytes{pod="ecluse-0"}', used * 2),
        gauge(f'kube_pod_container_resource_limits{{{CONTAINER},resource="memory"}}', 100),
        gauge(f'kube_pod_container_resource_limits{{{CONTAINER},resource="cpu"}}', 2),
    )


DOWN, VANISHED, UNAVAILABLE = "EcluseDown", "EcluseServiceVanished", "EcluseModelUnavailable"
RESTARTING = "EcluseRestarting"
EXPIRING, EXPIRED = "EcluseCertificateExpiring", "EcluseCertificateNearlyExpired"
VOLUME, CAPTURE, TRACES = "EcluseVolumeFilling", "EcluseCaptureLosing", "EcluseTracesLosing"
THROTTLED, MEMORY = "EcluseCpuThrottled", "EcluseMemoryNearLimit"

CASES: tuple[Case, ...] = (
    fires(DOWN, "a server does not answer", build("a", *GONE), up("a", (1, 20), 0)),
    fires(DOWN, "a new one never answers beside another", build("a", 1), up("a", 1), up("b", 0)),
    quiet(DOWN, "for three minutes", build("a", 1), up("a", (1, 20), (0, 3), 1), at=24),
    quiet(DOWN, "it is somebody elses", build("a", 1), up("a", 1), up("x", 0, job="other")),
    quiet(DOWN, "it was taken away", build("a", *GONE), up("a", *GONE)),
    clears(VANISHED, "all are gone", build("a", *GONE), build("b", *GONE), at=40, again=89),
    quiet(VANISHED, "they are there and do not answer", build("a", *GONE), up("a", (1, 20), 0)),
    quiet(VANISHED, "one is left", build("a", *GONE), build("b", 1)),
    fires(UNAVAILABLE, "no server is ready", ready(1, "a", 0), ready(1, "b", 0)),
    quiet(UNAVAILABLE, "one server is ready", ready(1, "a", 0), ready(1, "b", 1)),
    quiet(UNAVAILABLE, "the last one is draining", ready(1, "a", 0), draining("a", 1)),
    fires(RESTARTING, "three times", started(1, 2, 3), at=40),
    quiet(RESTARTING, "twice", started(1, 2), at=40),
    fires(EXPIRING, "in thirteen days", certificate(13 * DAY)),
    quiet(EXPIRING, "in fifteen days", certificate(15 * DAY)),
    quiet(EXPIRING, "it speaks plain text", certificate(0)),
    fires(EXPIRED, "in a day", certificate(DAY)),
    fires(EXPIRED, "it has ended", certificate(60)),
    quiet(EXPIRED, "in three days", certificate(3 * DAY)),
    quiet(EXPIRED, "it speaks plain text", certificate(0)),
    fires(VOLUME, "nine in a hundred are free", OURS, volume(9)),
    quiet(VOLUME, "eleven in a hundred are free", OURS, volume(11)),
    quiet(VOLUME, "it is only read", OURS, volume(9, readonly=1)),
    quiet(VOLUME, "it is somebody elses", volume(9)),
    fires(CAPTURE, "records are dropped", records("sent", 10), records("dropped", (0, 30), 1)),
    quiet(CAPTURE, "all are sent", records("sent", 10), records("dropped", 0)),
    clears(CAPTURE, "it stops", records("failed", (1, 30), 0), at=30, again=60),
    fires(TRACES, "spans are dropped", spans("sent", 10), spans("failed", 1)),
    quiet(TRACES, "all are sent", spans("sent", 10), spans("failed", 0)),
    fires(THROTTLED, "26 in a hundred periods", OURS, throttled(156)),
    quiet(THROTTLED, "24 in a hundred periods", OURS, throttled(144)),
    quiet(THROTTLED, "it is somebody elses", throttled(156)),
    quiet(THROTTLED, "nobody tells", OURS),
    fires(MEMORY, "91 in a hundred", OURS, memory(91)),
    quiet(MEMORY, "89 in a hundred", OURS, memory(89)),
    quiet(MEMORY, "it is somebody elses", memory(91)),
    quiet(MEMORY, "there is no limit", OURS, memory(91)[:2]),
)  # fmt: skip
