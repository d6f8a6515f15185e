from collections.abc import Callable
from typing import Any

import pytest

from k8s.rollout.backends.backend import Changed, Refused
from k8s.rollout.backends.kserve_canary import PROOF_SECONDS, KServeCanary
from k8s.rollout.side import Side
from tests.pretended_kserve import NAMESPACE, NEW, OLD, PretendedKServe, service_of

Object = dict[str, Any]

STABLE, CANARY = "digits-predictor", "digits-two-predictor"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def backend_of(kserve: PretendedKServe, clock: Clock | None = None, **other: str) -> KServeCanary:
    words = {"canary_name": "two", "storage_uri": NEW, **other}
    return KServeCanary(kserve, NAMESPACE, "digits", clock=clock or Clock(), **words)


def made_ready(kserve: PretendedKServe, backend: KServeCanary, looks: int = 6) -> None:
    """What the machine does while a canary becomes ready: it makes it again at each look."""
    for _ in range(looks):
        if backend.health(Side.CANARY).ready:
            return
        backend.deploy()
        kserve.advance()
    raise AssertionError(backend.health(Side.CANARY).sentence)


def shifted(kserve: PretendedKServe, backend: KServeCanary, percent: float) -> None:
    backend.shift(percent)
    kserve.advance()
    traffic = backend.traffic()
    assert (traffic.canary_percent, traffic.effective) == (percent, True), traffic.sentence


@pytest.mark.parametrize("replicas", [1, 2, 3, 5])
def test_a_canary_is_made_shifted_and_promoted_and_the_stable_version_never_lacks_a_pod(replicas: int) -> None:
    kserve = PretendedKServe(service=service_of(replicas))
    backend = backend_of(kserve)
    told = backend.check()
    assert told[0] == f"shifts inferenceservice/digits from {STABLE} to {CANARY} ({NEW})"
    assert kserve.writes == []
    for _ in range(8):
        backend.deploy()
        kserve.advance()
        assert kserve.available[STABLE] >= replicas
    assert backend.health(Side.CANARY).ready
    # Whatever comes now, either version can carry everything.
    assert kserve.available == {STABLE: replicas, CANARY: replicas}
    for percent in (1.0, 50.0, 100.0):
        shifted(kserve, backend, percent)
        assert kserve.available == {STABLE: replicas, CANARY: replicas}
    backend.promote()
    kserve.advance()
    assert kserve.available == {CANARY: replicas}
    traffic = backend.traffic()
    assert (traffic.canary_percent, traffic.effective, traffic.can_return) == (100.0, True, False)
    assert kserve.service["spec"] == {
        "predictor": {
            **service_of(replicas)["spec"]["predictor"],
            "name": "two",
            "model": {"modelFormat": {"name": "ecluse", "version": "1"}, "name": "", "storageUri": NEW},
        }
    }


@pytest.mark.parametrize("replicas", [1, 3])
def test_what_is_taken_back_is_as_it_was_to_the_letter(replicas: int) -> None:
    kserve = PretendedKServe(service=service_of(replicas))
    backend = backend_of(kserve)
    made_ready(kserve, backend)
    shifted(kserve, backend, 25)
    shifted(kserve, backend, 0)
    backend.discard()
    kserve.advance()
    assert kserve.service["spec"] == service_of(replicas)["spec"]
    assert kserve.available == {STABLE: replicas}
    assert backend.traffic().canary_percent == 0
    assert backend.traffic().effective


@pytest.mark.parametrize(("least", "most"), [(None, None), (None, 4), (1, 1), (1, 4), (2, None), (2, 10), (4, 4)])
def test_numbers_of_pods_come_back_to_what_they_were(least: int | None, most: int | None) -> None:
    given = {"minReplicas": least, "maxReplicas": most}
    before = service_of(1)
    predictor = before["spec"]["predictor"]
    for key, value in given.items():
        predictor.pop(key)
        if value is not None:
            predictor[key] = value
    for is_promoted in (False, True):
        kserve = PretendedKServe(service=before)
        backend = backend_of(kserve)
        made_ready(kserve, backend)
        assert kserve.available == {STABLE: least or 1, CANARY: least or 1}
        if is_promoted:
            shifted(kserve, backend, 100)
            backend.promote()
        else:
            backend.discard()
        after = kserve.service["spec"]["predictor"]
        assert {key: after.get(key) for key in given} == given
        assert "canary" not in kserve.service["spec"]


