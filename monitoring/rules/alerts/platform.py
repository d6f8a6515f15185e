"""What a server stands on: its certificate, its disks, its share of processor and memory.

What kube-state-metrics, cAdvisor and the kubelet tell is used where it is there. Where it is not, nothing fires.
"""

from monitoring.rules.alerts.words import CONTAINER, COUNT, SERVER, SHARE, TIME
from monitoring.rules.rule import Alert, Component, Group, Severity
from monitoring.slo import Promise

OURS = "and on (namespace, pod) ecluse_build_info"
BY_CONTAINER = "namespace, pod, container"
REAL = 'container!=""'
"""cAdvisor tells of pods as a whole too, without the name of a container."""


def alerts(promise: Promise) -> Group:
    lines = promise.saturation
    expiry = "ecluse_tls_certificate_expiry_timestamp_seconds"
    return Group(
        "ecluse-platform-alerts",
        (
            *(
                Alert(
                    name,
                    f"({expiry} > 0) - time() < {days * 86400}",
                    lasting="5m",
                    severity=severity,
                    component=Component.PLATFORM,
                    summary=summary,
                    description=f"The certificate of {SERVER} ends in {TIME}.",
                    dashboard="ecluse-overview",
                )
                for name, days, severity, summary in (
                    (
                        "EcluseCertificateExpiring",
                        promise.certificate.warning_days,
                        Severity.WARNING,
                        "The certificate of a server ends soon.",
                    ),
                    (
                        "EcluseCertificateNearlyExpired",
                        promise.certificate.critical_days,
                        Severity.CRITICAL,
                        "The certificate of a server ends within days, or has ended.",
                    ),
                )
            ),
            Alert(
                # A volume that is only read does not fill.
                "EcluseVolumeFilling",
                "min by (namespace, persistentvolumeclaim) (kubelet_volume_stats_available_bytes"
                f" / (kubelet_volume_stats_capacity_bytes > 0)) < {lines.volume_free_ratio}"
                " and on (namespace, persistentvolumeclaim)"
                f" (kube_pod_spec_volumes_persistentvolumeclaims_readonly == 0 {OURS})",
                lasting="15m",
                severity=Severity.WARNING,
                component=Component.PLATFORM,
                summary="A volume that servers write to is nearly full.",
                description=f"{SHARE} of the volume {{{{ $labels.persistentvolumeclaim }}}} in"
                " {{ $labels.namespace }} are free.",
                dashboard="ecluse-overview",
            ),
            Alert(
                "EcluseCaptureLosing",
                "sum by (namespace, pod, instance)"
                ' (increase(ecluse_capture_records_total{fate=~"dropped|failed"}[15m])) > 0',
                lasting="5m",
                severity=Severity.WARNING,
                component=Component.PLATFORM,
                summary="Inferences that were to be kept are lost.",
                description=f"{SERVER} has lost {COUNT} records within a quarter of an hour.",
                dashboard="ecluse-overview",
            ),
            Alert(
                "EcluseTracesLosing",
                "sum by (namespace, pod, instance)"
                ' (increase(ecluse_trace_spans_total{fate=~"dropped|failed"}[15m])) > 0',
                lasting="15m",
                severity=Severity.INFO,
                component=Component.PLATFORM,
                summary="Spans of traced requests are lost.",
                description=f"{SERVER} has lost {COUNT} spans within a quarter of an hour.",
                dashboard="ecluse-overview",
            ),
            Alert(
                "EcluseCpuThrottled",
                f"sum by ({BY_CONTAINER}) (rate(container_cpu_cfs_throttled_periods_total{{{REAL}}}[5m]))"
                f" / (sum by ({BY_CONTAINER}) (rate(container_cpu_cfs_periods_total{{{REAL}}}[5m])) > 0)"
                f" > {lines.cpu_throttled_ratio} {OURS}",
                lasting="15m",
                severity=Severity.INFO,
                component=Component.PLATFORM,
                summary="A server is stopped again and again because it has used up its share of the processor.",
                description=f"In {SHARE} of its periods the kernel stops {CONTAINER}.",
                dashboard="ecluse-overview",
            ),
            Alert(
                "EcluseMemoryNearLimit",
                f"max by ({BY_CONTAINER}) (container_memory_working_set_bytes{{{REAL}}}) / on ({BY_CONTAINER})"
                f' (max by ({BY_CONTAINER}) (kube_pod_container_resource_limits{{resource="memory"}}) > 0)'
                f" > {lines.memory_ratio} {OURS}",
                lasting="10m",
                severity=Severity.WARNING,
                component=Component.PLATFORM,
                summary="A server is about to be killed for its memory.",
                description=f"{CONTAINER} uses {SHARE} of the memory that it may.",
                dashboard="ecluse-overview",
            ),
        ),
    )
