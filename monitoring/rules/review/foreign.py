"""Series that others export and rules may use: of Prometheus, the kubelet, cAdvisor, kube-state-metrics, the process.

What is not here, no rule uses by mistake. That one of these is missing is no
alarm: rules on them are told nothing where nobody exports them.
"""

from monitoring.contract.metric import Kind

POD = ("namespace", "pod")
CONTAINER = (*POD, "container")

FOREIGN: dict[str, tuple[Kind, tuple[str, ...]]] = {
    # Prometheus
    "up": (Kind.GAUGE, ()),
    "ALERTS": (Kind.GAUGE, ("alertname", "alertstate", "severity", "component")),
    # cAdvisor, in the kubelet
    "container_cpu_usage_seconds_total": (Kind.COUNTER, CONTAINER),
    "container_cpu_cfs_periods_total": (Kind.COUNTER, CONTAINER),
    "container_cpu_cfs_throttled_periods_total": (Kind.COUNTER, CONTAINER),
    "container_memory_working_set_bytes": (Kind.GAUGE, CONTAINER),
    "container_network_receive_bytes_total": (Kind.COUNTER, POD),
    "container_network_transmit_bytes_total": (Kind.COUNTER, POD),
    # The kubelet
    "kubelet_volume_stats_available_bytes": (Kind.GAUGE, ("namespace", "persistentvolumeclaim")),
    "kubelet_volume_stats_capacity_bytes": (Kind.GAUGE, ("namespace", "persistentvolumeclaim")),
    # kube-state-metrics
    "kube_pod_container_resource_limits": (Kind.GAUGE, (*CONTAINER, "resource", "unit", "node")),
    "kube_pod_container_resource_requests": (Kind.GAUGE, (*CONTAINER, "resource", "unit", "node")),
    "kube_pod_container_status_restarts_total": (Kind.COUNTER, CONTAINER),
    "kube_pod_spec_volumes_persistentvolumeclaims_readonly": (Kind.GAUGE, (*POD, "volume", "persistentvolumeclaim")),
    # The Prometheus client, of the server's process
    "process_cpu_seconds_total": (Kind.COUNTER, ()),
    "process_resident_memory_bytes": (Kind.GAUGE, ()),
    "process_open_fds": (Kind.GAUGE, ()),
    "process_max_fds": (Kind.GAUGE, ()),
    "python_gc_collections_total": (Kind.COUNTER, ("generation",)),
}