def test_a_canary_that_kserve_has_not_made_yet_is_waited_for() -> None:
    kserve = PretendedKServe()
    backend = backend_of(kserve)
    backend.deploy()
    health = backend.health(Side.CANARY)
    assert (health.ready, health.hopeless) == (False, False)
    assert health.sentence == f"KServe has not made deployment/{CANARY} yet"


def test_every_act_may_be_done_again_after_a_kill_by_another_process() -> None:
    kserve = PretendedKServe()
    first = backend_of(kserve)
    made_ready(kserve, first)
    names = first.names()
    acts: list[Callable[[KServeCanary], None]] = [
        lambda backend: backend.deploy(),
        lambda backend: backend.shift(5),
        lambda backend: backend.shift(100),
        lambda backend: backend.promote(),
    ]
    for act in acts:
        act(backend_of(kserve, stable=names[Side.STABLE]))
        kserve.advance()
        written = len(kserve.writes)
        again = backend_of(kserve, stable=names[Side.STABLE])
        act(again)
        assert len(kserve.writes) == written
        assert again.names() == names == {Side.STABLE: STABLE, Side.CANARY: CANARY}
        assert again.check() == []
    # What was decided before a promotion, and was not done, changes nothing after it.
    backend_of(kserve, stable=STABLE).deploy()
    backend_of(kserve, stable=STABLE).discard()
    assert kserve.service["spec"]["predictor"]["name"] == "two"


def test_the_next_rollout_goes_from_the_promoted_one_to_another() -> None:
    kserve = PretendedKServe()
    backend = backend_of(kserve)
    made_ready(kserve, backend)
    shifted(kserve, backend, 100)
    backend.promote()
    kserve.advance()
    following = backend_of(kserve, canary_name="three", storage_uri="pvc://models/3")
    following.check()
    assert following.names() == {Side.STABLE: CANARY, Side.CANARY: "digits-three-predictor"}
    assert following.matchers(Side.STABLE) == f'namespace="models",variant="{CANARY}"'
    made_ready(kserve, following)
    shifted(kserve, following, 10)


def test_kserve_that_never_leads_to_the_canary_is_found_out_before_any_request_goes_there() -> None:
    kserve = PretendedKServe(version=(0, 20), service=service_of(3))
    kserve.fields.add("tracing")  # Such as a CRD that was updated before its controller.
    clock = Clock()
    backend = backend_of(kserve, clock)
    backend.check()
    for _ in range(4):
        backend.deploy()
        kserve.advance()
        # It takes as many from the stable version as the canary has, but from more than it had.
        assert kserve.available[STABLE] >= 3
    health = backend.health(Side.CANARY)
    assert not health.ready
    assert not health.hopeless
    assert "KServe has not put digits-two-predictor into its routes" in health.sentence
    # What nobody leads to needs no more pods.
    assert kserve.wanted[CANARY] == 1
    clock.now += PROOF_SECONDS
    assert backend.health(Side.CANARY).hopeless
    backend.discard()
    kserve.advance()
    assert kserve.service["spec"] == service_of(3)["spec"]
    assert kserve.available == {STABLE: 3}


def test_a_share_that_the_routes_do_not_have_is_not_effective() -> None:
    kserve = PretendedKServe()
    backend = backend_of(kserve)
    made_ready(kserve, backend)
    backend.shift(10)
    traffic = backend.traffic()
    assert traffic.canary_percent == 10
    assert not traffic.effective
    assert traffic.sentence == (
        f"httproute/digits-predictor has the weights {STABLE} 100, {CANARY} 0, and the canary was given 10 %"
    )
    kserve.gateway_sleeps = True
    kserve.advance()
    assert "has not taken up the last change of httproute/digits-predictor" in backend.traffic().sentence
    kserve.gateway_sleeps = False
    kserve.advance()
    assert backend.traffic().effective


def test_a_route_that_somebody_edits_is_told_while_kserve_has_not_written_it_back() -> None:
    kserve = PretendedKServe()
    backend = backend_of(kserve)
    made_ready(kserve, backend)
    shifted(kserve, backend, 10)
    kserve.routes["digits"]["spec"]["rules"][0]["backendRefs"][1]["weight"] = 90
    assert "httproute/digits has the weights" in backend.traffic().sentence
    kserve.advance()
    assert backend.traffic().effective


def test_a_share_that_somebody_else_has_written_is_read_and_not_overwritten_but_to_take_it_back() -> None:
    kserve = PretendedKServe()
    backend = backend_of(kserve)
    made_ready(kserve, backend)
    shifted(kserve, backend, 10)
    kserve.service["spec"]["canary"][0]["trafficPercent"] = 90
    with pytest.raises(Changed, match="gives its canary 90 %, and had 10 % when looked at"):
        backend.shift(25)
    assert backend.traffic().canary_percent == 90
    shifted(kserve, backend, 0)


