"""What cannot be begun, in one sentence and an exit status; nothing was changed."""

from collections.abc import Iterator
from contextlib import contextmanager

from k8s.api_server import ApiError, BadKubeconfig, NotFound
from k8s.rollout.backends.backend import Changed, Refused
from k8s.rollout.gates.promised import BadPromise
from k8s.rollout.golden_request import BadRequest
from k8s.rollout.lease import Unreadable
from k8s.rollout.ledger import Held, Lost
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.bad_plan import BadPlan
from k8s.rollout.prometheus import Misnamed, NoMetrics
from k8s.rollout.smoke import NoKey

OF_USE = (BadKubeconfig, BadPlan, BadPromise, BadRequest, Misnamed, NoKey, NotFound, Refused, Unreadable)
"""Whoever asked has to ask otherwise."""

OF_OTHERS = (ApiError, Changed, Held, Lost, NoMetrics)
"""The same may be asked again when it is mended."""


class Mistake(Exception):
    """Told by who began it; each line of the message is a sentence."""

    def __init__(self, sentence: str, end: Exit = Exit.USAGE) -> None:
        super().__init__(sentence)
        self.exit = end


@contextmanager
def told_as_mistakes() -> Iterator[None]:
    """Call what goes wrong before a rollout has begun a mistake, of whoever it is."""
    try:
        yield
    except OF_USE as error:
        raise Mistake(str(error)) from error
    except OF_OTHERS as error:
        raise Mistake(str(error), Exit.INFRASTRUCTURE) from error
