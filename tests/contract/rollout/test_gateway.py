"""Shares of traffic by routes, held against an API server that conflicts, refuses and falls silent."""

from collections.abc import Callable
from typing import Any

import pytest

from k8s.api_server import ApiError, ApiServer, Forbidden, NotFound, Unreachable
from k8s.rollout.backends.backend import Changed
from k8s.rollout.backends.gateway import Gateway
from k8s.rollout.side import Side
from tests.contract.rollout.fake_api_server import SILENCE, Answer, Asked, FakeApiServer, Object
from tests.contract.rollout.made_up import GATEWAY, release, route, rule, service, set_weights, take_up, weights


def gateway(api: ApiServer, **words: str) -> Gateway:
    return Gateway(api, "models", "mnist", **words)


# Who is who


def test_who_has_weight_is_stable_and_the_other_is_the_canary(api: ApiServer) -> None:
    assert gateway(api).names() == {Side.STABLE: "blue-ecluse", Side.CANARY: "green-ecluse"}


def test_after_a_promotion_the_next_rollout_goes_the_other_way(api: ApiServer) -> None:
    first = gateway(api)
    first.check()
    first.deploy()
    first.promote()
    second = gateway(api)
    assert second.names() == {Side.STABLE: "green-ecluse", Side.CANARY: "blue-ecluse"}
    assert second.check()
    assert second.traffic().canary_percent == 0
    assert second.traffic().sentence == ""


def test_who_goes_on_means_the_same_sides_though_the_canary_has_everything(api: ApiServer) -> None:
    gateway(api).shift(100)
    again = gateway(api, to="green-ecluse", stable="blue-ecluse")
    assert again.names()[Side.CANARY] == "green-ecluse"
    assert again.check()
    assert again.traffic().canary_percent == 100


def test_series_are_told_apart_by_the_deployment(api: ApiServer) -> None:
    backend = gateway(api)
    assert backend.matchers(Side.STABLE) == 'namespace="models",variant="blue-ecluse"'
    assert backend.matchers(Side.CANARY) == 'namespace="models",variant="green-ecluse"'


def test_kserves_deployment_is_found_behind_its_service(fake: FakeApiServer, api: ApiServer) -> None:
    for name in ("one", "two"):
        template = {"metadata": {"labels": {"app": f"isvc.{name}-predictor"}}}
        made = {"metadata": {"name": f"{name}-predictor"}, "spec": {"template": template}}
        fake.put("apis/apps/v1", "deployments", made)
        service(fake, f"{name}-predictor", {"app": f"isvc.{name}-predictor"})
    route(fake, "HTTPRoute", {"one-predictor": 1, "two-predictor": 0}, name="served")
    assert Gateway(api, "models", "served").matchers(Side.CANARY) == 'namespace="models",variant="two-predictor"'


def test_a_canary_with_fewer_pods_is_told_of(fake: FakeApiServer, api: ApiServer) -> None:
    release(fake, "blue", 3)
    told = "deployment/green-ecluse wants 1 pod, the stable one 3: give it as many before large steps"
    assert told in gateway(api).check()


# What is written


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(0, (100, 0)), (1, (99, 1)), (0.5, (995, 5)), (0.25, (9975, 25)), (50, (50, 50)), (100, (0, 100))],
)
def test_a_share_is_two_weights_in_both_routes(
    fake: FakeApiServer, api: ApiServer, percent: float, expected: tuple[int, int]
) -> None:
    backend = gateway(api)
    backend.shift(percent)
    for kind in ("httproutes", "grpcroutes"):
        assert weights(fake, kind) == dict(zip(("blue-ecluse", "green-ecluse"), expected, strict=True))
    assert backend.traffic().canary_percent == percent
    assert backend.traffic().effective
    assert backend.nearest(percent) == percent


def test_a_share_that_is_there_already_is_not_written_again(fake: FakeApiServer, api: ApiServer) -> None:
    gateway(api).shift(5)
    before = len(fake.written())
    gateway(api, to="green-ecluse").shift(5)
    assert len(fake.written()) == before


def test_all_rules_that_lead_to_both_are_shifted_and_others_stay(fake: FakeApiServer, api: ApiServer) -> None:
    shares = {"blue-ecluse": 100, "green-ecluse": 0}
    route(fake, spec={"rules": [rule(shares), rule({"docs": 1}), rule(shares)]})
    gateway(api).shift(10)
    assert [weights(fake, number=number) for number in range(3)] == [
        {"blue-ecluse": 90, "green-ecluse": 10},
        {"docs": 1},
        {"blue-ecluse": 90, "green-ecluse": 10},
    ]


def test_a_third_version_keeps_its_weight_and_its_share(fake: FakeApiServer, api: ApiServer) -> None:
    route(fake, weights={"blue-ecluse": 90, "third": 10, "green-ecluse": 0})
    fake.objects.pop((GATEWAY, "grpcroutes", "models", "mnist"))
    backend = gateway(api, to="green-ecluse")
    assert "third keeps its weight of 10" in " ".join(backend.check())
    assert backend.nearest(50) == 50
    assert backend.nearest(0.1) == pytest.approx(100 / 90)
    backend.shift(50)
    assert weights(fake) == {"blue-ecluse": 45, "third": 10, "green-ecluse": 45}
    backend.shift(0)
    assert weights(fake) == {"blue-ecluse": 90, "third": 10, "green-ecluse": 0}