def test_a_canary_that_somebody_takes_away_is_told() -> None:
    kserve = PretendedKServe()
    backend = backend_of(kserve)
    made_ready(kserve, backend)
    shifted(kserve, backend, 10)
    del kserve.service["spec"]["canary"]
    kserve.advance()
    assert backend.traffic().canary_percent == 0
    with pytest.raises(Changed, match="has no canary two any more"):
        backend.shift(25)
    with pytest.raises(Changed, match="has no canary two any more"):
        backend.promote()
    backend.shift(0)
    backend.discard()


def test_the_end_of_the_old_version_waits_until_it_has_no_request() -> None:
    kserve = PretendedKServe()
    backend = backend_of(kserve)
    made_ready(kserve, backend)
    shifted(kserve, backend, 50)
    with pytest.raises(Changed, match="gives its canary 50 %: it must have all first"):
        backend.promote()
    with pytest.raises(Changed, match="gives its canary 50 % still"):
        backend.discard()


def test_a_write_of_kserves_in_between_is_no_reason_to_give_up() -> None:
    kserve = PretendedKServe()
    backend = backend_of(kserve)
    kserve.others_write = 3
    backend.deploy()
    assert len(kserve.writes) == 1
    kserve.others_write = 100
    with pytest.raises(Changed, match="is written by others all the time"):
        backend.discard()


def test_a_canary_with_broken_pods_gets_one_pod_and_takes_none_from_the_stable_version() -> None:
    kserve = PretendedKServe(service=service_of(3))
    kserve.broken.add(CANARY)
    backend = backend_of(kserve)
    for _ in range(4):
        backend.deploy()
        kserve.advance()
        assert kserve.available[STABLE] >= 3
    assert kserve.wanted[CANARY] == 1
    assert not backend.health(Side.CANARY).ready


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda of: of["metadata"]["annotations"].update({"serving.kserve.io/deploymentMode": "RawDeployment"}),
         "deploymentMode is RawDeployment, and KServe takes a canary only where it says exactly Standard"),
        (lambda of: of["metadata"].update(annotations={}), "deploymentMode is missing"),
        (lambda of: of["status"].update(deploymentMode="Knative"), "use the backend kserve-knative"),
        (lambda of: of["spec"]["predictor"]["model"].update(storageUri=NEW), "it would be a rollout onto itself"),
        (lambda of: of["spec"]["predictor"]["model"].pop("storageUri"), "its model has no storageUri"),
        (lambda of: of["spec"]["predictor"].pop("model"), "its predictor has no model"),
        (lambda of: of["spec"]["predictor"].update(storageUris=[{"uri": OLD}]), "its predictor has storageUris"),
        (lambda of: of["spec"]["predictor"].update(name="two"), "its stable version is called two already"),
        (lambda of: of["spec"].update(transformer={"containers": []}), "it has a transformer"),
        (lambda of: of["spec"]["predictor"].update(workerSpec={"size": 2}), "several nodes (workerSpec)"),
        (lambda of: of["spec"].update(canary=[{"predictor": {"name": "x"}, "trafficPercent": 5}]),
         "it has canaries already (x)"),
        (lambda of: of["metadata"]["annotations"].update({"serving.kserve.io/autoscalerClass": "keda"}), "KEDA scales"),
        (lambda of: of["metadata"]["annotations"].update({"serving.kserve.io/autoscalerClass": "external"}),
         "something outside of KServe scales it"),
        (lambda of: of["metadata"]["annotations"].update({"serving.kserve.io/disable-auto-update": "true"}),
         "KServe carries no change of it while it is ready"),
    ],
)  # fmt: skip
def test_what_stands_against_a_canary_is_told_and_nothing_is_changed(
    change: Callable[[Object], object], told: str
) -> None:
    kserve = PretendedKServe()
    change(kserve.service)
    with pytest.raises(Refused) as refused:
        backend_of(kserve).check()
    assert str(refused.value).startswith("inferenceservice/digits cannot be rolled out with kserve-canary: ")
    assert told in str(refused.value)
    assert kserve.writes == []


def test_all_that_stands_against_it_is_told_at_once() -> None:
    kserve = PretendedKServe(version=(0, 20))
    kserve.service["metadata"]["annotations"].clear()
    kserve.routes.clear()
    with pytest.raises(Refused) as refused:
        backend_of(kserve, storage_uri="", canary_name="Two").check()
    for told in (
        "older than 0.21",
        "deploymentMode is missing",
        "--storage-uri",
        "'Two' is no name",
        "enableGatewayApi",
    ):
        assert told in str(refused.value)


