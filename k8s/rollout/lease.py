"""The Lease of a rollout as an object of Kubernetes: who holds it, and what is written on it.

Pure: `ledger.py` reads and writes it. Three annotations carry what must
outlive a process: the state, the terms it was begun with, the record for the
report; a fourth is what somebody beside asks for.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from k8s.json_object import Json
from k8s.rollout import terms as terms_form
from k8s.rollout.machine import state_json
from k8s.rollout.machine.state import State
from k8s.rollout.report import record_json
from k8s.rollout.report.record import Record
from k8s.rollout.terms import Terms

STATE = "ecluse.example/rollout"
TERMS = "ecluse.example/rollout-terms"
RECORD = "ecluse.example/rollout-record"
REQUEST = "ecluse.example/rollout-request"

NOTHING = Record()

MOST_BYTES = 240 * 1024
"""Of all annotations together; the API server takes 256 KiB, and refuses what is more."""
MOST_LOG_BYTES = 100 * 1024

GROUP = ("apis", "coordination.k8s.io", "v1")


class Unreadable(Exception):
    """The Lease holds what this version of the tool cannot read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody beside the running process asks of it."""

    ask: Literal["abort", "approve"]
    by: str
    at: float
    step: int = 0
    """Of an approval: the step that it is for."""
    rollout: str = ""
    """Identity of the rollout it is meant for."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a Lease says."""

    version: str
    holder: str = ""
    renewed: str = ""
    """By the holder's clock, which may be wrong; compared with what it was, never with the time here."""
    seconds: float = 30.0
    changes_of_holder: int = 0
    state: State | None = None
    terms: Terms | None = None
    record: Record = NOTHING
    request: Request | None = None

    @property
    def beat(self) -> tuple[str, str, int]:
        """Changes as long as its holder lives."""
        return self.holder, self.renewed, self.changes_of_holder


def name_of(target: str) -> str:
    """Name the Lease of KIND/NAME."""
    kind, _, name = target.partition("/")
    return f"ecluse-rollout-{kind}-{name}"


def read(lease: Json) -> Sheet:
    """Read a Lease. Raises Unreadable."""
    metadata, spec = lease.get("metadata") or {}, lease.get("spec") or {}
    notes = metadata.get("annotations") or {}
    try:
        return Sheet(
            version=str(metadata.get("resourceVersion", "")),
            holder=str(spec.get("holderIdentity") or ""),
            renewed=str(spec.get("renewTime") or ""),
            seconds=float(spec.get("leaseDurationSeconds") or 30),
            changes_of_holder=int(spec.get("leaseTransitions") or 0),
            state=state_json.from_json(notes[STATE]) if notes.get(STATE) else None,
            terms=terms_form.from_json(notes[TERMS]) if notes.get(TERMS) else None,
            record=_record(notes.get(RECORD, "")),
            request=_request(notes.get(REQUEST, "")),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(
            f"lease/{metadata.get('name')} holds the state of a rollout that cannot be read ({error}); where no "
            f"rollout runs and the shares are as you want them, delete the Lease"
        ) from None


def annotations(state: State, terms: Terms, record: Record) -> dict[str, str | None]:
    """Give what a holder writes on it."""
    written = {STATE: _state(state), TERMS: terms_form.to_json(terms)}
    left = MOST_BYTES - sum(len(each.encode()) for each in written.values())
    # The report loses of its past before the rollout loses its state.
    text = record_json.to_json(record)
    while len(text.encode()) > left and record != NOTHING:
        record = record.halved()
        text = record_json.to_json(record)
    return {**written, RECORD: text}


def request_annotation(request: Request | None) -> dict[str, str | None]:
    """Give what somebody beside writes on it; None takes it away."""
    return {REQUEST: None if request is None else json.dumps(asdict(request), separators=(",", ":"))}


def spec(holder: str, seconds: float, now: float, **more: Any) -> dict[str, Any]:
    """Give the part that says who holds it."""
    return {"holderIdentity": holder, "leaseDurationSeconds": max(1, round(seconds)), "renewTime": moment(now), **more}


def moment(now: float) -> str:
    """Write a time as Kubernetes does."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _state(state: State) -> str:
    """What servers say may be in letters of several bytes; then the log is shorter."""
    text = state_json.to_json(state)
    while len(text.encode()) > MOST_LOG_BYTES and state.log:
        kept = len(state.log) // 4
        state = replace(state, log=(*state.log[:kept], *state.log[len(state.log) - kept :]))
        text = state_json.to_json(state)
    return text


def _record(text: str) -> Record:
    # A record that cannot be read costs the report a part of its past, and the rollout nothing.
    try:
        return record_json.from_json(text) if text else NOTHING
    except ValueError:
        return NOTHING


def _request(text: str) -> Request | None:
    if not text:
        return None
    try:
        found = json.loads(text)
        if found["ask"] not in ("abort", "approve"):
            return None
        return Request(
            ask=found["ask"],
            by=str(found.get("by", "somebody")),
            at=float(found.get("at", 0)),
            step=int(found.get("step", 0)),
            rollout=str(found.get("rollout", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
