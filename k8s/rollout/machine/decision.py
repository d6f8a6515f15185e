"""What is decided after a look."""

from dataclasses import dataclass

from k8s.rollout.machine.act import Act
from k8s.rollout.machine.state import State
from k8s.rollout.outcome import Exit


@dataclass(frozen=True, slots=True)
class Decision:
    """The state to write down first, then what to do, and what to tell a person."""

    state: State
    acts: tuple[Act, ...] = ()
    told: tuple[str, ...] = ()
    leave: Exit | None = None
    """Give up in this process, though the rollout has not ended: its state stays, and the next start goes on."""
