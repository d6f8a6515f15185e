"""Whether a model answers the same question the same way: tried before the load.

If it does, its questions may have an Expectation: an answer that is another
row's counts as wrong even where no label is known. Two versions of a model under
the same number would be told as one that errs, and so would any two over V1, which
tells no version: this is for a load under which the model stays.
"""

from collections.abc import Callable, Sequence

from loadtests.requests.answer import Answer
from loadtests.requests.check import Check
from loadtests.requests.expectation import Expectation
from loadtests.requests.question import Question, Reply

TRIED = 8
MOST_UNLIKE = 0.25
"""Of the questions tried: a server that errs now and then is still held to what it says mostly."""


def is_repeatable(
    questions: Sequence[Question], ask: Callable[[Question], Reply | None], *, tried: int = TRIED
) -> bool:
    """Ask the first few questions twice each; False where no two answers came. `ask` gives None for a failure."""
    pairs = unlike = 0
    for question in questions[:tried]:
        first, second = _answer(question, ask), _answer(question, ask)
        if first is None or second is None or first.version != second.version:
            continue
        trial = Expectation()
        trial.differs(0, first)
        pairs += 1
        unlike += bool(trial.differs(0, second))
    return pairs > 0 and unlike <= MOST_UNLIKE * pairs


def _answer(question: Question, ask: Callable[[Question], Reply | None]) -> Answer | None:
    reply = ask(question)
    check = question.judge
    return check.read(reply) if reply is not None and isinstance(check, Check) else None