def test_nothing_but_weights_and_one_annotation_is_changed(fake: FakeApiServer, api: ApiServer) -> None:
    before = fake.get("httproutes", "mnist")
    gateway(api).shift(5)
    after = fake.get("httproutes", "mnist")
    assert after["metadata"]["annotations"] == {"ecluse.example/rollout-weights": "blue-ecluse=95,green-ecluse=5"}
    for first, second in zip(before["spec"]["rules"], after["spec"]["rules"], strict=True):
        assert first["matches"] == second["matches"]
        assert [each["port"] for each in first["backendRefs"]] == [each["port"] for each in second["backendRefs"]]
    assert before["spec"]["parentRefs"] == after["spec"]["parentRefs"]


def test_check_changes_nothing(fake: FakeApiServer, api: ApiServer) -> None:
    gateway(api).check()
    assert fake.written() == []


# Others who write


def test_a_status_that_is_written_in_between_is_no_reason_to_stop(fake: FakeApiServer, api: ApiServer) -> None:
    backend = gateway(api)
    backend.traffic()
    fake.before_a_patch.append(lambda: take_up(fake, fake.get("httproutes", "mnist")))
    backend.shift(5)
    assert weights(fake)["green-ecluse"] == 5


def test_weights_that_somebody_writes_in_between_are_not_overwritten(fake: FakeApiServer, api: ApiServer) -> None:
    backend = gateway(api)
    backend.traffic()
    fake.before_a_patch.append(lambda: fake.change("httproutes", "mnist", set_weights(30)))
    with pytest.raises(Changed, match=r"httproute/mnist was changed \(kubectl-edit"):
        backend.shift(5)
    assert weights(fake)["green-ecluse"] == 30


def test_weights_that_were_changed_since_the_look_are_not_overwritten(fake: FakeApiServer, api: ApiServer) -> None:
    backend = gateway(api)
    backend.shift(5)
    backend.traffic()
    fake.change("httproutes", "mnist", set_weights(30))
    with pytest.raises(Changed):
        backend.shift(10)
    assert weights(fake)["green-ecluse"] == 30


def test_taking_back_is_done_whoever_has_written(fake: FakeApiServer, api: ApiServer) -> None:
    backend = gateway(api)
    backend.shift(5)
    backend.traffic()
    fake.before_a_patch.append(lambda: fake.change("httproutes", "mnist", set_weights(30)))
    backend.shift(0)
    assert (weights(fake)["green-ecluse"], weights(fake, "grpcroutes")["green-ecluse"]) == (0, 0)


@pytest.mark.parametrize("kind", ["httproutes", "grpcroutes"])
def test_a_change_by_hand_is_told_with_its_share_and_its_hand(fake: FakeApiServer, api: ApiServer, kind: str) -> None:
    backend = gateway(api)
    backend.shift(5)
    fake.change(kind, "mnist", set_weights(30))
    traffic = backend.traffic()
    assert traffic.canary_percent == 30
    assert f"{kind[:-1]}/mnist was changed by somebody else (kubectl-edit" in traffic.sentence
    assert f"rule 1 of {kind[:-1]}/mnist gives green-ecluse 30 %" in traffic.sentence


def test_a_version_that_is_taken_out_of_a_rule_by_hand_is_told(fake: FakeApiServer, api: ApiServer) -> None:
    backend = gateway(api, to="green-ecluse", stable="blue-ecluse")
    backend.shift(5)
    fake.change("httproutes", "mnist", lambda found: found["spec"]["rules"][0]["backendRefs"].pop())
    assert backend.traffic().canary_percent == 0
    assert "leads to green-ecluse no more" in backend.traffic().sentence
    backend.shift(0)
    assert weights(fake) == {"blue-ecluse": 100}


def test_traffic_is_never_taken_from_the_only_one_who_is_left(fake: FakeApiServer, api: ApiServer) -> None:
    backend = gateway(api, to="green-ecluse", stable="blue-ecluse")
    backend.shift(50)
    fake.change("httproutes", "mnist", lambda found: found["spec"]["rules"][0]["backendRefs"].pop(0))
    with pytest.raises(ApiError, match="leads to blue-ecluse no more, so that its traffic cannot be given back"):
        backend.shift(0)
    assert weights(fake) == {"green-ecluse": 50}
    assert weights(fake, "grpcroutes")["green-ecluse"] == 0


# Killed, refused, silent


def failing(method: str, plural: str, answer: Answer) -> Callable[[Asked], Answer | None]:
    return lambda asked: answer if (asked.method, asked.plural) == (method, plural) else None


