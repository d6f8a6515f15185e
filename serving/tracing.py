"""Traces by OpenTelemetry: spans of requests, their stages and their batches.

The one file that imports OpenTelemetry, and only once a collector is named. A
caller that is traced and says so is followed; of the others a share is taken.
Spans are sent on a thread, from a bounded queue: a collector that is slow or
gone costs spans, which are counted, and no request anything.
"""

import random
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

from opentelemetry import trace as api
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from serving import VERSION
from serving.ending import Ending
from serving.outbox import Fate, Outbox
from serving.request_log import FAULT
from serving.trace import BatchRun, Trace, parse

MOST_SPANS = 4096
MOST_AT_ONCE = 512
EXPORT_SECONDS = 5.0
PATH = "/v1/traces"
"""Where a collector takes spans over HTTP, unless its address says otherwise."""


class Exporter(Protocol):
    """Sends spans somewhere, and says whether they got there."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult: ...


class Tracing:
    """Decides which requests are traced, and tells of them."""

    def __init__(
        self,
        exporter: Exporter,
        sample_ratio: float,
        count: Callable[[Fate, int], None],
        *,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._sample_ratio = sample_ratio
        self._draw = draw
        self._exporter = exporter
        self._outbox = Outbox("tracing", self._export, count, most=MOST_SPANS, most_bytes=1, at_once=MOST_AT_ONCE)
        resource = Resource.create(
            {"service.name": "ecluse", "service.version": VERSION, "service.instance.id": socket.gethostname()}
        )
        # Whether a request is traced is decided here, before it costs anything.
        provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(_ToOutbox(self._outbox))
        self._tracer = provider.get_tracer("ecluse", VERSION)

    def start(self) -> None:
        self._outbox.start()

    def stop(self) -> None:
        self._outbox.stop()

    def begin(self, protocol: str, began: float, traceparent: str | None) -> Trace | None:
        """Begin to trace a request, unless it is one of those that are not traced."""
        parent = parse(traceparent) if traceparent else None
        if not parent.is_sampled if parent is not None else self._draw() >= self._sample_ratio:
            return None
        context = None
        if parent is not None:
            remote = api.SpanContext(parent.trace_id, parent.span_id, is_remote=True, trace_flags=api.TraceFlags(1))
            context = api.set_span_in_context(api.NonRecordingSpan(remote))
        began_ns = time.time_ns() - int((time.perf_counter() - began) * 1e9)
        span = self._tracer.start_span(
            f"infer {protocol}", context or _NOWHERE, kind=api.SpanKind.SERVER, start_time=began_ns
        )
        return Trace(began, began_ns, span)

    def ended(self, trace: Trace, ending: Ending) -> None:
        """Tell of a request and its stages."""
        span: Any = trace.span
        inside = api.set_span_in_context(span)
        for name, stage_began, stage_ended in trace.stages:
            self._child(trace, name, inside, stage_began, stage_ended)
        if trace.run is not None:
            run = trace.run
            batch = self._batch(trace, run)
            link = api.Link(batch.get_span_context())
            self._child(trace, "run", inside, run.assembled, run.ended, links=[link])
        span.set_attributes(
            {
                "ecluse.request_id": ending.request_id,
                "ecluse.model.name": ending.model_name,
                "ecluse.model.version": ending.model_version,
                "http.response.status_code": ending.code,
            }
        )
        if ending.reason is not None:
            span.set_attribute("error.type", ending.reason)
        if ending.code >= FAULT:
            span.set_status(api.StatusCode.ERROR)
        span.end(trace.ns(trace.began + ending.seconds))

    def _child(
        self, trace: Trace, name: str, parent: Any, began: float, ended: float, links: Sequence[api.Link] = ()
    ) -> None:
        child = self._tracer.start_span(name, parent, start_time=trace.ns(began), links=links)
        child.end(trace.ns(ended))

    def _batch(self, trace: Trace, run: BatchRun) -> Any:
        """Give the span of a run, told once by whichever of its requests ends first, and linked to all."""
        if run.span is None:
            links = [api.Link(each.span.get_span_context()) for each in run.traces]
            attributes = {
                "ecluse.batch.rows": run.rows,
                "ecluse.batch.bucket": run.bucket,
                "ecluse.batch.requests": run.requests,
            }
            run.span = self._tracer.start_span(
                "batch", _NOWHERE, start_time=trace.ns(run.began), links=links, attributes=attributes
            )
            run.span.end(trace.ns(run.ended))
        return run.span

    def _export(self, spans: Sequence[ReadableSpan]) -> None:
        if self._exporter.export(spans) is not SpanExportResult.SUCCESS:
            raise ConnectionError("the collector did not take the spans")


class _ToOutbox(SpanProcessor):
    """Hands every span that has ended over."""

    def __init__(self, outbox: Outbox[ReadableSpan]) -> None:
        self._outbox = outbox

    def on_end(self, span: ReadableSpan) -> None:
        self._outbox.put(span)


_NOWHERE = api.set_span_in_context(api.INVALID_SPAN)
"""A context without a span: what begins in it begins a trace."""


def tracing_to(endpoint: str, sample_ratio: float, count: Callable[[Fate, int], None]) -> Tracing:
    """Trace to a collector by OTLP over HTTP."""
    if urlsplit(endpoint).path in ("", "/"):
        endpoint = endpoint.rstrip("/") + PATH
    return Tracing(OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_SECONDS), sample_ratio, count)
