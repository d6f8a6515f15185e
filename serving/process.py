"""The life of the process, from its ports to its exit status.

Opens the ports, loads and warms the models while liveness already answers,
serves, and on a signal drains: readiness goes first, then both listeners close
together under one deadline, and every request taken is answered. Reads like a
list of steps because order is all it has to get right.
"""

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Coroutine, Sequence
from time import perf_counter
from typing import NoReturn, TypeVar

from serving import VERSION, logs, tls
from serving.body_coding import BodyCoding
from serving.catalogue import Catalogue
from serving.device import Device
from serving.door import door_of
from serving.extensions import Extensions
from serving.feedback import Feedback
from serving.grpc_server import GrpcListener, grpc_listener
from serving.http_limits import HttpLimits
from serving.http_listener import HttpListener
from serving.inflight_bytes import InflightBytes
from serving.lifecycle import Lifecycle, Phase
from serving.loop_lag import LoopLag
from serving.metrics import Metrics
from serving.observation import Monitor
from serving.prediction_ids import PredictionIds
from serving.repository import ModelsFolder, Repository
from serving.rest import RestApp
from serving.served_version import Rules, Source
from serving.settings import Settings
from serving.versions import VersionLabels, VersionPolicy

T = TypeVar("T")

KILLED = 128
"""What a shell adds to a signal's number in the status of a process that it ended."""

LAST_WORDS_SECONDS = 1.0
"""What is left after the drain's deadline to answer those whose requests it cut off."""

THREADS = ("loading", "lane")
"""How the names of threads begin that may be inside TensorFlow."""

SWITCH_SECONDS = 0.0005

YOUNG_OBJECTS = 50_000
"""New objects before the collector looks: at its own 700 it walks the young ones many times a batch."""


