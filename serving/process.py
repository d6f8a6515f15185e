"""The life of the process, from its ports to its exit status.

Opens the ports, loads and warms the models while liveness already answers,
serves, and on a signal drains: readiness goes first, then both listeners close
together under one deadline, and every request taken is answered. Reads like a
list of steps because order is all it has to get right.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from time import perf_counter
from typing import NoReturn, Protocol, TypeVar

from serving import VERSION, logs, tls
from serving.catalogue import Catalogue
from serving.door import door_of
from serving.endpoint import Endpoint
from serving.errors import ServingError, StartupError
from serving.extensions import Extensions
from serving.grpc_server import GrpcListener, grpc_listener
from serving.http_listener import HttpListener
from serving.lifecycle import Lifecycle, Phase
from serving.metrics import Metrics
from serving.rest import RestApp
from serving.settings import Settings

T = TypeVar("T")

KILLED = 128
"""What a shell adds to a signal's number in the status of a process that it ended."""

LAST_WORDS_SECONDS = 1.0
"""What is left after the drain's deadline to answer those whose requests it cut off."""

THREADS = ("loading", "lane")
"""How the names of threads begin that may be inside TensorFlow."""

YOUNG_OBJECTS = 50_000
"""New objects before the collector looks: at its own 700 it walks the young ones many times a batch."""


class ServedModel(Protocol):
    """A model on its way to an endpoint. The first two calls are made on a thread and may be slow."""

    name: str

    def load_graph(self) -> None: ...

    def warm_up(self) -> None: ...

    def open(self, metrics: Metrics) -> Endpoint:
        """Begin to answer; called on the event loop."""
        ...

    def drain(self) -> None:
        """Let what is queued leave at once."""
        ...

    def close(self) -> None: ...


class Process:
    """One server process: its models, its two listeners and its life."""

    def __init__(self, settings: Settings, models: Sequence[ServedModel], metrics: Metrics) -> None:
        self._settings = settings
        self._models = models
        self._metrics = metrics
        self._lifecycle = Lifecycle()
        self._catalogue = Catalogue(self._lifecycle)
        self._door = door_of(settings)
        self._extensions = Extensions(self._catalogue, None)
        self._server_metadata = {"name": "ecluse", "version": VERSION, "extensions": self._extensions.names}
        self._signals: list[signal.Signals] = []
        self._is_closed = False
        self._phase_told: Phase | None = None

    async def run(self) -> int:
        """Serve until a signal says otherwise; gives the exit status."""
        self._stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._hear, number)
        for model in self._models:
            self._catalogue.announce(model.name)
        rest, grpc = self._listeners()
        await rest.start()
        if grpc is not None:
            await grpc.start()
        self._door.start()
        self._lifecycle.listen(self._tell_phase)
        logs.event("listening", http_port=rest.port, grpc_port=grpc.port if grpc else None)
        try:
            if await self._until_stopped(self._load()):
                await self._stop.wait()
        finally:
            is_clean = await self._drain([listener for listener in (rest, grpc) if listener is not None])
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
        )
        files = tls.files_of(settings.tls.certificate, settings.tls.key, settings.tls.client_ca)
        if files is not None:
            tls.ServerTls(files, ["http/1.1"])
        address = settings.bind_address
        rest = HttpListener(
            app,
            address,
            settings.http_port,
            payload_bytes=settings.limit.payload_bytes,
            keep_alive_seconds=settings.http.keep_alive_seconds,
        )
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
        )
        return rest, grpc

    async def _load(self) -> None:
        began = perf_counter()
        for model in self._models:
            await on_thread(model.load_graph)
        self._lifecycle.enter(Phase.WARMING)
        for model in self._models:
            try:
                await on_thread(model.warm_up)
            except ServingError as error:
                raise StartupError(f"model {model.name!r} cannot be warmed up: {error}") from error
            endpoint = model.open(self._metrics)
            endpoint.metrics.watch("ecluse_model_ready", partial(self._catalogue.is_ready, model.name))
            self._catalogue.open(endpoint)
        # TensorFlow's heap is large and lives as long as the process: a collector that walks it is the tail latency.
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG_OBJECTS, 50, 100)
        self._lifecycle.enter(Phase.READY)
        logs.event("ready", models=self._catalogue.names(), seconds=round(perf_counter() - began, 3))

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
        was_ready = self._lifecycle.is_ready
        self._lifecycle.enter(Phase.DRAINING)
        if was_ready and signal.SIGTERM in self._signals:
            await asyncio.sleep(self._settings.drain.lame_duck_seconds)
        for model in self._models:
            model.drain()
        timeout_seconds = self._settings.drain.timeout_seconds
        # A caller who has waited until the deadline is told so, before the connection goes.
        deadline = asyncio.get_running_loop().call_later(timeout_seconds, self._close_models)
        await asyncio.gather(*(listener.stop(timeout_seconds + LAST_WORDS_SECONDS) for listener in listeners))
        deadline.cancel()
        is_clean = not self._is_closed
        self._lifecycle.enter(Phase.STOPPED)
        self._door.stop()
        self._close_models()
        logs.event("stopped", is_clean=is_clean)
        return is_clean

    def _close_models(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        for model in self._models:
            model.close()

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
        if phase is not self._phase_told:
            self._phase_told = phase
            logs.event("phase", phase=phase)


def on_thread(work: Callable[[], T]) -> "asyncio.Future[T]":
    """Run slow work on a thread of its own, which does not hold up the exit of the process."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # either a result or an error

    def run() -> None:
        result: T | None = None
        error: BaseException | None = None
        try:
            result = work()
        # The border of a thread: what is raised here would otherwise be seen by nobody.
        except BaseException as raised:  # noqa: BLE001
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop may have ended, and then nobody waits
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="loading", daemon=True).start()
    return done


def leave(status: int) -> NoReturn:
    """End the process, whatever a thread still does inside TensorFlow: there is no way to stop one."""
    if any(thread.name.startswith(THREADS) for thread in threading.enumerate()):
        logging.shutdown()
        os._exit(status)
    sys.exit(status)
