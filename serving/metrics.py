"""What the server counts, built from the contract and from nothing else.

Each fact is counted where it happens, once. Every series that can exist is
there from the start at zero, so the first error is seen as an increase. The
children of labelled metrics are looked up once a model, not once a request.
"""

import time
from collections.abc import Callable, Container, Iterable, Sequence
from functools import partial
from http import HTTPStatus
from itertools import product
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from monitoring.contract import CONTRACT
from monitoring.contract.metric import Kind
from monitoring.contract.metric import Metric as Described
from monitoring.contract.observations import OBSERVATIONS
from monitoring.contract.values import (
    CODES,
    FATES,
    MODEL,
    MODEL_STATES,
    OUTCOMES,
    PROTOCOLS,
    REJECTIONS,
    STAGES,
    TRIGGERS,
    TURNED_AWAY,
)
from serving import statistics
from serving.schedule import Trigger
from serving.series import Count, Distribution, Family, Level
from serving.shared_series import Shared

CALLER_LEFT = 499


DIGEST_DIGITS = 12
"""Of a baseline's digest: as many as tell one from another at a glance."""

RETIRED_VERSIONS = 4
"""Versions of a model whose counters outlive them."""
RETIRED_MODELS = 4
"""Models of a folder of models whose counters outlive them."""


class Observable(Protocol):
    """A histogram's child."""

    def observe(self, amount: float) -> None: ...


class Metrics:
    """The registry of one process."""

    def __init__(self) -> None:
        # A creation time for each series doubles their number, and no rule reads one.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        """Everything, for whoever reads it by prometheus_client."""
        self._theirs = CollectorRegistry()
        """What is the process's and Python's own, which prometheus_client writes."""
        for theirs in (ProcessCollector, PlatformCollector, GCCollector):
            self.registry.register(theirs(registry=self._theirs))
        self._by_name = {metric.name: _build(metric) for metric in CONTRACT}
        for family in self._by_name.values():
            self.registry.register(family)
        self._shared: dict[Histogram, Shared] = {}
        self["ecluse_start_time_seconds"].labels().set(time.time())
        self.inflight = dict.fromkeys(PROTOCOLS, 0)
        """Requests accepted and not yet answered, by protocol."""
        for protocol in PROTOCOLS:
            self["ecluse_inflight_requests"].labels(protocol).set_function(partial(self.inflight.__getitem__, protocol))
        for fate in FATES:
            self["ecluse_capture_records_total"].labels(fate)
            self["ecluse_trace_spans_total"].labels(fate)
        for reason in TURNED_AWAY:
            self["ecluse_connections_turned_away_total"].labels(reason)
        self.draining = self["ecluse_draining"].labels()
        self.strangers = RequestMetrics(self, "", "")
        """Requests that reached no model we serve."""
        self._announced: dict[str, RequestMetrics] = {}
        self._retired: dict[str, list[str]] = {}
        self._gone: list[str] = []
        self._once_rendered: list[Callable[[], None]] = []

    def __getitem__(self, name: str) -> Any:
        """A family of the contract, by name."""
        return self._by_name[name]

    def share(self, theirs: Histogram) -> Shared:
        """Export a histogram that another library keeps, and add to its counts."""
        if theirs not in self._shared:
            self._shared[theirs] = Shared(theirs)
            self.registry.register(self._shared[theirs])
        return self._shared[theirs]

    def fates(self, name: str) -> Callable[[str, int], None]:
        """Count what became of things that leave the process in their own time."""
        counters = {fate: self[name].labels(fate) for fate in FATES}

        def count(fate: str, things: int) -> None:
            counters[fate].inc(things)

        return count

    def describe_build(self, **versions: str) -> None:
        self["ecluse_build_info"].labels(**versions).set(1)

    def enter_phase(self, phase: str, phases: Iterable[str]) -> None:
        for each in phases:
            self["ecluse_phase"].labels(each).set(each == phase)

    # Models

    def announce(self, model_name: str) -> None:
        """Begin to count the requests to a model that none of its versions could take."""
        if model_name in self._gone:
            self._gone.remove(model_name)
        if model_name not in self._announced:
            self._announced[model_name] = RequestMetrics(self, model_name, "")

    def of_model(self, model_name: str) -> "RequestMetrics":
        """The series of requests to a model that reached no version of it."""
        return self._announced.get(model_name, self.strangers)

    def load_begins(self, model_name: str, model_version: str) -> None:
        self["ecluse_model_load_failures_total"].labels(model_name, model_version)
        self["ecluse_model_ready"].labels(model_name, model_version)
        self._keep(model_name, model_version)

    def load_failed(self, model_name: str, model_version: str) -> None:
        self["ecluse_model_load_failures_total"].labels(model_name, model_version).inc()

    def enter_state(self, model_name: str, model_version: str, state: str) -> None:
        for each in MODEL_STATES:
            self["ecluse_model_state"].labels(model_name, model_version, each).set(each == state)

    def serves(self, model_name: str, model_version: str, is_ready: Callable[[], float]) -> None:
        """Hear that a version answers from now on."""
        self._keep(model_name, model_version)
        self["ecluse_model_ready"].labels(model_name, model_version).set_function(is_ready)
        self["ecluse_model_loaded_timestamp_seconds"].labels(model_name, model_version).set(time.time())

    def describe_model(self, model_name: str, model_version: str, *, signature: str, baseline: str) -> None:
        """Tell which signature is called, and the digest of the baseline; one that was told before is not any more."""
        self["ecluse_model_info"].remove(model_name, model_version)
        digits = baseline.rpartition(":")[2][:DIGEST_DIGITS]
        self["ecluse_model_info"].labels(model_name, model_version, signature, digits).set(1)

    def retire(self, model_name: str, model_version: str) -> None:
        """Forget a version that is gone: its state at once, what it counted once a few more have gone.

        What was counted since the last scrape would be lost otherwise.
        """
        self._forget(model_name, model_version, {Kind.GAUGE})
        retired = self._retired.setdefault(model_name, [])
        if model_version not in retired:
            retired.append(model_version)
        if len(retired) > RETIRED_VERSIONS:
            self._forget(model_name, retired.pop(0), set(Kind))

    def withdraw(self, model_name: str) -> None:
        """Forget a model that is gone, once a few more have gone; who asks for it from now on is a stranger."""
        self._announced.pop(model_name, None)
        self._gone.append(model_name)
        if len(self._gone) > RETIRED_MODELS:
            forgotten = self._gone.pop(0)
            self._retired.pop(forgotten, None)
            for metric in CONTRACT:
                if metric.labels[:2] == MODEL:
                    self[metric.name].remove(forgotten)

    def is_retired(self, model_name: str, model_version: str) -> bool:
        """Whether a version is one of the few whose counters outlive them."""
        return model_version in self._retired.get(model_name, ())

    def recall(self, model_name: str, model_version: str) -> bool:
        """Count for a version that is not served here, as if it had been: the first to be forgotten.

        Only as long as no counters of another need to go for it; says whether that was so.
        """
        retired = self._retired.setdefault(model_name, [])
        has_room = len(retired) < RETIRED_VERSIONS
        if has_room:
            retired.insert(0, model_version)
        return has_room

    def _keep(self, model_name: str, model_version: str) -> None:
        """Forget nothing of a version that is served, or about to be."""
        if self.is_retired(model_name, model_version):
            self._retired[model_name].remove(model_version)

    def _forget(self, model_name: str, model_version: str, kinds: Container[Kind]) -> None:
        for metric in CONTRACT:
            if metric.kind in kinds and metric.labels[:2] == MODEL:
                self[metric.name].remove(model_name, model_version)

    def once_rendered(self, do: Callable[[], None]) -> None:
        """Do something when all series of now have been told once."""
        self._once_rendered.append(do)

    def render(self) -> bytes:
        began = time.perf_counter()
        families = [family.text() for family in self._by_name.values()]
        families += [family.text() for family in self._shared.values()]
        text = generate_latest(self._theirs) + "".join(families).encode()
        self["ecluse_metrics_render_seconds"].labels().set(time.perf_counter() - began)
        waiting, self._once_rendered = self._once_rendered, []
        for do in waiting:
            do()
        return text


