"""The loop: look, judge, tell, pause, until there is an outcome.

What it reads with, tells to and measures time by is handed in. An API server
that does not answer is asked again for a while: one that is being upgraded is
no reason to call a rollout failed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from k8s.api_server import ApiError, Unreachable
from k8s.wait.carrying import is_knative
from k8s.wait.log_words import last_words
from k8s.wait.outcome import Exit, Outcome
from k8s.wait.pod_troubles import tidy
from k8s.wait.progress import Progress
from k8s.wait.seen import Seen
from k8s.wait.target import Target, TargetKind
from k8s.wait.troubles import Kind, Trouble
from k8s.wait.verdict import Failed, Out, Rules, State, Waiting, judge

FIRST_ANSWER_SECONDS = 10.0
"""How long to try an API server that has not answered yet: the address may be wrong."""

LATER_ANSWER_SECONDS = 60.0
"""How long to try one that has."""

NOT_STANDARD = "is not in KServe's Standard mode: there is no Deployment to follow, but a Knative Service"

_WORDS_OF_KSERVE = (Kind.NO_DEPLOYMENT, Kind.NOT_CARRIED, Kind.KSERVE_REFUSES)


class Looks(Protocol):
    """What is looked with."""

    def look(self, *, at_service_events: bool = False) -> Seen:
        """Read all that is needed to judge."""

    def knows_kind(self) -> bool:
        """Whether the kind of object is known at all."""

    def log(self, trouble: Trouble) -> list[str]:
        """Give the last lines of the container in trouble."""

    def own_words(self, trouble: Trouble) -> str:
        """Give what the container itself says of not being ready."""


class Tells(Protocol):
    """Who hears of it."""

    def waiting(self, verdict: Waiting, seconds: float) -> None:
        """Hear of each look; what is worth telling is decided there."""

    def note(self, sentence: str) -> None:
        """Hear of something beside the rollout."""


@dataclass(frozen=True, slots=True)
class Time:
    """A clock that only runs forwards, and a way to let it run."""

    now: Callable[[], float]
    pause: Callable[[float], None]


def pause_seconds(waited: float) -> float:
    """A rollout changes most in its first minute."""
    return 0.5 if waited < 10 else 1.0 if waited < 60 else 2.0


def follow(target: Target, looks: Looks, tells: Tells, rules: Rules, timeout: float, time: Time) -> Outcome:
    """Wait for the end of a rollout. Raises ApiError where the API server gives no way on."""
    began = time.now()
    state, verdict = State(), Waiting(None, "the first look")
    silent_since: float | None = None
    noted: set[str] = set()
    while True:
        now = time.now()
        try:
            about_service = verdict.trouble is not None and verdict.trouble.kind in _WORDS_OF_KSERVE
            seen = looks.look(at_service_events=about_service)
        except Unreachable as error:
            silent_since = now if silent_since is None else silent_since
            limit = LATER_ANSWER_SECONDS if state.was_there else FIRST_ANSWER_SECONDS
            if now - silent_since >= limit:
                raise
            if str(error) not in noted:
                noted.add(str(error))
                tells.note(f"{error}; trying again")
        else:
            silent_since = None
            if not state.was_there and _is_missing(seen):
                return Outcome(Exit.USAGE, _no_such(target, looks), time.now() - began)
            if seen.inference_service is not None and is_knative(seen.inference_service):
                return Outcome(Exit.USAGE, f"{target} {NOT_STANDARD}", time.now() - began)
            for sentence in seen.missing_rights:
                if sentence not in noted:
                    noted.add(sentence)
                    tells.note(sentence)
            judged, state = judge(seen, state, now, rules)
            match judged:
                case Out(counted):
                    words = f"{target} is rolled out: {counted}"
                    return Outcome(Exit.ROLLED_OUT, words, time.now() - began, progress=counted)
                case Failed(trouble, counted):
                    return _ended(Exit.FAILED, "", trouble, looks, time.now() - began, counted)
                case Waiting():
                    verdict = judged
                    tells.waiting(verdict, now - began)
        left = timeout - (time.now() - began)
        if left <= 0:
            return _late(target, verdict, looks, timeout, time.now() - began)
        time.pause(min(pause_seconds(now - began), left))


def _late(target: Target, verdict: Waiting, looks: Looks, timeout: float, seconds: float) -> Outcome:
    opening = f"{target} was not rolled out within {timeout:g} s: "
    if verdict.trouble is None:
        return Outcome(
            Exit.TIMEOUT,
            f"{opening}still waiting for {verdict.stage}",
            seconds,
            reason="timeout",
            progress=verdict.progress,
        )
    return _ended(Exit.TIMEOUT, opening, verdict.trouble, looks, seconds, verdict.progress)


def _ended(
    status: Exit, opening: str, trouble: Trouble, looks: Looks, seconds: float, counted: Progress | None
) -> Outcome:
    log = looks.log(trouble)
    words = [f"{opening}{trouble.sentence}"]
    answer = looks.own_words(trouble)
    if answer:
        words.append(f"asked itself it says {tidy(answer)}")
    if last_words(log):
        words.append(f"its log says {last_words(log)}")
    return Outcome(
        status,
        "; ".join(words),
        seconds,
        reason=trouble.kind,
        pod=trouble.pod,
        container=trouble.container,
        log=tuple(log),
        progress=counted,
    )


def _is_missing(seen: Seen) -> bool:
    if seen.target.kind is TargetKind.INFERENCE_SERVICE:
        return seen.inference_service is None
    return seen.deployment is None


def _no_such(target: Target, looks: Looks) -> str:
    try:
        if not looks.knows_kind():
            return "this cluster knows no InferenceService (serving.kserve.io/v1beta1): is KServe installed?"
    except ApiError:
        # Whoever may read the object need not be allowed to ask for its kind.
        pass
    return f"there is no {target} in namespace {target.namespace}"
