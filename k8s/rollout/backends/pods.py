"""How the pods of one Deployment are, in the words and by the rules of `k8s.wait`.

What is wrong is hopeless once it has lasted as long as its kind may there: that
is remembered from one look to the next, and anew in another process.
"""

import hashlib
import json
import time
from collections.abc import Callable

from k8s.json_object import Json
from k8s.rollout.seen import Health
from k8s.wait.carrying import is_knative
from k8s.wait.log_words import last_words
from k8s.wait.looking import Looker, Reads
from k8s.wait.seen import is_ready, is_terminating, spec, starts
from k8s.wait.target import Target
from k8s.wait.verdict import Failed, Out, Rules, State, Waiting, judge

RULES = Rules(steady_seconds=0.0, with_old_pods=False)
"""A pod that is about to end serves nobody; how long pods must stay well is the rollout's to say."""


class Pods:
    """Looks at one target's pods again and again."""

    def __init__(self, api: Reads, target: Target, clock: Callable[[], float] = time.monotonic) -> None:
        self._looker = Looker(api, target)
        self._target = target
        self._clock = clock
        self._state = State()

    def health(self) -> Health:
        """Look once. Raises ApiError."""
        seen = self._looker.look()
        if seen.inference_service is not None and is_knative(seen.inference_service):
            return Health(ready=False, sentence=f"{self._target} has no Deployment: it is not in Standard mode")
        verdict, self._state = judge(seen, self._state, self._clock(), RULES)
        pods = [pod for pod in seen.own_pods if not is_terminating(pod)]
        ready, told, hopeless = False, "", False
        match verdict:
            case Out():
                ready = True
            case Failed(trouble):
                words = last_words(self._looker.log(trouble))
                told = f"{trouble.sentence}; its log says {words}" if words else trouble.sentence
                hopeless = True
            case Waiting(_, stage, worst):
                told = worst.sentence if worst is not None else f"{self._target} waits for {stage}"
        return Health(
            ready=ready,
            sentence=told,
            hopeless=hopeless,
            pods=sum(map(is_ready, pods)),
            restarts=sum(map(starts, pods)),
            revision=revision(seen.deployment),
        )


def health(api: Reads, target: Target) -> Health:
    """Look once, without a memory: only what nobody can mend is hopeless. Raises ApiError."""
    return Pods(api, target).health()


def revision(deployment: Json | None) -> str:
    """Give a name of what the pods are to be: another one as soon as somebody asks for other pods."""
    if deployment is None:
        return ""
    template = json.dumps(spec(deployment).get("template") or {}, sort_keys=True)
    return hashlib.sha256(template.encode()).hexdigest()[:10]