class RequestMetrics:
    """How the requests to one model version ended."""

    def __init__(self, metrics: Metrics, model_name: str, model_version: str) -> None:
        model = (model_name, model_version)
        durations = {
            (protocol, outcome): metrics["ecluse_request_duration_seconds"].labels(*model, protocol, outcome)
            for protocol in PROTOCOLS
            for outcome in OUTCOMES
        }
        self._endings = {
            (protocol, code): (
                metrics["ecluse_requests_total"].labels(*model, protocol, str(code)),
                durations[protocol, _outcome(code)].observe,
            )
            for protocol in PROTOCOLS
            for code in CODES
        }
        self._rejected = {reason: metrics["ecluse_rejected_total"].labels(*model, reason) for reason in REJECTIONS}
        self._request_bytes = metrics["ecluse_request_size_bytes"].labels(*model).observe
        self._answer_bytes = metrics["ecluse_response_size_bytes"].labels(*model).observe

    def answered(self, protocol: str, code: int, seconds: float, request_bytes: int = 0, answer_bytes: int = 0) -> None:
        """What was refused before it was read has no bytes."""
        count, took = self._endings[protocol, code]
        count.value += 1
        took(seconds)
        self._request_bytes(request_bytes)
        self._answer_bytes(answer_bytes)

    def rejected(self, reason: str) -> None:
        if reason in self._rejected:
            self._rejected[reason].inc()