class Process:
    """One server process: its models, its two listeners and its life."""

    def __init__(
        self,
        settings: Settings,
        sources: Sequence[Source],
        models_folder: ModelsFolder | None,
        metrics: Metrics,
        device: Device,
        monitor: Monitor | None = None,
        ids: PredictionIds | None = None,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._device = device
        self._monitor = monitor
        metrics["ecluse_device_lanes"].labels().set(device.turns.lanes)
        self._lifecycle = Lifecycle()
        labels = VersionLabels(settings.versions.labels)
        self._catalogue = Catalogue(self._lifecycle, labels.of)
        rules = Rules(
            VersionPolicy.parse(settings.versions.policy),
            unload_first=settings.versions.swap == "unload_first",
            drain_seconds=settings.drain.timeout_seconds,
        )
        self._repository = Repository(sources, models_folder, rules, labels, self._catalogue, metrics, self._lifecycle)
        self._door = door_of(settings, metrics)
        self._ids = ids
        self._feedback = None if ids is None else Feedback(ids, self._catalogue, settings.feedback)
        self._inflight_bytes = InflightBytes(settings.limit.inflight_bytes)
        self._extensions = Extensions(self._catalogue, self._repository, settings.versions.policy)
        self._server_metadata = {"name": "ecluse", "version": VERSION, "extensions": self._extensions.names}
        self._signals: list[signal.Signals] = []
        self._is_closed = False
        self._told: Phase | None = None
        self._told_ready = False
        self._began = perf_counter()

    async def run(self) -> int:
        """Serve until a signal says otherwise; gives the exit status."""
        self._stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._hear, number)
        rest, grpc = self._listeners()
        await rest.start()
        if grpc is not None:
            await grpc.start()
        self._door.start()
        if self._monitor is not None:
            self._monitor.start()
        if self._ids is not None:
            self._ids.start()
        loop_lag = LoopLag(loop, self._metrics["ecluse_event_loop_lag_seconds"].labels().observe)
        loop_lag.start()
        self._lifecycle.listen(self._tell_phase)
        logs.event("listening", http_port=rest.port, grpc_port=grpc.port if grpc else None)
        try:
            if await self._until_stopped(self._load()):
                await self._serve()
        finally:
            is_clean = await self._drain([listener for listener in (rest, grpc) if listener is not None])
            loop_lag.stop()
        return 0 if is_clean else 1

    def _listeners(self) -> tuple[HttpListener, GrpcListener | None]:
        settings = self._settings
        app = RestApp(
            self._catalogue,
            self._lifecycle,
            self._metrics,
            self._server_metadata,
            shed_status=settings.shed.status,
            door=self._door,
            extensions=self._extensions,
            coding=BodyCoding(settings.limit.payload_bytes, self._inflight_bytes, settings.http.compress_bytes),
            feedback=self._feedback,
        )
        files = tls.files_of(settings.tls.certificate, settings.tls.key, settings.tls.client_ca)
        server_tls = None if files is None else tls.ServerTls(files, ["http/1.1"])
        if server_tls is not None:
            certificate_expiry = self._metrics["ecluse_tls_certificate_expiry_timestamp_seconds"].labels()
            certificate_expiry.set_function(lambda: server_tls.expires)
        turned_away = self._metrics["ecluse_connections_turned_away_total"]
        rest = HttpListener(
            app,
            settings.bind_address,
            settings.http_port,
            limits=HttpLimits(
                connections=settings.http.connections,
                payload_bytes=settings.limit.payload_bytes,
                head_bytes=settings.limit.head_bytes,
                head_fields=settings.limit.head_fields,
                keep_alive_seconds=settings.http.keep_alive_seconds,
                head_seconds=settings.http.head_seconds,
                body_seconds=settings.http.body_seconds,
                write_seconds=settings.http.write_seconds,
            ),
            inflight=self._inflight_bytes,
            turned_away=lambda reason: turned_away.labels(reason).inc(),
            tls=server_tls,
        )
        self._metrics["ecluse_http_connections"].labels().set_function(lambda: rest.connections)
        if not settings.enable_grpc:
            return rest, None
        grpc = grpc_listener(
            settings,
            self._catalogue,
            self._lifecycle,
            self._metrics,
            self._server_metadata,
            self._door,
            self._extensions,
            self._inflight_bytes,
            self._feedback,
        )
        self._metrics["ecluse_grpc_connections"].labels().set_function(lambda: grpc.connections)
        return rest, grpc

    async def _load(self) -> None:
        # A thread that builds a graph gives way to the event loop after this long, not after Python's own 5 ms.
        sys.setswitchinterval(SWITCH_SECONDS)
        # TensorFlow's heap is large and lives as long as the process: a collector that walks it is the tail latency.
        # What models add comes later and can be collected, so that one that goes gives its memory back. What the
        # imports have left behind is a megabyte, and to look for it would take as long as to load a model.
        gc.freeze()
        gc.enable()
        await self._repository.start()
        gc.collect()
        gc.set_threshold(YOUNG_OBJECTS, 50, 100)
        if self._lifecycle.phase is Phase.LOADING:
            self._lifecycle.enter(Phase.WARMING)
        self._lifecycle.enter(Phase.READY)

    async def _serve(self) -> None:
        """Until a signal; models follow their folders meanwhile."""
        poll_seconds = self._settings.versions.poll_seconds
        if not poll_seconds or self._settings.repository.mode == "explicit":
            await self._stop.wait()
        else:
            await self._until_stopped(self._repository.watch(poll_seconds))

    async def _until_stopped(self, work: Coroutine[None, None, None]) -> bool:
        """Do the work unless a signal comes first; say whether it was done."""
        doing = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait((doing, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not doing.done():
            doing.cancel()
            return False
        doing.result()
        return True

    async def _drain(self, listeners: Sequence[HttpListener | GrpcListener]) -> bool:
        """Stop without losing a request; say whether every one was answered in time."""
        was_serving = self._lifecycle.phase is Phase.READY
        self._lifecycle.enter(Phase.DRAINING)
        if was_serving and signal.SIGTERM in self._signals:
            await asyncio.sleep(self._settings.drain.lame_duck_seconds)
        self._repository.drain()
        timeout_seconds = self._settings.drain.timeout_seconds
        # A caller who has waited until the deadline is told so, before the connection goes.
        deadline = asyncio.get_running_loop().call_later(timeout_seconds, self._close_models)
        await asyncio.gather(*(listener.stop(timeout_seconds + LAST_WORDS_SECONDS) for listener in listeners))
        deadline.cancel()
        is_clean = not self._is_closed
        self._lifecycle.enter(Phase.STOPPED)
        self._door.stop()
        if self._monitor is not None:
            self._monitor.stop()
        if self._ids is not None:
            self._ids.stop()
        self._close_models()
        logs.event("stopped", is_clean=is_clean)
        return is_clean

    def _close_models(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._repository.close()
        self._device.close()

    def _hear(self, number: signal.Signals) -> None:
        if self._signals:
            logs.event("killed", signal=number.name)
            # Whoever asks twice does not want to wait; a thread inside TensorFlow could not be asked to stop.
            os._exit(KILLED + number)
        self._signals.append(number)
        logs.event("stopping", signal=number.name)
        self._stop.set()

    def _tell_phase(self, phase: Phase) -> None:
        self._metrics.enter_phase(phase, Phase)
        self._metrics.draining.set(self._lifecycle.is_draining)
        if phase is not self._told:
            self._told = phase
            logs.event("phase", phase=phase)
        if self._lifecycle.is_ready is not self._told_ready:
            self._told_ready = self._lifecycle.is_ready
            seconds = round(perf_counter() - self._began, 3)
            logs.event("ready" if self._told_ready else "not_ready", models=self._catalogue.names(), seconds=seconds)


def leave(status: int) -> NoReturn:
    """End the process, whatever a thread still does inside TensorFlow: there is no way to stop one."""
    if any(thread.name.startswith(THREADS) for thread in threading.enumerate()):
        logging.shutdown()
        os._exit(status)
    sys.exit(status)
