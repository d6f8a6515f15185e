"""What values each label may have: closed lists, or in words what bounds them.

No value comes out of a request, so that no caller can make series: what callers
send is counted under the names of models that are served, or under none.
"""

from monitoring.contract.load_tests import LOAD_BOUNDED, LOAD_CLOSED, LOAD_TESTS
from monitoring.contract.metric import Metric
from monitoring.contract.values import (
    BINS,
    CODES,
    FATES,
    FEEDBACK_RESULTS,
    MODEL_STATES,
    MONITORED,
    MOST_CLASSES,
    MOST_CONFUSED,
    MOST_FEATURES,
    OUTCOMES,
    PHASES,
    PROTOCOLS,
    REJECTIONS,
    SIDES,
    STAGES,
    TRIGGERS,
    TURNED_AWAY,
)

_CLOSED = {
    "protocol": PROTOCOLS,
    "code": tuple(map(str, CODES)),
    "outcome": OUTCOMES,
    "stage": STAGES,
    "trigger": TRIGGERS,
    "state": MODEL_STATES,
    "phase": PHASES,
    "fate": FATES,
    "result": FEEDBACK_RESULTS,
    "bin": BINS,
    "side": SIDES,
    "part": MONITORED,
}
_REASONS = {"ecluse_rejected_total": REJECTIONS, "ecluse_connections_turned_away_total": TURNED_AWAY}

BOUNDED = {
    "model_name": "the models that are served; empty for requests to any other",
    "model_version": "the versions that are served, and the last few that were; empty for requests that reached none",
    "class": f"the baseline's names, or numbers; {MOST_CLASSES} at most, and `other` for the rest",
    "actual": f"as `class`; a model of more than {MOST_CONFUSED} classes has no such series",
    "predicted": f"as `class`; a model of more than {MOST_CONFUSED} classes has no such series",
    "feature": f"the baseline's features, {MOST_FEATURES} at most",
    "bucket": "the sizes that batches are padded to",
    "signature": "the one that is called",
    "baseline": "twelve digits of the baseline's digest, empty without one",
    "version": "Écluse's own",
    "python": "Python's version",
    "tensorflow": "TensorFlow's version",
    "kserve": "KServe's version",
}
"""Labels without a closed list, and what keeps their values few."""


def closed(metric: Metric, label: str) -> tuple[str, ...] | None:
    """Give every value that a label of a metric can have, None where there is no such list."""
    if metric in LOAD_TESTS:
        return LOAD_CLOSED.get(label)
    return _REASONS[metric.name] if label == "reason" else _CLOSED.get(label)


def bounded(metric: Metric, label: str) -> str:
    """Say what keeps the values of a label few that has no such list."""
    return (LOAD_BOUNDED if metric in LOAD_TESTS else BOUNDED)[label]
