"""One model and its versions in memory: each on its way in, serving, or on its way out.

Brings what is served in line with what is wanted, as `versions.py` decides it.
A version is loaded and warmed up on a thread beside those that serve, and gets
requests only then. One that gives way answers all it was sent before it goes:
its endpoint leaves the catalogue, whoever has it in hand still finishes, and
when nobody has, its memory is given back. A version that cannot be loaded
changes nothing but what is told of it.
"""

import asyncio
import gc
import weakref
from collections.abc import Iterator, Mapping
from functools import partial
from time import perf_counter

from serving import logs
from serving.catalogue import Catalogue
from serving.errors import ServingError, StartupError
from serving.lifecycle import Lifecycle, Phase
from serving.metrics import Metrics
from serving.model_folder import Content
from serving.served_version import Failure, Found, Rules, Slot, Source, State, Version
from serving.slow_work import on_thread
from serving.versions import Load, Unload, by_number, next_change, wanted

POLL_SECONDS = 0.05


class ServedModel:
    """The versions of one model."""

    def __init__(
        self,
        source: Source,
        pinned: frozenset[str],
        rules: Rules,
        catalogue: Catalogue,
        metrics: Metrics,
        lifecycle: Lifecycle,
    ) -> None:
        """`pinned` versions are served whatever the policy says."""
        self.name = source.name
        self.source = source
        self.is_wanted = True
        """False from `unload` on, until it is asked for again."""
        self._pinned = pinned
        self._rules = rules
        self._catalogue = catalogue
        self._metrics = metrics
        self._lifecycle = lifecycle
        self._slots: list[Slot] = []
        self._failures: dict[str, Failure] = {}
        self._changing = asyncio.Lock()
        self._leaving: set[asyncio.Task[None]] = set()
        catalogue.announce(self.name)
        metrics.announce(self.name)

    def __repr__(self) -> str:
        slots = ", ".join(f"{slot.number} {slot.state}" for slot in self._slots) or "nothing loaded"
        return f"<ServedModel {self.name}: {slots}>"

    @property
    def ready(self) -> Mapping[str, Content]:
        """The versions that answer, as their files looked when they were loaded."""
        return {slot.number: slot.found.content for slot in self._slots if slot.state is State.READY}

    @property
    def newest_failure(self) -> Failure | None:
        return self._failures[max(self._failures, key=by_number)] if self._failures else None

    def states(self) -> Iterator[tuple[str, State, str]]:
        """Every version that is known of, its state and the reason for it."""
        told = {slot.number: (slot.state, "") for slot in self._slots}
        for number, failure in self._failures.items():
            told.setdefault(number, (State.UNAVAILABLE, failure.reason))
        if not told:
            told[""] = (State.UNAVAILABLE, "no version is there" if self.is_wanted else "unloaded")
        for number in sorted(told, key=by_number):
            yield number, *told[number]

    async def align(self, found: Mapping[str, Found]) -> None:
        """Load versions and let versions go until those that should be served are."""
        async with self._changing:
            self._forget_failures(found)
            while self.is_wanted and (change := self._next_change(found)) is not None:
                match change:
                    case Load():
                        await self._load(found[change.version])
                    case Unload():
                        leaving = self._dismiss(change.version)
                        if self._rules.unload_first:
                            await leaving

    async def unload(self) -> None:
        """Serve nothing any more; done once every request is answered and the memory is free."""
        self.is_wanted = False
        async with self._changing:
            self._catalogue.withdraw(self.name)
            self._forget_failures({})
            await asyncio.gather(*(self._dismiss(number) for number in self.ready))

    def welcome(self) -> None:
        """Serve it again, and try again what failed."""
        self.is_wanted = True
        self._catalogue.announce(self.name)
        self._forget_failures({})

    def drain(self) -> None:
        for slot in self._slots:
            slot.served.drain()

    def close(self) -> None:
        for slot in self._slots:
            slot.served.close()

    def _next_change(self, found: Mapping[str, Found]) -> Load | Unload | None:
        contents = {number: each.content for number, each in found.items()}
        failed = {number: failure.content for number, failure in self._failures.items()}
        goal = wanted(self._rules.policy, self._pinned, contents, failed)
        return next_change(goal, self.ready, unload_first=self._rules.unload_first)

    # In

    async def _load(self, found: Found) -> None:
        slot = Slot(found, self.source.version(found.version))
        number = slot.number
        self._slots.append(slot)
        self._metrics.load_begins(self.name, number)
        self._tell(number, State.LOADING)
        self._catalogue.explain(self.name, number, "is loading, try again soon")
        began = perf_counter()
        try:
            await on_thread(slot.served.load_graph)
            if self._lifecycle.phase is Phase.LOADING:
                self._lifecycle.enter(Phase.WARMING)
            await self._warm_up(slot.served)
            endpoint = slot.served.open(self._metrics)
        # A user's code is loaded too, and whatever it raises must leave the others serving.
        except Exception as error:  # noqa: BLE001
            self._slots.remove(slot)
            self._fail(slot, error)
            return
        before = next((other for other in self._slots if other.number == number and other is not slot), None)
        slot.endpoint = weakref.ref(endpoint)
        slot.state = State.READY
        self._catalogue.open(endpoint)
        self._tell(number, State.READY)
        self._metrics.serves(self.name, number, partial(self._is_ready, number))
        logs.event(
            "model_serves",
            model_name=self.name,
            model_version=number,
            versions=self._catalogue.versions(self.name),
            seconds=round(perf_counter() - began, 3),
        )
        if before is not None:
            self._dismiss_slot(before)

    async def _warm_up(self, version: Version) -> None:
        try:
            await on_thread(version.warm_up)
        except ServingError as error:
            raise StartupError(f"it cannot be warmed up: {error}") from error

    def _fail(self, slot: Slot, error: Exception) -> None:
        slot.served.close()
        is_told = isinstance(error, StartupError | ServingError)
        reason = str(error) if is_told else f"{type(error).__name__}: {error}"
        self._failures[slot.number] = Failure(slot.found.content, reason)
        self._catalogue.explain(self.name, slot.number, f"could not be loaded: {reason}")
        still_serves = slot.number in self.ready
        self._tell(slot.number, State.READY if still_serves else State.UNAVAILABLE)
        self._metrics.load_failed(self.name, slot.number)
        logs.event(
            "model_load_failed",
            level=logs.ERROR,
            error=None if is_told else error,
            model_name=self.name,
            model_version=slot.number,
            reason=reason,
            still_served=self._catalogue.versions(self.name),
        )

    def _forget_failures(self, found: Mapping[str, Found]) -> None:
        """Let those be tried again whose files changed; those whose files are gone are not told of any more."""
        for number, failure in list(self._failures.items()):
            if number in found and found[number].content == failure.content:
                continue
            del self._failures[number]
            self._catalogue.explain(self.name, number, "")
            if number not in self.ready:
                self._metrics.retire(self.name, number)

    def _tell(self, number: str, state: State) -> None:
        self._metrics.enter_state(self.name, number, state)

    def _is_ready(self, number: str) -> bool:
        return number in self.ready and not self._lifecycle.is_draining

    # Out

    def _dismiss(self, number: str) -> "asyncio.Task[None]":
        slot = next(slot for slot in self._slots if slot.number == number and slot.state is State.READY)
        self._catalogue.close(self.name, number)
        return self._dismiss_slot(slot)

    def _dismiss_slot(self, slot: Slot) -> "asyncio.Task[None]":
        """Let a version go that gets no new requests any more."""
        slot.state = State.UNLOADING
        if slot.number not in self.ready:
            self._tell(slot.number, State.UNLOADING)
        leaving = asyncio.create_task(self._let_go(slot))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
        return leaving

    async def _let_go(self, slot: Slot) -> None:
        slot.served.drain()
        is_clean = True
        began = perf_counter()
        while is_clean and not _is_released(slot):
            await asyncio.sleep(POLL_SECONDS)
            # A request that ended in an error may hold its endpoint in a cycle. The heap is frozen, so this is short.
            gc.collect(1)
            is_clean = perf_counter() - began < self._rules.drain_seconds
        slot.served.close()
        self._slots.remove(slot)
        if all(other.number != slot.number for other in self._slots):
            self._metrics.retire(self.name, slot.number)
        number = slot.number
        del slot
        gc.collect()
        logs.event("model_unloaded", model_name=self.name, model_version=number, is_clean=is_clean)


def _is_released(slot: Slot) -> bool:
    return slot.served.is_idle and (slot.endpoint is None or slot.endpoint() is None)
