"""What the faulty server does wrong, when and how often: values in, a deed out.

Shares are exact and not drawn: a share of 0.01 befalls each hundredth request,
so that a test knows how many there were. Time counts from when the load has
begun. Knows no socket and no clock.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple, Self, get_type_hints

KINDS: Mapping[str, str] = {
    "freeze": "the whole process stands still for `seconds`, once",
    "die": "the process ends, without a word to anybody",
    "status": "requests are answered with `code`, and `reason` where there is one",
    "slow": "answers come `seconds` later",
    "grow": "answers come later and later, by `rate` seconds each second",
    "queue": "`rate` requests a second are answered, one after another; those that would wait for `seconds` are shed",
    "wrong": "answers are wrong in the way of `how`: label, rows, shape, nan, id, name, garbage",
    "cut": "the connection is cut, `how`: before the answer, within it, reset (RST_STREAM), goaway",
    "refuse": "new connections are reset as they come",
    "unready": "the model says that it is loading",
    "swap": "another version of the model answers",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong: `kind,key=value,...` on the command line."""

    kind: str
    begins: float = 0.0
    ends: float = inf
    share: float = 1.0
    times: int = 0
    """How often at most; 0 is without end."""
    seconds: float = 0.0
    rate: float = 0.0
    code: int = 503
    reason: str = ""
    how: str = ""

    @classmethod
    def read(cls, text: str) -> Self:
        kind, *given = text.split(",")
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is no fault: {', '.join(KINDS)}")
        words = dict(each.split("=") for each in given)
        types: dict[str, Any] = get_type_hints(cls)
        return cls(kind, **{name: types[name](value) for name, value in words.items()})


class Deed(NamedTuple):
    """What is done with one request."""

    delay: float = 0.0
    code: int = 200
    reason: str = ""
    wrong: str = ""
    cut: str = ""
    version: str = "1"


class Faults:
    """Says for each request what is done with it, and keeps count."""

    def __init__(self, faults: tuple[Fault, ...] = ()) -> None:
        self._faults = faults
        self._owed = [0.0] * len(faults)
        self._seen = [0] * len(faults)
        self._queue_ends = 0.0
        self.counts: Counter[str] = Counter()
        """How often each befell, by its kind and what tells it from others of its kind."""

    def of(self, *kinds: str) -> list[Fault]:
        return [fault for fault in self._faults if fault.kind in kinds]

    def connection_is_refused(self, now: float) -> bool:
        return any(self._befalls(index, now) for index, fault in enumerate(self._faults) if fault.kind == "refuse")

    def is_ready(self, now: float) -> bool:
        return not any(fault.begins <= now < fault.ends for fault in self.of("unready"))

    def deed(self, now: float, *, has_id: bool = True) -> Deed:
        """Say what is done with a request; whose answer bears no id cannot be given another's."""
        deed = Deed()
        for index, fault in enumerate(self._faults):
            if fault.kind in ("freeze", "die", "refuse") or (deed.code != 200 and fault.kind == "status"):
                continue
            if fault.how == "id" and not has_id:
                continue
            if self._befalls(index, now):
                deed = self._done(deed, fault, now)
        return deed

    def _done(self, deed: Deed, fault: Fault, now: float) -> Deed:
        match fault.kind:
            case "slow":
                return deed._replace(delay=deed.delay + fault.seconds)
            case "grow":
                return deed._replace(delay=deed.delay + fault.rate * (now - fault.begins))
            case "status":
                return deed._replace(code=fault.code, reason=fault.reason)
            case "unready":
                return deed._replace(code=503, reason="loading")
            case "wrong":
                return deed._replace(wrong=fault.how)
            case "cut":
                return deed._replace(cut=fault.how)
            case "swap":
                return deed._replace(version="2")
            case _:
                return self._queued(deed, fault, now)

    def _queued(self, deed: Deed, fault: Fault, now: float) -> Deed:
        wait = max(0.0, self._queue_ends - now)
        if fault.seconds and wait > fault.seconds:
            self.counts["shed"] += 1
            return deed._replace(code=503, reason="queue_full")
        self._queue_ends = now + wait + 1 / fault.rate
        return deed._replace(delay=deed.delay + wait + 1 / fault.rate)

    def _befalls(self, index: int, now: float) -> bool:
        fault = self._faults[index]
        if not fault.begins <= now < fault.ends or (fault.times and self._seen[index] >= fault.times):
            return False
        self._owed[index] += fault.share
        # Shares such as 0.01 add up to a hair less than one.
        if self._owed[index] < 1 - 1e-9:
            return False
        self._owed[index] -= 1
        self._seen[index] += 1
        self.counts[name(fault)] += 1
        return True


def name(fault: Fault) -> str:
    if fault.kind == "status":
        return f"status {fault.code}"
    return f"{fault.kind} {fault.how}".strip()
