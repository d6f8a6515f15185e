"""Requests, batches, models' lives and the process, as a simulated pod would count them."""

from typing import TYPE_CHECKING

import numpy as np

from monitoring.contract.values import (
    CODES,
    FATES,
    MODEL_STATES,
    PROTOCOLS,
    REJECTIONS,
    STAGES,
    TRIGGERS,
    TURNED_AWAY,
)
from tests.monitoring.draws import chance, split
from tests.monitoring.past import Floats

if TYPE_CHECKING:
    from tests.monitoring.history import Scraped

SPOKEN = {"v1": 0.2, "v2": 0.5, "grpc": 0.3}
"""How callers speak."""
PHASES = ("loading", "warming", "ready", "draining", "stopped")
NOBODY = {"model_name": "", "model_version": ""}
"""What asked for no model of ours."""
BUCKETS = (1, 2, 4, 8, 16, 32, 64)


def operations(scraped: "Scraped") -> None:
    """Everything of `monitoring/contract/operations.py`."""
    requests(scraped)
    batches(scraped)
    lives(scraped)
    process(scraped)


def requests(scraped: "Scraped") -> None:
    pod, model = scraped.pod, scraped.model
    answered = np.zeros_like(pod.rate)
    for protocol, share in SPOKEN.items():
        counts = split(scraped.random, scraped.requests, np.array([share, 1 - share]))[:, 0]
        by_code = split(scraped.random, counts, code_shares(scraped))
        scraped.counters("ecluse_requests_total", "code", CODES, by_code, **model, protocol=protocol)
        outcomes = {
            "success": by_code[:, [code < 400 for code in CODES]].sum(axis=1),
            "client_error": by_code[:, [400 <= code < 500 for code in CODES]].sum(axis=1),
            "server_error": by_code[:, [code >= 500 for code in CODES]].sum(axis=1),
        }
        whole = pod.inference + pod.queue + 0.0006
        for outcome, count in outcomes.items():
            median = whole if outcome == "success" else np.full_like(whole, 0.0012)
            scraped.lognormal(
                "ecluse_request_duration_seconds", count, median, **model, protocol=protocol, outcome=outcome
            )
        answered += outcomes["success"]
        scraped.gauge("ecluse_inflight_requests", chance(scraped.random, pod.rate * share * whole), protocol=protocol)
        stray = np.where(np.array(CODES) == 404, 0.02, 0.0) * (pod.rate > 0)[:, None]
        scraped.counters(
            "ecluse_requests_total", "code", CODES, chance(scraped.random, stray * 1.0), **NOBODY, protocol=protocol
        )
    scraped.lognormal("ecluse_request_rows", answered, 1.2, 0.9, **model)
    scraped.lognormal("ecluse_request_size_bytes", scraped.requests, 2600.0, 0.4, **model)
    scraped.lognormal("ecluse_response_size_bytes", scraped.requests, 420.0, 0.3, **model)
    shed = split(scraped.random, scraped.requests, np.stack([pod.shed, 1 - pod.shed], axis=1))[:, 0]
    cause = np.where(pod.ready[:, None] > 0, _of(REJECTIONS, queue_full=0.8, late=0.2), _of(REJECTIONS, loading=1.0))
    turned = split(scraped.random, shed, cause + 1e-12)
    bad = chance(scraped.random, pod.rate * scraped.clock.step * pod.refused * 0.7)
    turned[:, REJECTIONS.index("bad_input")] += bad
    scraped.counters("ecluse_rejected_total", "reason", REJECTIONS, turned, **model)


def code_shares(scraped: "Scraped") -> Floats:
    pod = scraped.pod
    shares = np.zeros((len(pod.rate), len(CODES)))
    for code, share in {400: 0.7, 404: 0.1, 415: 0.05, 499: 0.15}.items():
        shares[:, CODES.index(code)] = pod.refused * share
    shares[:, CODES.index(500)] = pod.failing
    shares[:, CODES.index(503)] = pod.shed
    shares[:, CODES.index(504)] = pod.shed * 0.02
    shares[:, CODES.index(200)] = np.clip(1 - shares.sum(axis=1), 0.0, None)
    return shares


def _of(names: tuple[str, ...], **shares: float) -> Floats:
    return np.array([shares.get(name, 0.0) for name in names])


