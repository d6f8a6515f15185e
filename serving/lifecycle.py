"""The phases of the process, and what each one promises.

loading -> warming -> ready -> draining -> stopped. Health answers are read off
the phase and off whether every required model can answer; nothing else decides
them. Going back is refused, and so is skipping ahead, but for stopping, which is
possible from anywhere. Pure: changes are told to whoever asked to hear of them.
"""

from collections.abc import Callable
from enum import StrEnum


class Phase(StrEnum):
    LOADING = "loading"
    """Ports are open; only liveness is true."""
    WARMING = "warming"
    """The model is loaded and runs made-up rows."""
    READY = "ready"
    DRAINING = "draining"
    """Not ready any more, so that callers go elsewhere; requests are still served."""
    STOPPED = "stopped"
    """No request is taken."""


NEXT = {
    Phase.LOADING: {Phase.WARMING, Phase.DRAINING, Phase.STOPPED},
    Phase.WARMING: {Phase.READY, Phase.DRAINING, Phase.STOPPED},
    Phase.READY: {Phase.DRAINING, Phase.STOPPED},
    Phase.DRAINING: {Phase.STOPPED},
    Phase.STOPPED: set[Phase](),
}


class Lifecycle:
    """Where the process is in its life."""

    def __init__(self) -> None:
        self.phase = Phase.LOADING
        self._models_are_ready = True
        self._listeners: list[Callable[[Phase], None]] = []

    def listen(self, listener: Callable[[Phase], None]) -> None:
        """Call `listener` with the phase, now and at every change of it or of `is_ready`."""
        self._listeners.append(listener)
        listener(self.phase)

    def enter(self, phase: Phase) -> None:
        if phase not in NEXT[self.phase]:
            raise ValueError(f"a process that is {self.phase} cannot become {phase}")
        self.phase = phase
        self._tell()

    def tell_models(self, *, are_ready: bool) -> None:
        """Say whether every model that is required can answer, and that there is one."""
        if are_ready is not self._models_are_ready:
            self._models_are_ready = are_ready
            self._tell()

    @property
    def is_ready(self) -> bool:
        """Whether callers should be sent here."""
        return self.phase is Phase.READY and self._models_are_ready

    @property
    def is_draining(self) -> bool:
        return self.phase is Phase.DRAINING or self.phase is Phase.STOPPED

    def _tell(self) -> None:
        for listener in self._listeners:
            listener(self.phase)
