"""What Prometheus knows of a simulated pod from others: its scrape, its process, cAdvisor and kube-state-metrics."""

from typing import TYPE_CHECKING

import numpy as np

from tests.monitoring.draws import Booleans, counter
from tests.monitoring.past import Floats, Series

if TYPE_CHECKING:
    from tests.monitoring.history import Scraped

KINDS = {
    "up": "gauge",
    "scrape_duration_seconds": "gauge",
    "scrape_samples_scraped": "gauge",
    "process_cpu_seconds_total": "counter",
    "process_resident_memory_bytes": "gauge",
    "process_virtual_memory_bytes": "gauge",
    "process_open_fds": "gauge",
    "process_max_fds": "gauge",
    "process_start_time_seconds": "gauge",
    "python_gc_collections_total": "counter",
    "container_cpu_usage_seconds_total": "counter",
    "container_cpu_cfs_periods_total": "counter",
    "container_cpu_cfs_throttled_periods_total": "counter",
    "container_memory_working_set_bytes": "gauge",
    "container_network_receive_bytes_total": "counter",
    "container_network_transmit_bytes_total": "counter",
    "kube_pod_container_resource_requests": "gauge",
    "kube_pod_container_resource_limits": "gauge",
    "kube_pod_container_status_restarts_total": "counter",
    "kube_pod_status_ready": "gauge",
    "kube_pod_info": "gauge",
}

MEBIBYTE = 1024.0**2


def platform(scraped: "Scraped") -> None:
    """All of it."""
    pod, step = scraped.pod, scraped.clock.step
    there = pod.known
    _add(scraped, "up", scraped.target, np.where(pod.alive, 1.0, 0.0), there)
    _add(scraped, "scrape_duration_seconds", scraped.target, np.full_like(pod.rate, 0.006), there)
    _add(scraped, "scrape_samples_scraped", scraped.target, np.where(pod.alive, 1400.0, 0.0), there)
    cpu = scraped.requests * (0.0011 + pod.inference * 0.8) + 0.012 * step
    cpu = np.minimum(cpu, 1.98 * step)
    resident = (720 + 4 * np.sin(np.arange(len(pod.rate)) / 90)) * MEBIBYTE
    scraped.counter("process_cpu_seconds_total", cpu)
    scraped.gauge("process_resident_memory_bytes", resident)
    scraped.gauge("process_virtual_memory_bytes", resident * 2.6)
    scraped.gauge("process_open_fds", np.round(22 + pod.rate / 3))
    scraped.gauge("process_max_fds", 1_048_576.0)
    born = np.maximum.accumulate(np.where(pod.born, scraped.clock.times / 1000 - 8.0, 0.0))
    scraped.gauge("process_start_time_seconds", born)
    for generation, share in {"0": 1.0, "1": 0.1, "2": 0.01}.items():
        scraped.counter("python_gc_collections_total", scraped.requests * 0.02 * share, generation=generation)

    names = {"namespace": scraped.target["namespace"], "pod": pod.name}
    kubelet = {**names, "job": "kubelet", "metrics_path": "/metrics/cadvisor", "node": "node-1"}
    inside = {**kubelet, "container": "kserve-container", "image": "ecluse/serving:demo"}
    throttled = np.round(10.0 * step * np.clip(cpu / step - 1.4, 0.0, 0.5))
    for name, grown in {
        "container_cpu_usage_seconds_total": cpu * 1.02,
        "container_cpu_cfs_periods_total": np.full_like(cpu, 10.0 * step),
        "container_cpu_cfs_throttled_periods_total": throttled,
    }.items():
        _count(scraped, name, inside, grown)
    _add(scraped, "container_memory_working_set_bytes", inside, resident * 1.04, there)
    for name, bytes_each in {
        "container_network_receive_bytes_total": 2900.0,
        "container_network_transmit_bytes_total": 700.0,
    }.items():
        _count(scraped, name, {**kubelet, "interface": "eth0"}, scraped.requests * bytes_each + 900.0 * step)
    state = {**names, "job": "kube-state-metrics", "uid": f"00000000-0000-4000-8000-{pod.name[-3:]:0>12}"}
    container = {**state, "container": "kserve-container", "node": "node-1"}
    for name, cpus, memory in (
        ("kube_pod_container_resource_requests", 1.0, 1024.0),
        ("kube_pod_container_resource_limits", 2.0, 2048.0),
    ):
        _add(scraped, name, {**container, "resource": "cpu", "unit": "core"}, np.full_like(cpu, cpus), there)
        _add(
            scraped,
            name,
            {**container, "resource": "memory", "unit": "byte"},
            np.full_like(cpu, memory * MEBIBYTE),
            there,
        )
    restarts = np.cumsum(pod.born) - 1.0
    _add(
        scraped,
        "kube_pod_container_status_restarts_total",
        {**state, "container": "kserve-container"},
        np.clip(restarts, 0.0, None),
        there,
    )
    ready = pod.alive & (pod.ready > 0)
    for condition, shown in {"true": ready, "false": ~ready, "unknown": np.zeros_like(ready)}.items():
        _add(scraped, "kube_pod_status_ready", {**state, "condition": condition}, shown.astype(float), there)
    _add(scraped, "kube_pod_info", {**state, "node": "node-1", "pod_ip": "10.244.0.10"}, np.ones_like(cpu), there)


def _add(scraped: "Scraped", name: str, labels: dict[str, str], values: Floats, there: Booleans) -> None:
    scraped.series.append(Series(name, labels, np.where(there, values, np.nan)))


def _count(scraped: "Scraped", name: str, labels: dict[str, str], grown: Floats) -> None:
    """A counter of the kubelet's: it sees a pod while it cannot be scraped, and begins anew with its container."""
    pod = scraped.pod
    scraped.series.append(Series(name, labels, counter(grown, pod.known, pod.born)))