class ModelMetrics(RequestMetrics):
    """The series of one model version; what the batcher and the endpoint report to."""

    def __init__(
        self,
        metrics: Metrics,
        model_name: str,
        model_version: str,
        *,
        preprocess: Observable,
        predict: Observable,
        postprocess: Observable,
    ) -> None:
        """The last three are the histograms that KServe's dashboards know."""
        model = (model_name, model_version)
        self._metrics = metrics
        self._model = model
        self._tally = statistics.Tally()
        super().__init__(metrics, *model)
        self._stages = {
            stage: metrics["ecluse_stage_duration_seconds"].labels(*model, stage).observe for stage in STAGES
        }
        self._triggers = {trigger: metrics["ecluse_batches_total"].labels(*model, trigger) for trigger in TRIGGERS}
        self._decode, self._encode = self._stages["decode"], self._stages["encode"]
        self._request_rows = metrics["ecluse_request_rows"].labels(*model).observe
        self._batch_rows = metrics["ecluse_batch_rows"].labels(*model).observe
        self._batch_requests = metrics["ecluse_batch_requests"].labels(*model).observe
        self._padding = metrics["ecluse_batch_padding_rows_total"].labels(*model)
        self._busy = metrics["ecluse_executor_busy_seconds_total"].labels(*model)
        self._preprocess = preprocess.observe
        self._predict = predict.observe
        self._postprocess = postprocess.observe

    # Requests

    def decoded(self, rows: int, seconds: float) -> None:
        self._request_rows(rows)
        self._decode(seconds)
        self._preprocess(seconds)

    def predicted(self, seconds: float) -> None:
        self._predict(seconds)

    def encoded(self, seconds: float) -> None:
        self._encode(seconds)
        self._postprocess(seconds)

    # Requests through a user's own code, whose histograms of KServe's are observed by KServe's own call

    def decoded_around_code(self, rows: int, seconds: float) -> None:
        self._request_rows(rows)
        self._decode(seconds)

    def code_ran(self, seconds: float) -> None:
        self._stages["user_code"](seconds)

    def encoded_around_code(self, seconds: float) -> None:
        self._encode(seconds)

    # Batches

    def batch_left(self, *, rows: int, padding_rows: int, waits: Sequence[float], trigger: Trigger) -> None:
        waited = self._stages["queue"]
        for seconds in waits:
            waited(seconds)
        self._triggers[trigger].inc()
        self._batch_rows(rows)
        self._batch_requests(len(waits))
        self._padding.inc(padding_rows)

    def batch_ran(self, *, rows: int, has_answer: bool, assemble_seconds: float, run_seconds: float) -> None:
        if has_answer:
            self._tally.ran(rows, assemble_seconds, run_seconds)
        self._stages["assemble"](assemble_seconds)
        self._stages["inference"](run_seconds)
        self._busy.inc(run_seconds)

    # State

    def statistics(self) -> dict[str, Any]:
        """What this version has done, in the shape of Triton's statistics."""
        stages = self._metrics["ecluse_stage_duration_seconds"]
        spent = {word: stages.labels(*self._model, stage).spent for word, stage in statistics.STAGES.items()}
        durations = self._metrics["ecluse_request_duration_seconds"]
        for word, outcomes in statistics.ENDINGS.items():
            each = [durations.labels(*self._model, *key).spent for key in product(PROTOCOLS, outcomes)]
            spent[word] = (sum(count for count, _ in each), sum(seconds for _, seconds in each))
        return statistics.describe(*self._model, self._tally, spent)

    def watch(self, name: str, read: Callable[[], float], *labels: str) -> None:
        """Read a gauge of this model at each scrape; `labels` are those beside the model's."""
        self._metrics[name].labels(*self._model, *labels).set_function(read)

    def describe(self, *, signature: str, baseline: str) -> None:
        self._metrics.describe_model(*self._model, signature=signature, baseline=baseline)

    def series(self, name: str, *labels: str) -> Any:
        """A series of this model's; `labels` are those beside the model's."""
        return self._metrics[name].labels(*self._model, *labels)

    def forget_baseline(self) -> None:
        """Tell no longer what a baseline said: a version that is loaded anew may bring another."""
        for metric in OBSERVATIONS:
            if metric.kind is Kind.GAUGE:
                self._metrics[metric.name].remove(*self._model)

    def set(self, name: str, value: float) -> None:
        self._metrics[name].labels(*self._model).set(value)


def _outcome(code: int) -> str:
    if code < HTTPStatus.BAD_REQUEST:
        return "success"
    return "client_error" if code < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"


def _build(metric: Described) -> "Family[Any]":
    match metric.kind:
        case Kind.COUNTER:
            return Family(metric, Count)
        case Kind.GAUGE:
            return Family(metric, Level)
        case Kind.HISTOGRAM:
            return Family(metric, partial(Distribution, metric.buckets))
