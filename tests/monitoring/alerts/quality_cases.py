"""Late labels: of two classes, mostly a hundred a minute."""

from tests.monitoring.alerts.case import HALF_HOURS, Case, Phase, Series, counter, fires, gauge, quiet
from tests.monitoring.alerts.requests_cases import MODEL, answered


def labelled(which: str, name: str, *phases: float | Phase) -> Series:
    return counter(f'ecluse_feedback_{which}_total{{{MODEL},class="{name}"}}', *phases)


def labels(
    right: float, *, of: float = 100, predicted_a: float | None = None, right_a: float | None = None
) -> tuple[Series, ...]:
    """Half of them are a; how many the model had right, how many it called a, and how many a's it had right."""
    called_a = of / 2 if predicted_a is None else predicted_a
    of_a = right / 2 if right_a is None else right_a
    return (
        labelled("actual", "a", of / 2),
        labelled("actual", "b", of / 2),
        labelled("predicted", "a", called_a),
        labelled("predicted", "b", of - called_a),
        labelled("correct", "a", of_a),
        labelled("correct", "b", right - of_a),
    )


def expected(per_minute: float) -> Series:
    return counter(f"ecluse_feedback_expected_correct_total{{{MODEL}}}", per_minute)


def held_out(
    accuracy: float = 0.9, *, recall: float = 0.95, gap: float = 0.01, error: float = 0.02
) -> tuple[Series, ...]:
    return (
        gauge(f"ecluse_baseline_accuracy_ratio{{{MODEL}}}", accuracy),
        gauge(f'ecluse_baseline_class_recall_ratio{{{MODEL},class="a"}}', recall),
        gauge(f'ecluse_baseline_class_recall_ratio{{{MODEL},class="b"}}', recall),
        gauge(f"ecluse_baseline_calibration_gap_ratio{{{MODEL}}}", gap),
        gauge(f"ecluse_baseline_calibration_error_ratio{{{MODEL}}}", error),
    )


def received(result: str, per_minute: float) -> Series:
    return counter(f'ecluse_feedback_labels_total{{{MODEL},result="{result}"}}', per_minute)


NO_MODEL = 'model_name="",model_version=""'


def of_no_model(result: str, per_minute: float) -> Series:
    """An id that is not ours leads to no model."""
    return counter(f'ecluse_feedback_labels_total{{{NO_MODEL},result="{result}"}}', per_minute)


WORSE, COLLAPSED, CONCEPT = "EcluseAccuracyDegraded", "EcluseClassRecallCollapsed", "EcluseConceptDrift"
SHIFT, STOPPED, REFUSED = "EcluseLabelShift", "EcluseLabelsStopped", "EcluseLabelsRefused"
NINE_DAYS = 9 * 24 * 60

CASES: tuple[Case, ...] = (
    fires(WORSE, "an accuracy of 0.83", labels(83), held_out()),
    quiet(WORSE, "an accuracy of 0.845 which may be 0.85", labels(84.5), held_out()),
    quiet(WORSE, "servers start again", *(
        labelled(which, name, (each, 20), ("reset", 1), each)
        for which, each in (("actual", 50), ("predicted", 50), ("correct", 44)) for name in ("a", "b")
    ), held_out()),
    quiet(WORSE, "few labels", labels(1, of=2), held_out()),
    quiet(WORSE, "no labels", labels(0, of=0), held_out()),
    quiet(WORSE, "there is no baseline", labels(50)),
    fires(COLLAPSED, "a recall of 0.48", labels(74, right_a=24), held_out()),
    quiet(COLLAPSED, "a recall of 0.52", labels(76, right_a=26), held_out()),
    quiet(COLLAPSED, "it never was good", labels(74, right_a=24), held_out(recall=0.75)),
    quiet(COLLAPSED, "few labels", labels(0.74, of=1, right_a=0.24), held_out()),
    quiet(COLLAPSED, "no labels", labels(0, of=0), held_out()),
    fires(CONCEPT, "a gap of 0.11", labels(80), expected(92), held_out()),
    quiet(CONCEPT, "a gap of 0.09", labels(82), expected(92), held_out()),
    quiet(CONCEPT, "the model is not calibrated", labels(80), expected(92), held_out(error=0.2)),
    quiet(CONCEPT, "few labels", labels(2, of=4), expected(4), held_out()),
    quiet(CONCEPT, "no labels", labels(0, of=0), expected(0), held_out()),
    quiet(CONCEPT, "there is no baseline", labels(80), expected(92)),
    fires(SHIFT, "eleven in a hundred", labels(89, predicted_a=61), held_out()),
    quiet(SHIFT, "nine in a hundred", labels(91, predicted_a=59), held_out()),
    quiet(SHIFT, "few labels", labels(2, of=4, predicted_a=4), held_out()),
    quiet(SHIFT, "no labels", labels(0, of=0), held_out()),
    fires(STOPPED, "none for thirty hours", labelled("actual", "a", (10, 372), 0), answered(200, 100), at=NINE_DAYS,
          scene=HALF_HOURS),
    quiet(STOPPED, "some within the day", labelled("actual", "a", (10, 400), 0), answered(200, 100), at=NINE_DAYS,
          scene=HALF_HOURS),
    quiet(STOPPED, "nobody asks", labelled("actual", "a", (10, 372), 0), answered(200, (100, 372), 0), at=NINE_DAYS,
          scene=HALF_HOURS),
    quiet(STOPPED, "there never were any", labelled("actual", "a", 0), answered(200, 100), at=NINE_DAYS,
          scene=HALF_HOURS),
    fires(REFUSED, "six in ten", received("accepted", 4), received("invalid_label", 6)),
    fires(REFUSED, "six in ten bear ids that are not ours", received("accepted", 4), of_no_model("invalid_token", 6)),
    quiet(REFUSED, "one in ten bears an id that is not ours", received("accepted", 9), of_no_model("invalid_token", 1)),
    quiet(REFUSED, "four in ten", received("accepted", 6), received("invalid_token", 4)),
    quiet(REFUSED, "they are sent twice", received("accepted", 4), received("duplicate", 6)),
    quiet(REFUSED, "few labels", received("accepted", 0), received("expired", 0.3)),
    quiet(REFUSED, "no labels", received("accepted", 0), received("expired", 0)),
)  # fmt: skip
