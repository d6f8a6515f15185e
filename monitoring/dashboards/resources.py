"""Processor, memory, network and devices: of the process itself everywhere, of the pod where Kubernetes' exporters are.

What belongs to us is told by the pods that export ecluse_build_info.
"""

from monitoring.dashboards.expressions import WINDOW, rate
from monitoring.dashboards.kinds import Lines, TimeSeries
from monitoring.dashboards.look import Colour, Unit, limit, on_the_right, reference
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import PLACE, Query
from monitoring.slo import Promise

OUR_PROCESSES = f"and on (job, instance) ecluse_build_info{{{PLACE}}}"
OUR_PODS = f"and on (namespace, pod) ecluse_build_info{{{PLACE}}}"
CONTAINERS = f'{PLACE},container!="",container!="POD"'
KUBERNETES = "kube-state-metrics and cAdvisor are scraped too, as kube-prometheus-stack does"
DCGM = "the pods have GPUs and NVIDIA's DCGM exporter is scraped"

_ALWAYS = (
    (
        TimeSeries(
            title="Processor",
            description="Cores that each server uses; the dashed lines are what its pod asked for and may have. "
            "From process_cpu_seconds_total and kube_pod_container_resource_requests and _limits.",
            width=6,
            height=8,
            queries=(
                Query(f"rate(process_cpu_seconds_total{{{PLACE}}}[{WINDOW}]) {OUR_PROCESSES}", "{{instance}}"),
                Query(f'max(kube_pod_container_resource_requests{{{PLACE},resource="cpu"}} {OUR_PODS})', "requested"),
                Query(f'max(kube_pod_container_resource_limits{{{PLACE},resource="cpu"}} {OUR_PODS})', "limit"),
            ),
            unit=Unit.CORES,
            overrides=(reference("requested"), reference("limit", Colour.RED)),
            legend=(),
        ),
        TimeSeries(
            title="Memory",
            description="Resident memory of each server; the dashed line is the pod's limit, at which it is killed. "
            "From process_resident_memory_bytes and kube_pod_container_resource_limits.",
            width=6,
            height=8,
            queries=(
                Query(f"process_resident_memory_bytes{{{PLACE}}} {OUR_PROCESSES}", "{{instance}}"),
                Query(f'max(kube_pod_container_resource_limits{{{PLACE},resource="memory"}} {OUR_PODS})', "limit"),
            ),
            unit=Unit.BYTES,
            overrides=(reference("limit", Colour.RED),),
            legend=(),
        ),
        TimeSeries(
            title="Network",
            description="Bytes a second of requests and answers as they are decoded and before they are compressed, "
            "and "
            "of the pods' interfaces where cAdvisor tells. From ecluse_request_size_bytes, ecluse_response_size_bytes, "
            "container_network_receive_bytes_total and container_network_transmit_bytes_total.",
            width=6,
            height=8,
            queries=(
                Query(rate("ecluse_request_size_bytes_sum"), "requests"),
                Query(rate("ecluse_response_size_bytes_sum"), "answers"),
                Query(
                    f"sum(rate(container_network_receive_bytes_total{{{PLACE}}}[{WINDOW}]) {OUR_PODS})", "pods received"
                ),
                Query(
                    f"sum(rate(container_network_transmit_bytes_total{{{PLACE}}}[{WINDOW}]) {OUR_PODS})", "pods sent"
                ),
            ),
            unit=Unit.BYTES_PER_SECOND,
            legend=(),
        ),
    ),
    (
        TimeSeries(
            title="Memory of the containers",
            description="What the kernel counts against the limit, the page cache in use included. "
            "From container_memory_working_set_bytes.",
            width=6,
            height=7,
            queries=(
                Query(
                    f"sum by (pod) (container_memory_working_set_bytes{{{CONTAINERS}}} {OUR_PODS})",
                    "{{pod}}",
                ),
            ),
            unit=Unit.BYTES,
            legend=(),
            empty="No cAdvisor",
            empty_until=KUBERNETES,
        ),
        TimeSeries(
            title="Open files",
            description="Files and sockets that each server holds open; what only grows is a leak. From "
            "process_open_fds.",
            width=6,
            height=7,
            queries=(Query(f"process_open_fds{{{PLACE}}} {OUR_PROCESSES}", "{{instance}}"),),
            unit=Unit.WHOLE,
            legend=(),
        ),
        TimeSeries(
            title="Garbage collection",
            description="Collections a second by generation; the oldest generation's are the ones that pause a server. "
            "From python_gc_collections_total.",
            width=6,
            height=7,
            queries=(
                Query(
                    f"sum by (generation) (rate(python_gc_collections_total{{{PLACE}}}[{WINDOW}]) {OUR_PROCESSES})",
                    "generation {{generation}}",
                ),
            ),
            unit=Unit.PER_SECOND,
            legend=(),
        ),
        TimeSeries(
            title="Price of monitoring",
            description="Cores spent on looking at rows, and what one scrape costs to write. "
            "From ecluse_monitor_busy_seconds_total and ecluse_metrics_render_seconds.",
            width=6,
            height=7,
            queries=(
                Query(rate("ecluse_monitor_busy_seconds_total", where=PLACE), "looking at rows"),
                Query(f"max(ecluse_metrics_render_seconds{{{PLACE}}})", "a scrape"),
            ),
            unit=Unit.CORES,
            overrides=(on_the_right("a scrape", Unit.SECONDS, "", Colour.PURPLE),),
            legend=(),
        ),
    ),
)


