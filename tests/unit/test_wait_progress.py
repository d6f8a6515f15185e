"""A rollout is out when every pod of the current version serves and the last of the old is gone, not before."""

import pytest

from k8s.wait.progress import progress
from tests.rollouts import JUST_NOW, Object, deployment, pod, ready_pod, replica_set, seen, waiting

OLD = ready_pod("mnist-1-a", revision="1")
LEAVING = ready_pod("mnist-1-b", revision="1", leaves_at=JUST_NOW)


def stage(of: Object, *pods: Object, **rest: bool) -> str:
    return progress(seen(of, *pods), of, **rest).stage


def test_all_pods_serve_and_no_old_one_is_left() -> None:
    assert stage(deployment(), ready_pod()) == ""


@pytest.mark.parametrize(
    ("of", "pods", "expected"),
    [
        pytest.param(
            deployment(generation=3, observed=2),
            [ready_pod()],
            "the Deployment's controller to see the change",
            id="counters of the generation before",
        ),
        pytest.param(
            deployment(replicas=3, updated=1),
            [ready_pod()],
            "2 pods of the current version to be made",
            id="some are not made yet",
        ),
        pytest.param(
            deployment(total=2),
            [ready_pod(), OLD],
            "1 pod of the old version to be stopped",
            id="an old one serves",
        ),
        pytest.param(
            deployment(),
            [ready_pod(), OLD],
            "1 pod of the old version to be stopped",
            id="an old one serves that the counters know nothing of",
        ),
        pytest.param(
            deployment(replicas=1, updated=2),
            [ready_pod(), ready_pod("mnist-2-b")],
            "1 pod too many to be stopped",
            id="scaled down a moment ago",
        ),
        pytest.param(
            deployment(available=0),
            [ready_pod()],
            "1 pod to become available",
            id="ready, but not for long enough",
        ),
        pytest.param(
            deployment(),
            [pod()],
            "1 pod of the current version to become ready",
            id="the pod has stopped being ready and the counters do not know it",
        ),
        pytest.param(
            deployment(total=2),
            [pod(), OLD],
            "1 pod of the current version to become ready",
            id="an old one serves until the current one can",
        ),
        pytest.param(
            deployment(),
            [ready_pod(), LEAVING],
            "1 pod to finish terminating",
            id="an old one still answers who is connected to it",
        ),
    ],
)
def test_what_is_waited_for(of: Object, pods: list[Object], expected: str) -> None:
    assert stage(of, *pods) == expected


def test_pods_that_are_leaving_can_be_ignored() -> None:
    assert stage(deployment(), ready_pod(), LEAVING, with_old_pods=False) == ""


def test_pods_of_another_deployment_with_the_same_labels_do_not_count() -> None:
    stranger = ready_pod("else-1-a", revision="9")
    assert stage(deployment(), ready_pod(), stranger) == ""


def test_an_evicted_pod_that_is_kept_for_the_record_does_not_count() -> None:
    assert stage(deployment(), ready_pod(), pod("mnist-1-c", revision="1", phase="Failed")) == ""


def test_before_its_controller_has_made_a_replica_set_nothing_is_out() -> None:
    of = deployment(generation=1, observed=0, updated=0)
    found = progress(seen(of, replica_sets=()), of)
    assert not found.is_out
    assert (found.replicas, found.updated) == (1, 0)


def test_the_counts_and_the_pods_are_told_in_one_line() -> None:
    of = deployment(replicas=2, available=1, total=3)
    found = progress(seen(of, ready_pod(), pod("mnist-2-b", state=waiting("CrashLoopBackOff")), OLD, LEAVING), of)
    assert str(found) == "2 of 2 updated, 1 available, 1 old, 1 terminating"
    assert found.pods == (
        ("mnist-2-a", "Ready"),
        ("mnist-2-b", "CrashLoopBackOff"),
        ("mnist-1-a", "Ready"),
        ("mnist-1-b", "Terminating"),
    )


def test_going_back_to_a_version_of_before_makes_its_replica_set_the_current_one() -> None:
    of = deployment(generation=4, revision="3")
    sets = (replica_set("2"), replica_set("3"))
    again = ready_pod("mnist-3-a", revision="3")
    assert progress(seen(of, again, replica_sets=sets), of).is_out
    assert not progress(seen(of, ready_pod("mnist-2-a"), replica_sets=sets), of).is_out
