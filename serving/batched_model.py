"""A SavedModel with a queue in front of it, from its folder to its endpoint.

Puts together what belongs to one model: the loaded graph, the sizes its batches
are padded to, its batcher, and the device that it shares. Decides from what warm-up
found whether rows may be merged, and whether runs are short enough for the
event loop's thread.
"""

from dataclasses import replace
from functools import partial
from math import inf
from time import perf_counter

from serving import baseline_series, logs
from serving.batching import Batcher
from serving.datatypes import BYTES
from serving.device import Device, Runner
from serving.endpoint import DirectEndpoint
from serving.latency import LatencyTable
from serving.metrics import ModelMetrics
from serving.model_config import Batching
from serving.model_folder import ModelVersion
from serving.model_rows import ModelRows, look_up
from serving.observation import Monitor, Observation
from serving.saved_model import SavedModel, configure
from serving.schedule import Policy, buckets_up_to
from serving.settings import Settings
from serving.signature import UNKNOWN, Signature
from serving.warm_up import warm_up
from serving.warm_up_file import read_warm_up_file


class BatchedModel:
    """One model version. `load_graph` and `warm_up` are slow and may run on a thread; then `open`."""

    def __init__(self, name: str, found: ModelVersion, settings: Settings) -> None:
        self.name = name
        self.version = found.version
        self._folder = found.folder
        self._settings = settings
        self.rows = ModelRows()
        """What is known of its rows, once it is warmed up."""
        self._batcher: Batcher | None = None

    def load_graph(self) -> None:
        """Read the model; raises StartupError where it cannot be served."""
        began = perf_counter()
        configure(self._settings.tensorflow)
        self._model = SavedModel(self._folder, self._settings.signature_name)
        self._load_seconds = perf_counter() - began

    def warm_up(self) -> None:
        """Run every batch size; raises ModelFailed where the model does."""
        self._model.shorten()
        batch = self._settings.batch
        declared = self._model.signature
        declared = replace(declared, is_batched=declared.is_batched and batch.enabled)
        buckets = buckets_up_to(batch.max_rows) if declared.is_batched else (1,)
        self._latency = LatencyTable(buckets)
        found = read_warm_up_file(self._folder, declared)
        warmth = warm_up(self._model.run, declared, self._latency, buckets, found.requests if found else ())
        if found is not None:
            logs.event(
                "warm_up_file",
                model_name=self.name,
                model_version=self.version,
                requests=warmth.replayed,
                refused=len(found.requests) - warmth.replayed,
                passed_over=found.passed_over,
                reason=found.reason or None,
            )
        self._warm_up_seconds = warmth.seconds
        self.signature = replace(declared, is_batched=warmth.is_batched)
        self._policy = _policy(self._settings, buckets if warmth.is_batched else (1,))
        logs.event(
            "model_loaded",
            model_name=self.name,
            model_version=self.version,
            folder=str(self._folder),
            signature=declared.name,
            is_batched=warmth.is_batched,
            load_seconds=round(self._load_seconds, 3),
            warm_up_seconds=round(warmth.seconds, 3),
            note=warmth.note or None,
        )
        self.rows = look_up(
            self.name, self.version, self._folder, self.signature, self._model.run, self._settings.monitor
        )

    def open(self, metrics: ModelMetrics, device: Device, monitor: Monitor | None = None) -> DirectEndpoint:
        """Begin to answer; called on the event loop. Without a monitor, nothing is counted of rows."""
        batch = self._settings.batch
        latency = self._latency
        runner = Runner(
            device,
            self._model.run,
            latency,
            # A run is only as short as warm-up found it where rows cannot grow.
            inline_seconds=batch.inline_seconds if _has_fixed_rows(self.signature) else 0.0,
        )
        observation = self._observe(metrics, monitor)
        self._batcher = batcher = Batcher(
            runner.start,
            self._policy,
            metrics,
            latency,
            device.turns,
            is_batched=self.signature.is_batched,
            max_queue_rows=batch.queue_rows,
            max_queue_bytes=batch.queue_bytes,
            observe=observation.ran if observation is not None else None,
        )
        metrics.describe(signature=self.signature.name, baseline=self.rows.digest)
        metrics.set("ecluse_model_load_duration_seconds", self._load_seconds)
        metrics.set("ecluse_warmup_duration_seconds", self._warm_up_seconds)
        metrics.set("ecluse_queue_limit_rows", batch.queue_rows)
        metrics.watch("ecluse_queue_requests", lambda: batcher.queue_requests)
        metrics.watch("ecluse_queue_rows", lambda: batcher.queue_rows)
        metrics.watch("ecluse_batch_queue_oldest_seconds", lambda: batcher.oldest_seconds)
        metrics.watch("ecluse_batch_cap_rows", lambda: batcher.cap_rows)
        for bucket in self._policy.buckets:
            metrics.watch("ecluse_batch_estimated_seconds", partial(latency.seconds, bucket), str(bucket))
        return DirectEndpoint(
            self.name,
            self.version,
            self.signature,
            batcher,
            metrics,
            batching=self._batching(),
            long_json_bytes=self._settings.http.long_json_bytes,
        )

    def _observe(self, metrics: ModelMetrics, monitor: Monitor | None) -> Observation | None:
        metrics.forget_baseline()
        if monitor is None:
            return None
        try:
            observation = Observation(
                self.signature,
                self.rows.classifier,
                self.rows.baseline,
                monitor,
                metrics.series,
                input_rows_per_second=self._settings.monitor.input_rows_per_second,
            )
            if self.rows.baseline is not None:
                baseline_series.export(self.rows.baseline, self.rows.classifier, metrics.series)
        # Whatever a baseline may hold, the model is served.
        except Exception as error:  # noqa: BLE001
            logs.event("monitor_failed", level=logs.ERROR, error=error, model_name=self.name)
            return None
        return observation if observation.is_needed else None

    def _batching(self) -> Batching | None:
        if not self.signature.is_batched:
            return None
        batch = self._settings.batch
        return Batching(batch.max_rows, self._policy.buckets, batch.max_wait_seconds)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits or runs."""
        # Counting them forgets those whose callers have gone.
        return self._batcher is None or (not self._batcher.queue_requests and self._batcher.is_idle)

    def drain(self) -> None:
        """Let what is queued leave without waiting for company."""
        if self._batcher is not None:
            self._batcher.drain()

    def close(self) -> None:
        """Refuse whatever still waits."""
        if self._batcher is not None:
            self._batcher.close()


def _policy(settings: Settings, buckets: tuple[int, ...]) -> Policy:
    return Policy(
        buckets,
        max_wait_seconds=settings.batch.max_wait_seconds,
        settle_turns=settings.batch.settle_turns,
        default_timeout_seconds=settings.deadline.default_seconds or inf,
        batch_part=settings.deadline.batch_part,
        cool_down_seconds=settings.batch.cool_down_seconds,
        levels=settings.priority.levels,
        default_level=settings.priority.default_level,
        ageing_seconds=settings.priority.ageing_seconds,
    )


def _has_fixed_rows(signature: Signature) -> bool:
    start = 1 if signature.is_batched else 0
    return all(
        spec.shape is not None and UNKNOWN not in spec.shape[start:] and spec.datatype != BYTES
        for spec in signature.inputs
    )
