from collections.abc import Callable
from typing import Any

import pytest

from k8s.rollout.backends.backend import Changed, Refused
from k8s.rollout.backends.kserve_knative import KServeKnative
from k8s.rollout.side import Side
from tests.pretended_knative import PretendedKnative
from tests.pretended_kserve import NAMESPACE, NEW, OLD

FIRST, SECOND = "digits-predictor-00001", "digits-predictor-00002"


def backend_of(knative: PretendedKnative, uri: str = NEW, stable: str = "") -> KServeKnative:
    return KServeKnative(knative, NAMESPACE, "digits", uri, stable)


def shifted(knative: PretendedKnative, backend: KServeKnative, percent: float) -> None:
    backend.shift(percent)
    assert not backend.traffic().effective
    knative.advance()
    traffic = backend.traffic()
    assert (traffic.canary_percent, traffic.effective) == (percent, True), traffic.sentence


def begun(knative: PretendedKnative) -> KServeKnative:
    backend = backend_of(knative)
    backend.check()
    backend.deploy()
    knative.advance()
    return backend


def test_a_new_model_begins_with_nothing_is_shifted_and_promoted_by_taking_the_percent_away() -> None:
    knative = PretendedKnative()
    backend = backend_of(knative)
    assert backend.check()[0] == f"shifts inferenceservice/digits from revision {FIRST} to one with {NEW}"
    assert knative.writes == []
    backend.deploy()
    assert not backend.health(Side.CANARY).ready
    knative.advance()
    assert backend.names() == {Side.STABLE: FIRST, Side.CANARY: SECOND}
    assert backend.health(Side.CANARY).ready
    assert backend.health(Side.CANARY).revision == SECOND
    assert (backend.traffic().canary_percent, backend.traffic().effective) == (0, True)
    for percent in (1.0, 50.0, 100.0):
        shifted(knative, backend, percent)
    backend.promote()
    knative.advance()
    assert (backend.traffic().canary_percent, backend.traffic().effective) == (100, True)
    assert [each["spec"]["predictor"]["canaryTrafficPercent"] for each in knative.writes] == [0, 1, 50, 100, None]
    assert knative.service["spec"]["predictor"] == {"model": {"modelFormat": {"name": "ecluse"}, "storageUri": NEW}}


@pytest.mark.parametrize("reached", [25.0, 100.0])
def test_what_is_taken_back_has_the_old_model_in_its_spec_and_gives_the_newest_revision_nothing(reached: float) -> None:
    knative = PretendedKnative()
    backend = begun(knative)
    shifted(knative, backend, reached)
    shifted(knative, backend, 0)
    backend.discard()
    knative.advance()
    predictor = knative.service["spec"]["predictor"]
    assert (predictor["model"]["storageUri"], predictor["canaryTrafficPercent"]) == (OLD, 0)
    assert backend.traffic().canary_percent == 0
    assert knative.service["status"]["components"]["predictor"]["traffic"][-1]["revisionName"] == FIRST
    # The next one begins from there.
    following = backend_of(knative, "pvc://models/3")
    following.check()
    following.deploy()
    knative.advance()
    assert (following.traffic().canary_percent, following.traffic().effective) == (0, True)


def test_every_act_may_be_done_again_by_another_process() -> None:
    knative = PretendedKnative()
    begun(knative)
    acts: list[Callable[[KServeKnative], None]] = [
        lambda backend: backend.deploy(),
        lambda backend: backend.shift(100),
        lambda backend: backend.promote(),
    ]
    for act in acts:
        act(backend_of(knative, stable=FIRST))
        knative.advance()
        written = len(knative.writes)
        again = backend_of(knative, stable=FIRST)
        act(again)
        assert len(knative.writes) == written
        assert again.names() == {Side.STABLE: FIRST, Side.CANARY: SECOND}
        assert again.check() == []


def test_a_revision_that_fails_is_told_with_knatives_words() -> None:
    knative = PretendedKnative()
    knative.broken.add(NEW)
    health = begun(knative).health(Side.CANARY)
    assert (health.ready, health.hopeless) == (False, True)
    assert health.sentence == f"revision {SECOND} is not ready: it crashes"


def test_a_percent_that_somebody_else_has_written_is_not_overwritten_but_to_take_it_back() -> None:
    knative = PretendedKnative()
    backend = begun(knative)
    shifted(knative, backend, 10)
    knative.service["spec"]["predictor"]["canaryTrafficPercent"] = 90
    with pytest.raises(Changed, match="gives its newest revision 90 %, and had 10 %"):
        backend.shift(25)
    with pytest.raises(Changed, match="not all yet"):
        backend.promote()
    with pytest.raises(Changed, match="90 % still"):
        backend.discard()
    backend.shift(0)


def test_a_model_that_somebody_has_changed_is_told() -> None:
    knative = PretendedKnative()
    backend = begun(knative)
    shifted(knative, backend, 10)
    knative.service["spec"]["predictor"]["model"]["storageUri"] = OLD
    assert backend.traffic().canary_percent == 0
    with pytest.raises(Changed, match="has not the model pvc://models/2 any more"):
        backend.shift(25)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda of: of["status"].update(deploymentMode="Standard"), "it does not run on Knative"),
        (lambda of: of["spec"]["predictor"]["model"].update(storageUri=NEW), "it would be a rollout onto itself"),
        (lambda of: of["spec"]["predictor"].update(canaryTrafficPercent=20), "it has a canaryTrafficPercent already"),
        (lambda of: of["status"]["components"].clear(), "no revision of it ever had all requests"),
        (lambda of: of["status"]["components"]["predictor"].update(traffic=[]), f"revision {FIRST} has not all"),
    ],
)
def test_what_stands_against_it_is_told_and_nothing_is_changed(
    change: Callable[[dict[str, Any]], object], told: str
) -> None:
    knative = PretendedKnative()
    change(knative.service)
    with pytest.raises(Refused) as refused:
        backend_of(knative).check()
    assert told in str(refused.value)
    assert knative.writes == []


def test_a_side_is_asked_by_the_service_of_its_revision_with_what_the_activator_goes_by() -> None:
    knative = PretendedKnative()
    status, told = begun(knative).ask(Side.CANARY, "/ready", None, {"X-API-Key": "mine"})
    assert status == 200
    assert (
        told
        == repr(
            ("proxy", {"X-API-Key": "mine", "Knative-Serving-Namespace": "models", "Knative-Serving-Revision": SECOND})
        ).encode()
    )