def batches(scraped: "Scraped") -> None:
    pod, model = scraped.pod, scraped.model
    done = scraped.requests * (1 - pod.shed)
    together = np.clip(1.0 + pod.rate * (pod.inference + pod.queue) * 0.8, 1.0, 24.0)
    count = np.round(done / together)
    rows = scraped.lognormal("ecluse_batch_rows", count, together * 1.25, 0.6, **model)
    scraped.lognormal("ecluse_batch_requests", count, together, 0.5, **model)
    scraped.counter("ecluse_batch_padding_rows_total", np.round(rows * 0.14), **model)
    full = np.clip((together - 4) / 30, 0.0, 0.8)
    shares = np.stack([full, np.full_like(full, 0.05), 0.95 - full, np.zeros_like(full)], axis=1)
    scraped.counters("ecluse_batches_total", "trigger", TRIGGERS, split(scraped.random, count, shares), **model)
    medians = {"decode": 1.5e-4, "assemble": 8e-5, "encode": 1.2e-4, "user_code": 1e-4}
    for stage in STAGES:
        median = {"queue": pod.queue, "inference": pod.inference}.get(stage, medians.get(stage, 1e-4))
        each = count if stage in ("assemble", "inference") else 0 * done if stage == "user_code" else np.round(done)
        spent = scraped.lognormal("ecluse_stage_duration_seconds", each, median, **model, stage=stage)
        if stage == "inference":
            # Who turns requests away for load is busy with those that it took.
            busy = np.where((pod.shed > 0) & (pod.ready > 0), scraped.clock.step * 0.97, spent)
            scraped.counter("ecluse_executor_busy_seconds_total", np.minimum(busy, scraped.clock.step * 0.99), **model)
    for bucket in BUCKETS:
        expected = pod.inference * (0.8 + 0.05 * bucket)
        scraped.gauge("ecluse_batch_estimated_seconds", expected, **model, bucket=str(bucket))
    waiting = chance(scraped.random, pod.rate * pod.queue) + np.round(900 * (pod.shed > 0) * pod.ready)
    scraped.gauge("ecluse_batch_cap_rows", 64.0, **model)
    scraped.gauge("ecluse_queue_requests", waiting, **model)
    scraped.gauge("ecluse_queue_rows", np.round(waiting * 1.1), **model)
    scraped.gauge("ecluse_queue_limit_rows", 1024.0, **model)
    scraped.gauge("ecluse_batch_queue_oldest_seconds", np.where(waiting > 0, 2.2 * pod.queue, 0.0), **model)
    scraped.gauge("ecluse_device_lanes", 1.0)


def lives(scraped: "Scraped") -> None:
    pod, model = scraped.pod, scraped.model
    for state in MODEL_STATES:
        shown = {"READY": pod.ready, "UNAVAILABLE": 1 - pod.ready}.get(state, 0.0)
        scraped.gauge("ecluse_model_state", shown, **model, state=state)
    scraped.gauge("ecluse_model_ready", pod.ready, **model)
    failed = np.diff(pod.ready, prepend=1.0) < 0
    scraped.counter("ecluse_model_load_failures_total", failed.astype(float), **model)
    scraped.gauge("ecluse_model_load_duration_seconds", 0.71, **model)
    scraped.gauge("ecluse_warmup_duration_seconds", 0.34, **model)
    scraped.gauge("ecluse_model_loaded_timestamp_seconds", started(scraped) + 6.2, **model)
    scraped.gauge("ecluse_model_info", 1.0, **model, signature="serving_default", baseline="7b4865f4e2ac")
    for phase in PHASES:
        scraped.gauge("ecluse_phase", float(phase == "ready"), phase=phase)
    scraped.gauge("ecluse_draining", 0.0)


def started(scraped: "Scraped") -> Floats:
    """When the process began that each tick sees."""
    born = np.where(scraped.pod.born, scraped.clock.times / 1000 - 8.0, 0.0)
    return np.maximum.accumulate(born)


def process(scraped: "Scraped") -> None:
    pod, step = scraped.pod, scraped.clock.step
    scraped.gauge(
        "ecluse_build_info", 1.0, version=f"0.{pod.version}.0", python="3.11.7", tensorflow="2.21.0", kserve="0.21.0"
    )
    scraped.gauge("ecluse_start_time_seconds", started(scraped))
    scraped.gauge("ecluse_http_connections", np.round(8 + pod.rate / 4))
    scraped.gauge("ecluse_grpc_connections", np.round(2 + pod.rate / 20))
    scraped.counters(
        "ecluse_connections_turned_away_total",
        "reason",
        TURNED_AWAY,
        chance(scraped.random, 0.01 * np.ones((len(pod.rate), len(TURNED_AWAY)))),
    )
    ticks = np.full_like(pod.rate, 10.0 * step)
    scraped.lognormal("ecluse_event_loop_lag_seconds", ticks, pod.lag)
    scraped.gauge("ecluse_metrics_render_seconds", 0.0031 + 0.0004 * scraped.random.random(len(pod.rate)))
    scraped.gauge("ecluse_tls_certificate_expiry_timestamp_seconds", scraped.clock.end + 60 * 86400.0)
    for fate in FATES:
        sent = scraped.requests * 0.01 if fate == "sent" else 0.0
        scraped.counter("ecluse_trace_spans_total", np.round(sent), fate=fate)
        scraped.counter("ecluse_capture_records_total", np.round(sent), fate=fate)


__all__ = ["PROTOCOLS", "operations"]
