"""Success needs proof; failure needs a trouble that has lasted as long as its kind may."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8s.wait.seen import Seen
from k8s.wait.troubles import MENDS, Kind, Mends, Trouble
from k8s.wait.verdict import Failed, Out, Rules, State, Verdict, Waiting, judge
from tests.rollouts import (
    JUST_NOW,
    LATER,
    SERVICE,
    Object,
    deployment,
    ended,
    inference_service,
    pod,
    ready_pod,
    replica_set,
    seen,
    waiting,
)

GRACE, PATIENCE = 30.0, 120.0
STEADY = 2.0
RULES = Rules(grace_seconds=GRACE, patience_seconds=PATIENCE, steady_seconds=0)

CRASHING = pod(state=waiting("CrashLoopBackOff"), last_state=ended(1), restarts=3)
NO_IMAGE = pod(state=waiting("ImagePullBackOff", "not found"))
NO_ROOM = pod(
    phase="Pending",
    conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no room"}],
)
BAD_NAME = pod(state=waiting("InvalidImageName"))
OUT = seen(deployment(), ready_pod())


def unfinished(*pods: Object) -> Seen:
    return seen(deployment(available=0), *pods)


def judged(looks: Sequence[tuple[float, Seen]], rules: Rules = RULES) -> list[Verdict]:
    state, found = State(), []
    for now, look in looks:
        verdict, state = judge(look, state, now, rules)
        found.append(verdict)
    return found


def test_a_finished_rollout_is_out_at_the_first_look() -> None:
    (verdict,) = judged([(0, OUT)])
    assert isinstance(verdict, Out)


def test_pods_must_stay_ready_for_a_moment() -> None:
    rules = Rules(steady_seconds=STEADY)
    again = seen(deployment(), ready_pod(restarts=1))
    verdicts = judged([(0, OUT), (1.9, OUT), (2.5, again), (4.4, again), (4.5, again)], rules)
    assert [type(each) for each in verdicts] == [Waiting, Waiting, Waiting, Waiting, Out]
    assert isinstance(verdicts[0], Waiting)
    assert verdicts[0].stage == "the pods to stay ready for 2 s"


def test_a_moment_in_which_a_pod_was_not_ready_begins_it_anew() -> None:
    verdicts = judged([(0, OUT), (1, unfinished(pod())), (2, OUT), (3, OUT)], Rules(steady_seconds=STEADY))
    assert all(isinstance(each, Waiting) for each in verdicts)


@pytest.mark.parametrize(
    ("troubled", "seconds"),
    [
        pytest.param(BAD_NAME, 0, id="what nobody can mend fails at once"),
        pytest.param(NO_IMAGE, GRACE, id="what a person can mend fails after the grace"),
        pytest.param(CRASHING, GRACE, id="a crash loop fails after the grace"),
        pytest.param(NO_ROOM, PATIENCE, id="what may pass by itself fails after the patience"),
    ],
)
def test_how_long_a_trouble_may_last(troubled: Object, seconds: float) -> None:
    times = [0.0, seconds - 0.1, seconds] if seconds else [0.0]
    verdicts = judged([(now, unfinished(troubled)) for now in times])
    assert all(isinstance(each, Waiting) for each in verdicts[:-1])
    assert isinstance(verdicts[-1], Failed)


def test_a_trouble_that_goes_away_begins_anew_when_it_comes_back() -> None:
    starting = unfinished(pod(phase="Pending", state=waiting("ContainerCreating")))
    verdicts = judged(
        [(0, unfinished(NO_IMAGE)), (20, starting), (25, unfinished(NO_IMAGE)), (40, unfinished(NO_IMAGE))]
    )
    assert isinstance(verdicts[-1], Waiting)


def test_a_crash_loop_is_one_trouble_while_the_container_runs_again() -> None:
    running = pod(last_state=ended(1), restarts=3)
    verdicts = judged([(0, unfinished(CRASHING)), (15, unfinished(running)), (30, unfinished(CRASHING))])
    assert isinstance(verdicts[-1], Failed)


def test_the_same_trouble_of_another_version_is_another_trouble() -> None:
    mended = pod("mnist-3-a", revision="3", state=waiting("ImagePullBackOff", "not found"))
    third = seen(deployment(generation=3, revision="3", available=0), mended)
    third = Seen(third.target, third.at, deployment=third.deployment, replica_sets=(replica_set("3"),), pods=(mended,))
    verdicts = judged([(0, unfinished(NO_IMAGE)), (29, third), (31, third)])
    assert isinstance(verdicts[-1], Waiting)


def test_a_pod_that_is_not_ready_fails_at_the_timeout_alone() -> None:
    verdicts = judged([(0, unfinished(pod())), (100_000, unfinished(pod()))])
    assert isinstance(verdicts[-1], Waiting)
    assert verdicts[-1].trouble is not None
    assert verdicts[-1].trouble.kind is Kind.PROBE


def test_without_grace_a_persons_mistake_fails_at_once() -> None:
    (verdict,) = judged([(0, unfinished(NO_IMAGE))], Rules(grace_seconds=0))
    assert isinstance(verdict, Failed)
    (verdict,) = judged([(0, unfinished(NO_ROOM))], Rules(grace_seconds=0))
    assert isinstance(verdict, Waiting)


def test_scaled_to_zero_is_no_success_unless_it_was_meant() -> None:
    zero = seen(deployment(replicas=0))
    verdicts = judged([(0, zero), (GRACE, zero)])
    assert isinstance(verdicts[0], Waiting)
    assert isinstance(verdicts[1], Failed)
    (verdict,) = judged([(0, zero)], Rules(zero_is_fine=True, steady_seconds=0))
    assert isinstance(verdict, Out)


def test_a_paused_deployment_says_so() -> None:
    paused = seen(deployment(updated=0, total=1, paused=True), ready_pod("mnist-1-a", revision="1"))
    verdicts = judged([(0, paused), (GRACE, paused)])
    assert isinstance(verdicts[1], Failed)
    assert verdicts[1].trouble.sentence == "deployment/mnist is paused: nothing is rolled out until it is resumed"


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param(seen(deployment(), ready_pod(), deployment=None), id="gone"),
        pytest.param(
            seen(deployment() | {"metadata": deployment()["metadata"] | {"deletionTimestamp": JUST_NOW}}, ready_pod()),
            id="on its way",
        ),
    ],
)
def test_what_is_deleted_meanwhile_has_failed(gone: Seen) -> None:
    (verdict,) = judged([(0, gone)])
    assert isinstance(verdict, Failed)
    assert verdict.trouble.kind is Kind.DELETED


def service_look(service: Object, of: Object, *pods: Object) -> Seen:
    return seen(of, *pods, target=SERVICE, inference_service=service)


def test_an_inference_service_that_was_just_changed_is_not_out_though_all_its_old_pods_serve() -> None:
    changed = inference_service({"containers": [{"name": "kserve-container", "image": "ecluse:2"}]}, changed=JUST_NOW)
    verdicts = judged(
        [(0, service_look(changed, deployment(), ready_pod())), (60, service_look(changed, deployment(), ready_pod()))]
    )
    assert all(isinstance(each, Waiting) for each in verdicts)


def test_a_change_that_kserve_never_carries_fails_after_the_patience() -> None:
    changed = inference_service({"containers": [{"name": "kserve-container", "image": "ecluse:2"}]}, changed=JUST_NOW)
    look = service_look(changed, deployment(), ready_pod())
    verdicts = judged([(0, look), (PATIENCE, look)])
    assert isinstance(verdicts[1], Failed)
    assert verdicts[1].trouble.kind is Kind.NOT_CARRIED


def test_pods_of_the_version_before_are_not_blamed_on_a_change_that_is_on_its_way() -> None:
    changed = inference_service({"containers": [{"name": "kserve-container", "image": "ecluse:2"}]}, changed=JUST_NOW)
    look = service_look(changed, deployment(available=0), BAD_NAME)
    (verdict,) = judged([(0, look)])
    assert isinstance(verdict, Waiting)


def test_kserves_own_word_counts_when_all_pods_serve() -> None:
    route = {"type": "IngressReady", "status": "False", "message": "no gateway"}
    status = {"conditions": [{"type": "Ready", "status": "False"}, route]}
    service = inference_service(changed=JUST_NOW, written=LATER, status=status)
    look = service_look(service, deployment(), ready_pod())
    verdicts = judged([(0, look), (PATIENCE, look)])
    assert isinstance(verdicts[1], Failed)
    assert verdicts[1].trouble.sentence == (
        "KServe does not call inferenceservice/mnist ready: IngressReady is False (no gateway)"
    )


PODS = [ready_pod(), CRASHING, NO_IMAGE, NO_ROOM, pod(), ready_pod("mnist-1-a", revision="1")]


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.floats(0, 40), st.lists(st.sampled_from(PODS), max_size=3), st.integers(0, 3), st.integers(0, 3)),
        min_size=1,
        max_size=5,
    )
)
def test_success_is_never_told_of_less_than_all_pods_of_the_current_version(
    looks: list[tuple[float, list[Object], int, int]],
) -> None:
    now, state = 0.0, State()
    for seconds, pods, updated, available in looks:
        now += seconds
        of = deployment(replicas=2, updated=updated, available=available)
        named = [{**each, "metadata": {**each["metadata"], "uid": str(n)}} for n, each in enumerate(pods)]
        here = seen(of, *named)
        verdict, state = judge(here, state, now, RULES)
        if isinstance(verdict, Out):
            assert len(here.current_pods) >= 2
            assert here.old_pods == []
            assert updated == 2 <= available
        if isinstance(verdict, Failed):
            assert now - state.since[verdict.trouble.key] >= RULES.allowed_seconds(verdict.trouble)


@given(st.sampled_from(list(Kind)), st.floats(0, 1e6), st.floats(0, 1e6))
def test_a_person_is_never_given_longer_than_time(kind: Kind, grace: float, patience: float) -> None:
    rules = Rules(grace_seconds=grace, patience_seconds=patience)
    allowed = rules.allowed_seconds(Trouble(kind, ""))
    order = [Mends.NOBODY, Mends.PERSON, Mends.TIME, Mends.WAITING]
    longer = [other for other in Kind if order.index(MENDS[other]) >= order.index(MENDS[kind])]
    assert all(allowed <= rules.allowed_seconds(Trouble(other, "")) for other in longer)
