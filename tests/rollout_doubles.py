"""Fakes of what a rollout is carried with: Leases with versions, a way to share traffic, gates, and a clock."""

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from k8s.api_server import ApiError, Conflict, NotFound, Unreachable
from k8s.json_object import Json
from k8s.rollout.backends.backend import NO_HEADERS
from k8s.rollout.clock import Clock
from k8s.rollout.gates.finding import Finding, Judgement
from k8s.rollout.machine.needs import Needs
from k8s.rollout.seen import Health, Traffic
from k8s.rollout.side import Side
from k8s.rollout.view import View


class FakeTime:
    """Runs only where somebody pauses."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now
        self.at: list[tuple[float, Callable[[], None]]] = []
        """What happens at a time, as another process would do it."""

    def pause(self, seconds: float) -> None:
        self.now += seconds
        due = [each for each in self.at if each[0] <= self.now]
        self.at = [each for each in self.at if each[0] > self.now]
        for _, happens in due:
            happens()

    def after(self, seconds: float, happens: Callable[[], None]) -> None:
        self.at.append((self.now + seconds, happens))

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.now, lambda: self.now, self.pause)


class FakeObjects:
    """An API server's objects, with versions and merge patches."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, ...], dict[str, Any]] = {}
        self.version = 1
        self.fails: Callable[[str, tuple[str, ...]], ApiError | None] = lambda _verb, _path: None

    def read(self, *path: str, **query: str) -> Json:
        self._fail("get", path)
        if path not in self.objects:
            raise NotFound(f"{path[-1]} not found")
        return copy.deepcopy(self.objects[path])

    def create(self, body: Json, *path: str) -> Json:
        self._fail("create", path)
        where = (*path, body["metadata"]["name"])
        if where in self.objects:
            raise Conflict(f"{where[-1]} already exists")
        return self._put(where, copy.deepcopy(dict(body)))

    def patch(self, body: Json, *path: str) -> Json:
        self._fail("patch", path)
        if path not in self.objects:
            raise NotFound(f"{path[-1]} not found")
        wanted = (body.get("metadata") or {}).get("resourceVersion")
        if wanted and wanted != self.objects[path]["metadata"]["resourceVersion"]:
            raise Conflict("the object has been modified")
        return self._put(path, _merged(self.objects[path], body))

    def _put(self, where: tuple[str, ...], made: dict[str, Any]) -> Json:
        self.version += 1
        made["metadata"]["resourceVersion"] = str(self.version)
        self.objects[where] = made
        return copy.deepcopy(made)

    def _fail(self, verb: str, path: tuple[str, ...]) -> None:
        error = self.fails(verb, path)
        if error is not None:
            raise error


def _merged(old: Any, new: Any) -> Any:
    if not isinstance(new, Mapping):
        return copy.deepcopy(new)
    kept = dict(old) if isinstance(old, Mapping) else {}
    for key, value in new.items():
        if value is None:
            kept.pop(key, None)
        else:
            kept[key] = _merged(kept.get(key), value)
    return kept


class FakeBackend:
    """Shares as it is told to, at once."""

    name = "gateway"
    target = "httproute/mnist"

    def __init__(self, percent: float = 0.0) -> None:
        self.percent = percent
        self.done: list[str] = []
        self.error: ApiError | None = None
        self.act_error: Exception | None = None
        self.canary = Health(ready=True, pods=1)

    def names(self) -> Mapping[Side, str]:
        return {Side.STABLE: "blue", Side.CANARY: "green"}

    def matchers(self, side: Side) -> str:
        return f'variant="{self.names()[side]}"'

    def nearest(self, percent: float) -> float:
        return percent

    def check(self) -> list[str]:
        return []

    def deploy(self) -> None:
        self._do("deploy")

    def traffic(self) -> Traffic:
        self._answer()
        return Traffic(self.percent)

    def health(self, side: Side) -> Health:
        self._answer()
        return self.canary if side is Side.CANARY else Health(ready=True, pods=2)

    def shift(self, percent: float) -> None:
        self._do(f"shift {percent:g}")
        self.percent = percent

    def promote(self) -> None:
        self._do("promote")
        self.percent = 100.0

    def discard(self) -> None:
        self._do("discard")

    def ask(
        self, side: Side, path: str, body: bytes | None = None, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, bytes]:
        return 200, b"{}"

    def _do(self, what: str) -> None:
        self._answer()
        if self.act_error is not None:
            raise self.act_error
        self.done.append(what)

    def _answer(self) -> None:
        if self.error is not None:
            raise self.error


SILENCE = Unreachable("the API server at http://somewhere cannot be reached: it is silent")


def finding(judgement: Judgement = Judgement.PASSED, gate: str = "error_ratio", samples: int = 500) -> Finding:
    """One gate's conclusion, with numbers."""
    value = 0.02 if judgement is Judgement.FAILED else 0.001
    return Finding(gate, judgement, f"{gate} {judgement}", value, 0.001, 0.01, "ratio", samples)


class FakeJudge:
    """Says what it is told to."""

    def __init__(self, *findings: Finding) -> None:
        self.findings: Sequence[Finding] = findings or (finding(),)
        self.error: Exception | None = None
        self.asked: list[Needs] = []

    def __call__(self, needs: Needs, canary: Health | None, stable: Health | None) -> Sequence[Finding]:
        self.asked.append(needs)
        if self.error is not None:
            raise self.error
        return self.findings


class Heard:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.views: list[View] = []
        self.sentences: list[str] = []
        self.notes: list[str] = []

    def turned(self, view: View) -> None:
        self.views.append(view)

    def said(self, sentence: str) -> None:
        self.sentences.append(sentence)

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)