def resources(promise: Promise) -> tuple[tuple[Panel, ...], ...]:
    first, second = _ALWAYS
    return (*first, _held_back(promise)), second


def _held_back(promise: Promise) -> Panel:
    return TimeSeries(
        title="Held back by its limit",
        description="Share of the scheduler's periods in which a container was made to wait because it had used up "
        "its limit of processor time; above the line latency suffers. "
        "From container_cpu_cfs_throttled_periods_total and container_cpu_cfs_periods_total.",
        width=6,
        height=8,
        queries=(
            Query(
                f"sum by (pod) (rate(container_cpu_cfs_throttled_periods_total{{{CONTAINERS}}}[{WINDOW}]) "
                f"{OUR_PODS}) / (sum by (pod) (rate(container_cpu_cfs_periods_total{{{CONTAINERS}}}[{WINDOW}]) "
                f"{OUR_PODS}) > 0)",
                "{{pod}}",
            ),
        ),
        unit=Unit.RATIO,
        thresholds=limit(promise.saturation.cpu_throttled_ratio),
        limits=Lines.DASHED,
        legend=(),
        empty="No cAdvisor",
        empty_until=KUBERNETES,
    )


GPUS = (
    (
        TimeSeries(
            title="Utilisation of GPUs",
            description="Share of the time in which each GPU ran anything at all. From DCGM_FI_DEV_GPU_UTIL.",
            width=8,
            height=7,
            queries=(Query(f"DCGM_FI_DEV_GPU_UTIL{{{PLACE}}} / 100 {OUR_PODS}", "{{pod}} GPU {{gpu}}"),),
            unit=Unit.RATIO,
            highest=1,
            legend=(),
            empty="No GPU",
            empty_until=DCGM,
        ),
        TimeSeries(
            title="Memory of GPUs",
            description="TensorFlow takes most of it at once unless it is told otherwise. From DCGM_FI_DEV_FB_USED.",
            width=8,
            height=7,
            queries=(Query(f"DCGM_FI_DEV_FB_USED{{{PLACE}}} {OUR_PODS}", "{{pod}} GPU {{gpu}}"),),
            unit=Unit.MEBIBYTES,
            legend=(),
            empty="No GPU",
            empty_until=DCGM,
        ),
        TimeSeries(
            title="Power of GPUs",
            description="What each GPU draws. From DCGM_FI_DEV_POWER_USAGE.",
            width=8,
            height=7,
            queries=(Query(f"DCGM_FI_DEV_POWER_USAGE{{{PLACE}}} {OUR_PODS}", "{{pod}} GPU {{gpu}}"),),
            unit=Unit.WATTS,
            legend=(),
            empty="No GPU",
            empty_until=DCGM,
        ),
    ),
)