@pytest.mark.parametrize(
    ("version", "image", "told"),
    [
        ((0, 20), None, "KServe here is older than 0.21 (an InferenceService has spec.canary but not spec.tracing"),
        ((0, 20), "kserve/kserve-controller:v0.20.0", "KServe here is 0.20, which gives a canary pods"),
        ((0, 21), "registry:5000/kserve/kserve-controller:v0.20.1@sha256:0", "KServe here is 0.20, which"),
        ((0, 19), "kserve/kserve-controller:latest", "KServe here is older than 0.20: an InferenceService has no"),
    ],
)
def test_kserve_that_is_too_old_is_refused_by_what_it_shows(
    version: tuple[int, int], image: str | None, told: str
) -> None:
    kserve = PretendedKServe(version)
    kserve.image = image
    if version < (0, 20):
        kserve.fields.discard("canary")
    with pytest.raises(Refused) as refused:
        backend_of(kserve).check()
    assert told in str(refused.value)
    assert "use the backend gateway with two releases, or KServe 0.21" in str(refused.value)


def test_kserve_that_shows_no_version_is_tried_without_requests() -> None:
    kserve = PretendedKServe()
    kserve.fields.clear()
    assert any("cannot be seen" in told for told in backend_of(kserve).check())
    kserve.image = "kserve/kserve-controller:v0.21.0"
    assert not any("cannot be seen" in told for told in backend_of(kserve).check())


def test_an_autoscaler_that_holds_more_pods_than_a_canary_gets_is_refused() -> None:
    kserve = PretendedKServe()
    kserve.service["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] = "hpa"
    backend_of(kserve).check()
    kserve.wanted[STABLE] = 6
    with pytest.raises(Refused, match="its autoscaler holds 6 pods and minReplicas is 2"):
        backend_of(kserve).check()


def test_what_kserve_itself_refuses_is_told_before_anything_is_changed() -> None:
    kserve = PretendedKServe()
    kserve.service["spec"]["predictor"]["model"]["modelFormat"] = {}
    with pytest.raises(Refused, match="the canary cannot be written to inferenceservice/digits: ") as refused:
        backend_of(kserve).check()
    assert "the schema of the canary is not kept" in str(refused.value)
    assert kserve.writes == []


def test_a_service_of_a_helm_release_is_rolled_out_and_its_owner_is_told_what_to_set() -> None:
    kserve = PretendedKServe()
    kserve.service["metadata"]["annotations"]["meta.helm.sh/release-name"] = "digits"
    told = backend_of(kserve).check()
    assert any(f"set the release's model to {NEW} before its next upgrade" in each for each in told)


def test_a_canary_without_a_name_is_named_after_its_model_the_same_each_time() -> None:
    kserve = PretendedKServe()
    first, second = (backend_of(kserve, canary_name="") for _ in range(2))
    first.check()
    assert first.names() == second.names()
    assert first.names()[Side.CANARY] != backend_of(kserve, canary_name="", storage_uri=OLD).names()[Side.CANARY]


def test_a_canary_of_that_name_with_another_model_is_not_taken_for_ours() -> None:
    kserve = PretendedKServe()
    backend_of(kserve, storage_uri="pvc://models/9").deploy()
    with pytest.raises(Refused, match="has a canary two with pvc://models/9 already, not pvc://models/2"):
        backend_of(kserve).deploy()


@pytest.mark.parametrize(("asked", "made"), [(0, 0), (0.1, 1), (1.4, 1), (12.6, 13), (99.9, 99), (100, 100)])
def test_shares_are_whole_percents_and_never_by_accident_nothing_or_everything(asked: float, made: float) -> None:
    assert backend_of(PretendedKServe()).nearest(asked) == made


def test_a_side_is_asked_by_its_own_service_and_first_port() -> None:
    kserve = PretendedKServe()
    backend = backend_of(kserve)
    backend.deploy()
    kserve.advance()
    assert backend.ask(Side.CANARY, "/v2/health/ready") == (
        200,
        b"GET/api/v1/namespaces/models/services/digits-two-predictor:80/proxy/v2/health/ready",
    )


def test_a_service_that_is_not_there_is_told() -> None:
    with pytest.raises(Refused, match="there is no inferenceservice/other in namespace models"):
        KServeCanary(PretendedKServe(), NAMESPACE, "other", "two", NEW).check()