def test_who_is_killed_between_the_two_writes_sees_the_old_share_and_writes_again(
    fake: FakeApiServer, api: ApiServer
) -> None:
    killed = gateway(api)
    killed.shift(1)
    fake.faults.append(failing("PATCH", "grpcroutes", SILENCE))
    with pytest.raises(Unreachable):
        killed.shift(5)
    fake.faults.clear()
    again = gateway(api, to="green-ecluse", stable="blue-ecluse")
    traffic = again.traffic()
    assert (traffic.canary_percent, traffic.effective) == (1, False)
    assert traffic.sentence == "httproute/mnist gives 5 %, grpcroute/mnist 1 %"
    again.shift(5)
    assert again.traffic().canary_percent == 5
    assert again.traffic().effective


def test_the_other_route_is_taken_back_though_one_cannot_be_written(fake: FakeApiServer, api: ApiServer) -> None:
    backend = gateway(api)
    backend.shift(5)
    fake.faults.append(failing("PATCH", "httproutes", (500, {"message": "etcd is away"})))
    with pytest.raises(Unreachable, match="etcd is away"):
        backend.shift(0)
    assert weights(fake, "grpcroutes")["green-ecluse"] == 0
    assert weights(fake)["green-ecluse"] == 5


def test_a_route_that_nobody_may_write_is_told_before_anything_is_shifted(fake: FakeApiServer, api: ApiServer) -> None:
    words = 'httproutes "mnist" is forbidden: User "ci" cannot patch resource "httproutes"'
    fake.faults.append(failing("PATCH", "httproutes", (403, {"message": words})))
    with pytest.raises(Forbidden, match="a right is missing: httproutes"):
        gateway(api).check()


def test_a_route_that_goes_away_in_the_middle_is_told(fake: FakeApiServer, api: ApiServer) -> None:
    backend = gateway(api)
    backend.shift(5)
    fake.objects.pop((GATEWAY, "httproutes", "models", "mnist"))
    with pytest.raises(NotFound, match='httproutes "mnist" not found'):
        backend.traffic()


def test_a_change_is_effective_once_the_gateway_has_taken_it_up(fake: FakeApiServer, api: ApiServer) -> None:
    fake.acts.remove(take_up)
    backend = gateway(api)
    backend.shift(5)
    assert not backend.traffic().effective
    assert "has not taken up the last change of httproute/mnist" in backend.traffic().sentence
    for kind in ("httproutes", "grpcroutes"):
        take_up(fake, fake.get(kind, "mnist"))
    assert backend.traffic().effective


def test_a_gateway_that_finds_no_service_is_told(fake: FakeApiServer, api: ApiServer) -> None:
    backend = gateway(api)
    backend.shift(5)

    def complain(found: Object) -> None:
        condition = found["status"]["parents"][0]["conditions"][1]
        condition |= {"status": "False", "reason": "BackendNotFound", "message": "service green-ecluse is missing"}

    fake.acts.remove(take_up)
    fake.change("httproutes", "mnist", complain)
    traffic = backend.traffic()
    assert not traffic.effective
    assert "ResolvedRefs is False (service green-ecluse is missing)" in traffic.sentence


# Beside the two


def test_a_route_for_calls_of_the_same_name_that_leads_elsewhere_is_left_alone(
    fake: FakeApiServer, api: ApiServer
) -> None:
    route(fake, "GRPCRoute", {"other": 1})
    backend = gateway(api)
    assert backend.check() == ["shifts httproute/mnist from blue-ecluse to green-ecluse"]
    backend.shift(5)
    assert weights(fake, "grpcroutes") == {"other": 1}


# Straight to a side


def test_a_request_goes_straight_to_a_side(fake: FakeApiServer, api: ApiServer) -> None:
    fake.behind = lambda asked: (200, f"{asked.method} {asked.name} {asked.part} {asked.body!r}")
    backend = gateway(api)
    assert backend.ask(Side.CANARY, "/v2/health/ready") == (200, b"GET green-ecluse:80 proxy/v2/health/ready b''")
    assert backend.ask(Side.STABLE, "/v2/models/m/infer", b"{}")[1] == (
        b"POST blue-ecluse:80 proxy/v2/models/m/infer b'{}'"
    )


def test_a_side_that_speaks_tls_is_asked_over_tls(fake: FakeApiServer, api: ApiServer) -> None:
    fake.behind = lambda asked: (200, asked.name)
    ports: list[dict[str, Any]] = [{"port": 80, "appProtocol": "https"}, {"port": 8081}]
    service(fake, "green-ecluse", {"app.kubernetes.io/instance": "green"}, ports)
    assert gateway(api).ask(Side.CANARY, "/v2/health/live") == (200, b"https:green-ecluse:80")


def test_the_servers_own_refusal_is_an_answer_and_the_api_servers_is_none(fake: FakeApiServer, api: ApiServer) -> None:
    backend = gateway(api)
    fake.behind = lambda asked: (404, {"error": "there is no model x"})
    assert backend.ask(Side.CANARY, "/v2/models/x")[0] == 404
    fake.behind = lambda asked: (403, {"kind": "Status", "apiVersion": "v1", "message": "cannot get services/proxy"})
    with pytest.raises(Forbidden, match="services/proxy"):
        backend.ask(Side.CANARY, "/v2/models/x")
