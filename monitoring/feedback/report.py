"""What became of labels, as text: a count for each result, and the lines that were refused."""

from collections.abc import Iterator
from operator import attrgetter

from monitoring.feedback.sending import Outcome

SHOWN = 20
MEANINGS = {
    "accepted": "counted",
    "duplicate": "counted before",
    "expired": "the prediction is too old",
    "invalid_token": "the id is not one of this server's",
    "invalid_label": "there is no such row or class",
    "unknown_model": "the model is not served there",
    "unknown_version": "too many versions that are not served any more",
    "not_sent": "the line has no label that could be sent",
}
"""Every result, in the order they are told."""


def report(outcome: Outcome) -> str:
    return "".join(f"{line}\n" for line in _lines(outcome))


def _lines(outcome: Outcome) -> Iterator[str]:
    told = [(result, outcome.counts[result]) for result in MEANINGS if outcome.counts[result]]
    for result, count in told or [("accepted", 0)]:
        yield f"{result:<15}  {count:>9,}  {MEANINGS[result]}"
    if outcome.refused:
        yield ""
    for refused in sorted(outcome.refused, key=attrgetter("line"))[:SHOWN]:
        yield f"line {refused.line}: {refused.result}: {refused.reason}"
    if outcome.not_counted > SHOWN:
        yield f"and {outcome.not_counted - SHOWN:,} more"
