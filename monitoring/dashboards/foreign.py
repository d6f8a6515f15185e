"""What panels ask for that is not ours: who exports it, and the labels that panels rely on.

Whatever is asked for stands here, in the contract, or in a recording rule.
"""

from dataclasses import dataclass

PROMETHEUS = "Prometheus itself"
CLIENT = "prometheus-client, in our own process"
CADVISOR = "cAdvisor, in each kubelet"
STATE = "kube-state-metrics"
DCGM = "NVIDIA's DCGM exporter"

TARGET = ("namespace", "pod", "job", "instance", "container", "endpoint", "variant", "revision")
"""The labels of a target as the chart's monitors set them."""
CONTAINER = ("namespace", "pod", "container")
GPU = ("namespace", "pod", "container", "gpu")


@dataclass(frozen=True, slots=True)
class Foreign:
    exporter: str
    labels: tuple[str, ...]


FOREIGN = {
    "up": Foreign(PROMETHEUS, TARGET),
    "ALERTS": Foreign(
        PROMETHEUS, ("alertname", "alertstate", "severity", "component", "namespace", "model_name", "model_version")
    ),
    "process_cpu_seconds_total": Foreign(CLIENT, TARGET),
    "process_resident_memory_bytes": Foreign(CLIENT, TARGET),
    "process_open_fds": Foreign(CLIENT, TARGET),
    "python_gc_collections_total": Foreign(CLIENT, (*TARGET, "generation")),
    "container_cpu_cfs_periods_total": Foreign(CADVISOR, CONTAINER),
    "container_cpu_cfs_throttled_periods_total": Foreign(CADVISOR, CONTAINER),
    "container_memory_working_set_bytes": Foreign(CADVISOR, CONTAINER),
    "container_network_receive_bytes_total": Foreign(CADVISOR, ("namespace", "pod", "interface")),
    "container_network_transmit_bytes_total": Foreign(CADVISOR, ("namespace", "pod", "interface")),
    "kube_pod_container_resource_requests": Foreign(STATE, (*CONTAINER, "resource")),
    "kube_pod_container_resource_limits": Foreign(STATE, (*CONTAINER, "resource")),
    "kube_pod_container_status_restarts_total": Foreign(STATE, CONTAINER),
    "DCGM_FI_DEV_GPU_UTIL": Foreign(DCGM, GPU),
    "DCGM_FI_DEV_FB_USED": Foreign(DCGM, GPU),
    "DCGM_FI_DEV_POWER_USAGE": Foreign(DCGM, GPU),
}
