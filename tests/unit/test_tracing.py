"""Which requests are traced, and what spans they leave."""

from collections import Counter
from collections.abc import Sequence
from time import perf_counter

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.trace import SpanKind

from serving.ending import Ending
from serving.outbox import Fate
from serving.trace import BatchRun, Trace
from serving.tracing import Tracing

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector:
    """Takes spans, unless it is told not to."""

    def __init__(self, result: SpanExportResult = SpanExportResult.SUCCESS) -> None:
        self.spans: list[ReadableSpan] = []
        self.fates: Counter[str] = Counter()
        self._result = result

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans += spans
        return self._result

    def count(self, fate: Fate, things: int) -> None:
        self.fates[fate] += things

    def named(self, name: str) -> ReadableSpan:
        (span,) = (span for span in self.spans if span.name == name)
        return span


def tracing(collector: Collector, *, sample_ratio: float = 1.0, draw: float = 0.5) -> Tracing:
    return Tracing(collector, sample_ratio, collector.count, draw=lambda: draw)


def begun(tracing: Tracing, traceparent: str | None = None) -> Trace:
    trace = tracing.begin("v2", perf_counter(), traceparent)
    assert trace is not None
    return trace


def end(tracing: Tracing, trace: Trace, code: int = 200, reason: str | None = None) -> None:
    tracing.ended(trace, Ending("a-1", "v2", "mnist", "1", code, 0.5, reason))


def delivered(tracing: Tracing) -> None:
    tracing.start()
    tracing.stop()


@pytest.mark.parametrize(
    ("traceparent", "sample_ratio", "is_traced"),
    [
        (None, 0.6, True),
        (None, 0.5, False),
        (None, 0.0, False),
        ("no traceparent", 0.6, True),
        (f"00-{TRACE_ID}-{SPAN_ID}-01", 0.0, True),
        (f"00-{TRACE_ID}-{SPAN_ID}-00", 1.0, False),
    ],
)
def test_a_caller_that_is_traced_is_followed_and_others_by_lot(
    traceparent: str | None, sample_ratio: float, is_traced: bool
) -> None:
    trace = tracing(Collector(), sample_ratio=sample_ratio).begin("v2", perf_counter(), traceparent)
    assert (trace is not None) == is_traced


def test_a_request_is_a_span_of_its_callers_trace() -> None:
    collector = Collector()
    traced = tracing(collector)
    end(traced, begun(traced, f"00-{TRACE_ID}-{SPAN_ID}-01"))
    delivered(traced)
    span = collector.named("infer v2")
    assert span.context is not None
    assert span.parent is not None
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE_ID, SPAN_ID)
    assert span.kind is SpanKind.SERVER
    assert dict(span.attributes or {}) == {
        "ecluse.request_id": "a-1",
        "ecluse.model.name": "mnist",
        "ecluse.model.version": "1",
        "http.response.status_code": 200,
    }
    assert (span.end_time or 0) - (span.start_time or 0) == 500_000_000


def test_its_stages_are_spans_within_it() -> None:
    collector = Collector()
    traced = tracing(collector)
    trace = begun(traced)
    trace.mark("decode", trace.began, trace.began + 0.1)
    trace.mark("encode", trace.began + 0.4, trace.began + 0.5)
    end(traced, trace)
    delivered(traced)
    root, decode, encode = (collector.named(name) for name in ("infer v2", "decode", "encode"))
    assert root.context is not None
    for child in (decode, encode):
        assert child.parent is not None
        assert child.parent.span_id == root.context.span_id
    assert decode.start_time == root.start_time
    assert encode.end_time == pytest.approx(root.end_time, abs=1000)


def test_a_batch_is_one_span_linked_with_all_of_its_requests() -> None:
    collector = Collector()
    traced = tracing(collector)
    traces = [begun(traced), begun(traced)]
    began = traces[0].began
    run = BatchRun(began, began + 0.1, began + 0.3, rows=5, bucket=8, requests=3, traces=traces)
    for trace in traces:
        trace.run = run
        end(traced, trace)
    delivered(traced)
    batch = collector.named("batch")
    roots = [span for span in collector.spans if span.name == "infer v2"]
    runs = [span for span in collector.spans if span.name == "run"]
    assert batch.parent is None
    assert [link.context for link in batch.links] == [root.context for root in roots]
    assert [[link.context for link in each.links] for each in runs] == [[batch.context]] * 2
    assert dict(batch.attributes or {}) == {
        "ecluse.batch.rows": 5,
        "ecluse.batch.bucket": 8,
        "ecluse.batch.requests": 3,
    }
    assert collector.fates == {Fate.SENT: 5}


@pytest.mark.parametrize(("code", "is_error"), [(400, False), (500, True), (503, True)])
def test_a_refusal_says_why_and_a_fault_is_an_error(code: int, is_error: bool) -> None:
    collector = Collector()
    traced = tracing(collector)
    end(traced, begun(traced), code, "why")
    delivered(traced)
    span = collector.named("infer v2")
    assert (span.attributes or {})["error.type"] == "why"
    assert (span.status.status_code.name == "ERROR") == is_error


def test_spans_that_the_collector_does_not_take_are_counted() -> None:
    collector = Collector(SpanExportResult.FAILURE)
    traced = tracing(collector)
    end(traced, begun(traced))
    delivered(traced)
    assert collector.fates == {Fate.FAILED: 1}
