"""How waiting ends, and what a script sees of it."""

from dataclasses import dataclass
from enum import IntEnum

from k8s.wait.progress import Progress


class Exit(IntEnum):
    """The exit status of the command; scripts depend on these numbers."""

    ROLLED_OUT = 0
    USAGE = 1
    FAILED = 2
    TIMEOUT = 3
    INFRASTRUCTURE = 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of it, in one sentence; `log` holds the last lines of the container that is to blame."""

    exit: Exit
    sentence: str
    seconds: float
    reason: str = ""
    """The Kind of trouble, for machines; empty where all went well."""

    pod: str = ""
    container: str = ""
    log: tuple[str, ...] = ()
    progress: Progress | None = None
