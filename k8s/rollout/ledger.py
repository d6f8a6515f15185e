"""The lock of a rollout and its state, both in one Lease: whoever holds the one may write the other.

Every write compares the version that was read last and swaps; so a process
that was asleep while another took over writes nothing, and finds out. Whether a
holder lives is told by its beat as seen from here, as client-go does: clocks of
two machines are never compared.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from k8s.api_server import Conflict, NotFound
from k8s.json_object import Json
from k8s.rollout import lease
from k8s.rollout.clock import Clock
from k8s.rollout.holder import is_provably_gone, readable
from k8s.rollout.lease import Request, Sheet
from k8s.rollout.machine.state import State
from k8s.rollout.report.record import Record
from k8s.rollout.terms import Terms

ATTEMPTS = 5
"""A write that meets somebody else's is tried again with what they wrote, so often."""

WATCH_SECONDS = 1.0


class Held(Exception):
    """A living process elsewhere carries this rollout."""

    def __init__(self, target: str, holder: str, since: str) -> None:
        super().__init__(
            f"{target} is being rolled out by {readable(holder)} (alive at {since}); "
            f"--status shows how far, --abort asks it to take traffic back"
        )
        self.holder = holder


class Lost(Exception):
    """Another process has taken over; nothing more may be written."""


class Leases(Protocol):
    """What the API server is asked for; all raise ApiError."""

    def read(self, *path: str, **query: str) -> Json:
        """Give the object at a path."""

    def create(self, body: Json, *path: str) -> Json:
        """Make an object in the list at a path."""

    def patch(self, body: Json, *path: str) -> Json:
        """Change the object at a path, where it is still of the version that the body names."""


class Ledger:
    """The Lease of one target, as one process sees it."""

    def __init__(
        self,
        api: Leases,
        namespace: str,
        target: str,
        me: str,
        *,
        seconds: float = 30.0,
        clock: Clock | None = None,
        is_gone: Callable[[str], bool] = is_provably_gone,
    ) -> None:
        self._api = api
        self.target = target
        self.me = me
        self._seconds = seconds
        self._clock = clock or Clock()
        self._is_gone = is_gone
        self._list = (*lease.GROUP, "namespaces", namespace, "leases")
        self._name = lease.name_of(target)
        self._namespace = namespace
        self._version = ""
        self._renewed = float("-inf")
        self._notes: dict[str, str | None] = {}
        self.request: Request | None = None
        """What was asked from beside, as of the last read or write."""

    def look(self) -> Sheet | None:
        """Read what is written, without holding it. Raises ApiError, Unreadable."""
        try:
            return lease.read(self._api.read(*self._list, self._name))
        except NotFound:
            return None

    def take(self, tell: Callable[[str], None]) -> Sheet:
        """Become the holder, and give what was written before. Raises Held, ApiError, Unreadable."""
        seen: Sheet | None = None
        since = 0.0
        while True:
            sheet = self.look()
            now = self._clock.steady()
            if sheet is None:
                with suppress(Conflict):
                    return self._made()
                continue
            if not sheet.holder or sheet.holder == self.me or self._is_gone(sheet.holder):
                with suppress(Conflict):
                    return self._taken(sheet)
                continue
            if seen is None:
                seen, since = sheet, now
                tell(
                    f"{readable(sheet.holder)} held the lock, last heard of at {sheet.renewed}; "
                    f"waiting for at most {sheet.seconds:.0f} s to see whether it lives"
                )
            elif sheet.beat != seen.beat:
                raise Held(self.target, sheet.holder, sheet.renewed)
            elif now - since >= sheet.seconds:
                with suppress(Conflict):
                    return self._taken(sheet)
                continue
            self._clock.pause(min(WATCH_SECONDS, sheet.seconds / 4))

    def write(self, state: State, terms: Terms, record: Record, *, is_heard: bool = False) -> None:
        """Write the state down, and with it that this process lives; `is_heard` takes the request away.

        Raises Lost, ApiError.
        """
        notes = lease.annotations(state, terms, record)
        if is_heard:
            notes |= lease.request_annotation(None)
        self._swap({"annotations": notes})

    def keep(self) -> None:
        """Renew where that is due. Raises Lost, ApiError."""
        if self._clock.steady() - self._renewed >= self._seconds / 3:
            self._swap({})

    def listen(self) -> Request | None:
        """Hear what is asked from beside, and whether the lock is still held. Raises Lost, ApiError, Unreadable."""
        sheet = self.look()
        if sheet is not None:
            self._check(sheet)
            self._version, self.request = sheet.version, sheet.request
        return self.request

    def release(self) -> None:
        """Let another start at once. Raises Lost, ApiError."""
        self._swap({}, holder="")

    def ask(self, request: Request | None) -> None:
        """Write a request for whoever holds it. Raises ApiError, Unreadable."""
        for attempt in range(ATTEMPTS):
            sheet = self.look()
            if sheet is None:
                return
            try:
                self._patch(sheet.version, {"annotations": lease.request_annotation(request)})
                return
            except Conflict:
                if attempt == ATTEMPTS - 1:
                    raise

    def _made(self) -> Sheet:
        now = self._clock.wall()
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": self._name,
                "namespace": self._namespace,
                "labels": {"app.kubernetes.io/managed-by": "ecluse-rollout"},
                "annotations": {key: note for key, note in self._notes.items() if note is not None},
            },
            "spec": lease.spec(self.me, self._seconds, now, acquireTime=lease.moment(now), leaseTransitions=0),
        }
        return self._held(self._api.create(body, *self._list))

    def _taken(self, sheet: Sheet) -> Sheet:
        now = self._clock.wall()
        more = {"acquireTime": lease.moment(now), "leaseTransitions": sheet.changes_of_holder + 1}
        return self._held(self._patch(sheet.version, {}, lease.spec(self.me, self._seconds, now, **more)))

    def _swap(self, metadata: dict[str, Any], holder: str | None = None) -> None:
        """Write as the holder. A version that has moved on is read again: somebody may have asked for something."""
        for attempt in range(ATTEMPTS):
            body = lease.spec(self.me if holder is None else holder, self._seconds, self._clock.wall())
            try:
                self._held(self._patch(self._version, metadata, body))
                return
            except Conflict:
                if attempt == ATTEMPTS - 1:
                    raise
                self.listen()
            except NotFound:
                # Somebody has deleted it in the middle; the state is still known here.
                with suppress(Conflict):
                    self._made()

    def _patch(self, version: str, metadata: dict[str, Any], spec: dict[str, Any] | None = None) -> Json:
        self._notes |= metadata.get("annotations") or {}
        body: dict[str, Any] = {"metadata": {"resourceVersion": version, **metadata}}
        if spec is not None:
            body["spec"] = spec
        return self._api.patch(body, *self._list, self._name)

    def _held(self, found: Json) -> Sheet:
        sheet = lease.read(found)
        self._version, self.request = sheet.version, sheet.request
        self._renewed = self._clock.steady()
        return sheet

    def _check(self, sheet: Sheet) -> None:
        if sheet.holder != self.me:
            who = readable(sheet.holder) if sheet.holder else "another process"
            raise Lost(f"{who} has taken the rollout of {self.target} over; this process has stopped")
