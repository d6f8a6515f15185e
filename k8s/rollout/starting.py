"""From the command line to a rollout that can be carried: begun anew, or gone on with where one is under way.

Whatever is missing or wrong is found here, before anything is changed; what is
changed last is the Lease.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from k8s.api_server import ApiServer
from k8s.rollout import golden_request
from k8s.rollout.backends.backend import Backend
from k8s.rollout.backends.detect import detect
from k8s.rollout.beside import Known, known
from k8s.rollout.clock import Clock
from k8s.rollout.gates.defaults import defaults
from k8s.rollout.gates.measures import MEASURES
from k8s.rollout.gates.promised import Promise, promised
from k8s.rollout.gates_seen import too_quiet
from k8s.rollout.holder import name_of_this_process, readable
from k8s.rollout.judging import Judge, with_hint
from k8s.rollout.lease import NOTHING
from k8s.rollout.ledger import Ledger
from k8s.rollout.machine.state import State
from k8s.rollout.machine.taking_over import taken_over
from k8s.rollout.mistake import Mistake
from k8s.rollout.options import Options
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Plan
from k8s.rollout.plan.read import digest, read
from k8s.rollout.prometheus import Misnamed, NoMetrics, Prometheus
from k8s.rollout.report.record import Record
from k8s.rollout.report.told import Heading
from k8s.rollout.side import Side
from k8s.rollout.smoke import read_key, smoke
from k8s.rollout.terms import Terms

SOME_ANSWER = "vector(1)"


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a rollout needs, with nothing changed yet."""

    api: ApiServer
    namespace: str
    backend: Backend
    terms: Terms
    promise: Promise | None
    prometheus: Prometheus | None
    smoke: Callable[[], str] | None
    before: Known | None
    """The rollout that is gone on with."""
    notes: tuple[str, ...] = ()

    @property
    def heading(self) -> Heading:
        wishes = self.terms.wishes
        return Heading(
            target=self.backend.target,
            namespace=self.namespace,
            backend=self.backend.name,
            why=self.terms.why,
            stable=wishes.stable,
            canary=wishes.to,
        )

    @property
    def judge(self) -> Judge | None:
        if self.prometheus is None or self.promise is None:
            return None
        return Judge(self.prometheus, self.backend, self.terms.plan, self.promise)


def prepare(api: ApiServer, namespace: str, options: Options) -> Prepared:
    """Make ready what the command line asks for. Raises Mistake, and what mistake.told_as_mistakes knows."""
    promise = promised(options.slo)
    plan = _with_gates(read(options.plan, MEASURES), promise)
    smoke_request = None if options.smoke is None else golden_request.read(options.smoke)
    key = "" if options.smoke_key_file is None else read_key(options.smoke_key_file)
    before = known(api, namespace, options.target)
    if before is not None and before.is_open:
        differences = before.terms.differences(options.wishes, plan if options.plan else None)
        if differences:
            raise Mistake(_is_another(before, differences))
        backend, terms = _again(api, namespace, before)
        notes = [
            f"going on with the rollout of {backend.target} that is {before.state.phase} at {before.state.percent:g} %"
        ]
        if before.is_carried:
            notes.append(f"{readable(before.sheet.holder)} carries it, or did so last at {before.sheet.renewed}")
    else:
        backend, why = detect(api, namespace, options.target, options.wishes)
        notes = backend.check()
        names = backend.names()
        wishes = replace(options.wishes, backend=backend.name, to=names[Side.CANARY], stable=names[Side.STABLE])
        terms = Terms(wishes, plan, why)
        before = _untold(before, options, plan)
    prometheus = _prometheus(options)
    if before is None:
        # Who goes on must be able to take traffic back without it.
        _must_answer(prometheus)
        notes += too_quiet(prometheus, terms.plan, backend.matchers(Side.STABLE), promise, backend.nearest)
    return Prepared(
        api,
        namespace,
        backend,
        terms,
        promise,
        prometheus,
        lambda: smoke(backend, options.model, smoke_request, key),
        before,
        tuple(notes),
    )


def prepare_to_abort(api: ApiServer, namespace: str, one: Known) -> Prepared:
    """Make ready to take back what nobody carries: neither Prometheus nor a request is needed for that."""
    backend, terms = _again(api, namespace, one)
    return Prepared(api, namespace, backend, terms, None, None, None, one)


def take(prepared: Prepared, seconds: float, clock: Clock, tell: Callable[[str], None]) -> tuple[Ledger, State, Record]:
    """Take the lock, and give what to begin with. Raises Held, ApiError, Mistake."""
    me = name_of_this_process()
    ledger = Ledger(prepared.api, prepared.namespace, prepared.backend.target, me, seconds=seconds, clock=clock)
    sheet = ledger.take(tell)
    before = None if prepared.before is None else prepared.before.state.identity
    found = None if sheet.state is None or sheet.state.phase == "ended" else sheet.state.identity
    if found is not None and found != before:
        ledger.release()
        raise Mistake("another rollout was begun at this moment; start again to see it", Exit.INFRASTRUCTURE)
    if sheet.state is not None and sheet.state.identity == before:
        return ledger, taken_over(sheet.state, clock.wall()), sheet.record
    wishes, now = prepared.terms.wishes, clock.wall()
    state = State(
        identity=uuid.uuid4().hex,
        plan_digest=digest(prepared.terms.plan),
        began=now,
        stable=wishes.stable,
        canary=wishes.to,
        since=now,
    )
    return ledger, state, NOTHING


def _again(api: ApiServer, namespace: str, one: Known) -> tuple[Backend, Terms]:
    wishes = replace(one.terms.wishes, stable=one.state.stable, to=one.state.canary)
    backend, _ = detect(api, namespace, one.target, wishes)
    return backend, replace(one.terms, wishes=wishes)


def _untold(before: Known | None, options: Options, plan: Plan) -> Known | None:
    """An end that its process had no time to tell: it is told by the same command, once."""
    if before is None or not before.sheet.holder or before.is_carried:
        return None
    return None if before.terms.differences(options.wishes, plan) else before


def _is_another(before: Known, differences: list[str]) -> str:
    state = before.state
    return (
        f"{before.target} has an unfinished rollout to {state.canary} ({state.phase} at {state.percent:g} %), and "
        f"{', '.join(differences)}: go on with it as it was begun, or take it back first with "
        f"`python -m k8s.rollout {before.target} --abort`"
    )


def _with_gates(plan: Plan, promise: Promise) -> Plan:
    return plan if plan.gates else plan.model_copy(update={"gates": defaults(promise)})


def _must_answer(prometheus: Prometheus) -> None:
    try:
        prometheus.query(SOME_ANSWER)
    except Misnamed:
        raise
    except NoMetrics as error:
        raise NoMetrics(with_hint(prometheus, error)) from error


def _prometheus(options: Options) -> Prometheus:
    if not options.prometheus:
        raise Mistake("no Prometheus is named, and without one nothing can be judged: give --prometheus URL")
    return Prometheus(
        options.prometheus,
        token_file=options.prometheus_token_file,
        basic_file=options.prometheus_password_file,
        ca_file=options.prometheus_ca_file,
    )
