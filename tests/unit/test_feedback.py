"""What becomes of late labels: each has a result, and counts add up to what scikit-learn says of the same stream."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from monitoring.baseline import Calibration
from monitoring.contract.values import FEEDBACK_RESULTS
from serving import feedback_keys
from serving.errors import DeadlineExceeded, InvalidRequest, Overloaded
from serving.feedback import MOST_WAITING, PART_OF_THE_LOOP, Feedback
from serving.id_issuer import IdIssuer
from serving.key_file import KeyFile
from serving.late_labels import LateLabel, Received
from serving.metrics import RETIRED_VERSIONS, Metrics
from serving.prediction import Classifier, Scores
from serving.prediction_id import PredictionId, content, mark_of_model, sign, write_rows
from serving.prediction_ids import PredictionIds
from serving.settings import Feedback as Settings
from serving.timeout import ENDLESS, Timeout

NAMES = ("zero", "one", "two")
CLASSIFIER = Classifier("scores", Scores.PROBABILITIES, 3, NAMES)
NOW = 1_760_000_000.0
DAY = 86_400.0
CALIBRATION = Calibration(
    definition="",
    fitted_on="",
    rows=100,
    confidence=(0.4, 0.8, 1.0),
    probability_correct=(0.2, 0.5, 0.9),
    expected_accuracy_ratio=0.6,
    gap_ratio=0.0,
)
SURE = (0.9, 0.05, 0.05)


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Served:
    """The versions of each model."""

    def __init__(self, **models: list[str]) -> None:
        self.models = models

    def names(self) -> Sequence[str]:
        return list(self.models)

    def versions(self, name: str) -> Sequence[str]:
        return self.models[name]


def keys_file(folder: Path, *names: str) -> Path:
    path = folder / "keys"
    path.write_text("".join(f"{name}:{name * 32}\n" for name in names))
    return path


class Replica:
    """One process, as far as late labels go."""

    def __init__(self, folder: Path, *keys: str, served: Served | None = None, **settings: Any) -> None:
        self.metrics = Metrics()
        self.clock = Clock()
        self.file = keys_file(folder, *(keys or ("a",)))
        self.ids = PredictionIds(KeyFile(self.file, feedback_keys.parse), self.metrics, clock=self.clock)
        self.served = served if served is not None else Served(mnist=["1"])
        self.feedback = Feedback(self.ids, self.served, Settings(**settings), clock=self.clock)

    def issuer(
        self, name: str = "mnist", version: str = "1", calibration: Calibration | None = CALIBRATION
    ) -> IdIssuer:
        issuer = self.ids.issuer(name, version, CLASSIFIER, calibration)
        assert issuer is not None
        return issuer

    def predict(self, *rows: tuple[float, float, float], name: str = "mnist", version: str = "1") -> str:
        """Give the id of a prediction that says this."""
        text = self.issuer(name, version).id_of({"scores": np.array(rows or [SURE], np.float32)})
        assert text is not None
        return text

    async def receive(self, *labels: LateLabel) -> Received:
        return await self.feedback.receive(lambda: labels, ENDLESS)

    async def result(self, label: LateLabel) -> tuple[str, str]:
        """What became of one label, and why."""
        received = await self.receive(label)
        (result,) = received.counts.elements()
        return result, received.refused[0].reason if received.refused else ""

    def value(self, name: str, *labels: str) -> float:
        return float(self.metrics[name].labels(*labels).value)

    def counted(self, result: str, name: str = "mnist", version: str = "1") -> float:
        return self.value("ecluse_feedback_labels_total", name, version, result)


@pytest.fixture
def replica(tmp_path: Path) -> Replica:
    return Replica(tmp_path)


# One label


async def test_a_label_is_counted_where_it_belongs(replica: Replica) -> None:
    prediction = replica.predict((0.1, 0.8, 0.1))
    replica.clock.now += 2 * 3600
    assert await replica.result(LateLabel(prediction, 0, 2)) == ("accepted", "")
    model = ("mnist", "1")
    assert replica.value("ecluse_feedback_actual_total", *model, "two") == 1
    assert replica.value("ecluse_feedback_predicted_total", *model, "one") == 1
    assert replica.value("ecluse_feedback_correct_total", *model, "one") == 0
    assert replica.value("ecluse_feedback_confusion_total", *model, "two", "one") == 1
    assert replica.value("ecluse_feedback_expected_correct_total", *model) == pytest.approx(0.5, abs=1 / 255)
    count, seconds = replica.metrics["ecluse_feedback_delay_seconds"].labels(*model).spent
    assert (count, seconds) == (1, pytest.approx(7200, abs=60))


@pytest.mark.parametrize(("label", "actual"), [(1, "one"), ("one", "one"), ("1", "one"), ("zero", "zero")])
async def test_a_class_is_told_by_its_number_or_its_name(replica: Replica, label: int | str, actual: str) -> None:
    assert await replica.result(LateLabel(replica.predict(), 0, label)) == ("accepted", "")
    assert replica.value("ecluse_feedback_actual_total", "mnist", "1", actual) == 1


@pytest.mark.parametrize("label", [3, -1, 2**63, "three", "3", "", "²", "1" * 5000])
async def test_a_label_that_is_no_class_is_refused(replica: Replica, label: int | str) -> None:
    result, reason = await replica.result(LateLabel(replica.predict(), 0, label))
    assert result == "invalid_label"
    assert reason.endswith("is no class of the prediction, expected a number from 0 to 2 or a class' name")
    assert len(reason) < 150
    assert replica.counted("invalid_label") == 1


@pytest.mark.parametrize("row", [-1, 2, 10**30])
async def test_a_row_that_there_was_not_is_refused(replica: Replica, row: int) -> None:
    result, reason = await replica.result(LateLabel(replica.predict(SURE, SURE), row, 0))
    assert (result, reason) == ("invalid_label", f"the id has no row {row}: it stands for rows 0 to 1")


async def test_a_row_of_which_the_model_said_nothing_is_refused(replica: Replica) -> None:
    prediction = replica.predict((float("nan"), 0.5, 0.5))
    assert await replica.result(LateLabel(prediction, 0, 1)) == (
        "invalid_label",
        "the model put row 0 into no class: it gave a NaN or infinity",
    )


async def test_each_row_of_a_request_has_a_label_of_its_own(replica: Replica) -> None:
    prediction = replica.predict(SURE, (0.0, 1.0, 0.0), SURE)
    received = await replica.receive(*(LateLabel(prediction, row, row % 2) for row in range(3)))
    assert received.counts == {"accepted": 3}
    assert replica.value("ecluse_feedback_correct_total", "mnist", "1", "zero") == 2
    assert replica.value("ecluse_feedback_correct_total", "mnist", "1", "one") == 1


async def test_what_is_not_ours_is_refused_and_counted_under_no_model(replica: Replica) -> None:
    forged = replica.predict()[:-1] + "A"
    received = await replica.receive(LateLabel(forged, 0, 1), LateLabel("", 0, 1), LateLabel("nonsense", 0, 1))
    assert received.counts == {"invalid_token": 3}
    assert [refusal.index for refusal in received.refused] == [0, 1, 2]
    assert replica.counted("invalid_token", "", "") == 3


async def test_a_prediction_of_a_foreign_model_is_refused(replica: Replica) -> None:
    assert await replica.result(LateLabel(replica.predict(name="fashion"), 0, 1)) == (
        "unknown_model",
        "the id is of a model that is not served here",
    )
    assert replica.counted("unknown_model", "", "") == 1


async def test_a_label_counts_until_its_prediction_is_too_old(tmp_path: Path) -> None:
    replica = Replica(tmp_path, max_age_seconds=DAY)
    prediction = replica.predict(SURE, SURE)
    replica.clock.now += DAY - 60
    assert (await replica.result(LateLabel(prediction, 0, 1)))[0] == "accepted"
    replica.clock.now += 61
    result, reason = await replica.result(LateLabel(prediction, 1, 1))
    assert result == "expired"
    assert "labels are taken for 86400 (feedback_max_age_seconds)" in reason
    assert replica.counted("expired") == 1


async def test_a_label_that_comes_again_is_not_counted_again(replica: Replica) -> None:
    prediction = replica.predict()
    assert (await replica.result(LateLabel(prediction, 0, 1)))[0] == "accepted"
    assert await replica.result(LateLabel(prediction, 0, 2)) == (
        "duplicate",
        "row 0 of this prediction was counted before; that one stands",
    )
    assert replica.counted("accepted") == 1
    assert replica.value("ecluse_feedback_actual_total", "mnist", "1", "two") == 0


async def test_what_was_refused_may_come_again_and_be_right(replica: Replica) -> None:
    prediction = replica.predict()
    assert (await replica.result(LateLabel(prediction, 0, 9)))[0] == "invalid_label"
    assert (await replica.result(LateLabel(prediction, 0, 1)))[0] == "accepted"


# Replicas, keys and versions


async def test_any_replica_counts_what_another_predicted(tmp_path: Path) -> None:
    one, other = Replica(tmp_path), Replica(tmp_path)
    other.issuer()
    assert (await other.result(LateLabel(one.predict(), 0, "one")))[0] == "accepted"


async def test_a_key_is_rotated_without_losing_a_label(tmp_path: Path) -> None:
    before = Replica(tmp_path, "old")
    prediction = before.predict(SURE, SURE)
    both = Replica(tmp_path, "new", "old")
    both.issuer()
    assert (await both.result(LateLabel(prediction, 0, 1)))[0] == "accepted"
    assert (await both.result(LateLabel(both.predict(), 0, 1)))[0] == "accepted"
    after = Replica(tmp_path, "new")
    after.issuer()
    assert (await after.result(LateLabel(both.predict(), 0, 1)))[0] == "accepted"
    assert await after.result(LateLabel(prediction, 1, 1)) == (
        "invalid_token",
        "the id was signed with a key that is not among those given here",
    )


async def test_labels_of_versions_that_are_gone_are_counted_for_a_few(replica: Replica) -> None:
    replica.issuer()
    gone = [str(version) for version in range(10, 10 + RETIRED_VERSIONS + 1)]
    for version in gone[:-1]:
        assert (await replica.result(LateLabel(replica.predict(version=version), 0, "one")))[0] == "accepted"
        replica.metrics.render()
        assert replica.counted("accepted", version=version) == 1
    result, reason = await replica.result(LateLabel(replica.predict(version=gone[-1]), 0, 1))
    assert result == "unknown_version"
    assert reason.startswith("version '14' of model 'mnist' is not served here any more")
    assert (await replica.result(LateLabel(replica.predict(), 0, 1)))[0] == "accepted"


async def test_what_is_counted_for_a_version_that_is_gone_is_seen_as_an_increase(replica: Replica) -> None:
    replica.issuer()
    elsewhere = PredictionIds(replica.ids.keys, Metrics(), clock=replica.clock).issuer(
        "mnist", "9", CLASSIFIER, CALIBRATION
    )
    assert elsewhere is not None
    prediction = elsewhere.id_of({"scores": np.array([SURE] * 4, np.float32)}) or ""
    of_version = 'model_name="mnist",model_version="9"'
    counted = (
        f'ecluse_feedback_labels_total{{{of_version},result="accepted"}}',
        f'ecluse_feedback_actual_total{{class="one",{of_version}}}',
        f'ecluse_feedback_predicted_total{{class="zero",{of_version}}}',
        f'ecluse_feedback_confusion_total{{actual="one",{of_version},predicted="zero"}}',
        f"ecluse_feedback_delay_seconds_count{{{of_version}}}",
    )
    for labelled, told in (((0, 1), 0.0), ((2,), 3.0), ((3,), 4.0)):
        for row in labelled:
            assert (await replica.result(LateLabel(prediction, row, 1)))[0] == "accepted"
        lines = replica.metrics.render().decode().splitlines()
        assert [line for series in counted for line in lines if line.startswith(f"{series} ")] == [
            f"{series} {told}" for series in counted
        ]


async def test_the_counters_of_a_version_that_comes_to_serve_are_not_forgotten(replica: Replica) -> None:
    replica.issuer()
    assert (await replica.result(LateLabel(replica.predict(version="2"), 0, 1)))[0] == "accepted"
    replica.metrics.serves("mnist", "2", lambda: 1)
    replica.served.models["mnist"].append("2")
    for version in ("3", "4", "5", "6", "7"):
        replica.metrics.retire("mnist", version)
    replica.metrics.render()
    assert replica.counted("accepted", version="2") == 1


async def test_names_of_a_version_that_nobody_here_knows_are_asked_for_as_numbers(tmp_path: Path) -> None:
    elsewhere, here = Replica(tmp_path), Replica(tmp_path)
    prediction = elsewhere.predict(version="7")
    result, reason = await here.result(LateLabel(prediction, 0, "one"))
    assert result == "invalid_label"
    assert reason.endswith("from 0 to 2, since names of this version's classes are not known here")
    assert (await here.result(LateLabel(prediction, 0, 1)))[0] == "accepted"
    here.metrics.render()
    assert here.value("ecluse_feedback_actual_total", "mnist", "7", "1") == 1


async def test_without_calibration_nothing_is_said_of_what_was_expected(replica: Replica) -> None:
    prediction = replica.issuer(calibration=None).id_of({"scores": np.array([SURE], np.float32)})
    assert prediction is not None
    assert (await replica.result(LateLabel(prediction, 0, 1)))[0] == "accepted"
    assert b"ecluse_feedback_expected_correct_total{" not in replica.metrics.render()


def test_a_version_has_every_series_from_the_start_at_zero(replica: Replica) -> None:
    replica.issuer()
    found = [line for line in replica.metrics.render().decode().splitlines() if line.startswith("ecluse_feedback")]
    assert all(line.endswith(" 0.0") for line in found)
    of_model = [line for line in found if 'model_name="mnist"' in line]
    assert len(of_model) == len(FEEDBACK_RESULTS) + 3 * 3 + 9 + 1 + 11
    assert len(found) - len(of_model) == len(FEEDBACK_RESULTS)


# Many labels


async def test_counts_give_what_scikit_learn_says_of_the_same_stream(replica: Replica) -> None:
    random = np.random.default_rng(5)
    scores = random.dirichlet(np.ones(3), 600).astype(np.float32)
    actual = np.where(random.random(600) < 0.7, scores.argmax(axis=1), random.integers(0, 3, 600))
    issuer = replica.issuer()
    labels = []
    for at in range(0, 600, 20):
        prediction = issuer.id_of({"scores": scores[at : at + 20]})
        assert prediction is not None
        labels += [LateLabel(prediction, row, int(actual[at + row])) for row in range(20)]
    received = await replica.receive(*labels)
    assert received.counts == {"accepted": 600}

    def of(what: str) -> np.ndarray:
        return np.array([replica.value(f"ecluse_feedback_{what}_total", "mnist", "1", name) for name in NAMES])

    predicted = scores.argmax(axis=1)
    assert of("correct").sum() / of("actual").sum() == pytest.approx(accuracy_score(actual, predicted))
    assert of("correct") / of("predicted") == pytest.approx(precision_score(actual, predicted, average=None))
    assert of("correct") / of("actual") == pytest.approx(recall_score(actual, predicted, average=None))
    f1 = 2 * of("correct") / (of("actual") + of("predicted"))
    assert f1 == pytest.approx(f1_score(actual, predicted, average=None))
    expected = np.interp(scores.max(axis=1), CALIBRATION.confidence, CALIBRATION.probability_correct).sum()
    told = replica.value("ecluse_feedback_expected_correct_total", "mnist", "1")
    assert told / 600 == pytest.approx(expected / 600, abs=0.5 / 255)


async def test_a_thousand_labels_leave_the_event_loop_to_others(replica: Replica) -> None:
    issuer = replica.issuer()
    ids = [issuer.id_of({"scores": np.array([SURE], np.float32)}) for _ in range(1000)]
    turns = 0

    async def serve_others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    others = asyncio.create_task(serve_others())
    received = await replica.receive(*(LateLabel(text or "", 0, 1) for text in ids))
    others.cancel()
    assert received.counts == {"accepted": 1000}
    assert turns > 1000 / 32


@pytest.mark.looptime
async def test_requests_beyond_those_that_may_wait_are_turned_away(replica: Replica) -> None:
    issuer = replica.issuer()
    ids = [issuer.id_of({"scores": np.array([SURE], np.float32)}) or "" for _ in range(500)]
    labels = [LateLabel(text, 0, 1) for text in ids]
    results = await asyncio.gather(*(replica.receive(*labels) for _ in range(50)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, Overloaded)]
    counted = [result for result in results if isinstance(result, Received)]
    assert len(counted) == MOST_WAITING + 1
    assert len(refused) + len(counted) == 50
    assert replica.counted("accepted") == 500
    assert replica.counted("duplicate") == 500 * (len(counted) - 1)


@pytest.mark.looptime
async def test_a_request_whose_turn_does_not_come_in_time_is_told_so(replica: Replica) -> None:
    issuer = replica.issuer()
    ids = [issuer.id_of({"scores": np.array([SURE], np.float32)}) or "" for _ in range(500)]
    first = asyncio.create_task(replica.receive(*(LateLabel(text, 0, 1) for text in ids)))
    await asyncio.sleep(0)
    with pytest.raises(DeadlineExceeded, match="the labels were not counted within the request's timeout"):
        await replica.feedback.receive(list, Timeout.of(0.001))
    assert (await first).counts == {"accepted": 500}


async def test_a_body_that_is_malformed_or_a_caller_who_leaves_holds_up_nobody(replica: Replica) -> None:
    def malformed() -> Sequence[LateLabel]:
        raise InvalidRequest("no labels")

    with pytest.raises(InvalidRequest):
        await replica.feedback.receive(malformed, ENDLESS)
    issuer = replica.issuer()
    ids = [issuer.id_of({"scores": np.array([SURE], np.float32)}) or "" for _ in range(500)]
    leaver = asyncio.create_task(replica.receive(*(LateLabel(text, 0, 1) for text in ids)))
    await asyncio.sleep(0)
    leaver.cancel()
    assert (await replica.result(LateLabel(replica.predict(), 0, 1)))[0] == "accepted"


@pytest.mark.looptime
async def test_a_body_that_is_refused_pays_for_its_time_as_any_other(replica: Replica) -> None:
    def malformed() -> Sequence[LateLabel]:
        time.sleep(0.002)
        raise InvalidRequest("no labels")

    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(InvalidRequest):
        await replica.feedback.receive(malformed, ENDLESS)
    assert loop.time() - began >= 0.002 / PART_OF_THE_LOOP - 0.002


async def test_an_id_of_another_program_with_our_secret_is_refused_like_any_bad_one(replica: Replica) -> None:
    said = PredictionId(mark_of_model("mnist"), "1", int(NOW) // 60, 7, 3, 0, False, write_rows([3], [0.5]))
    key = replica.ids.keys().signing
    result, _ = await replica.result(LateLabel(sign(content(said, key), key), 0, 1))
    assert result == "invalid_token"


async def test_what_is_remembered_of_labels_has_a_bound(tmp_path: Path) -> None:
    replica = Replica(tmp_path, remembered=2)
    first, *others = (replica.predict() for _ in range(3))
    for prediction in (first, *others):
        assert (await replica.result(LateLabel(prediction, 0, 1)))[0] == "accepted"
    # What is forgotten counts again, which the page of late labels says.
    assert (await replica.result(LateLabel(first, 0, 1)))[0] == "accepted"
