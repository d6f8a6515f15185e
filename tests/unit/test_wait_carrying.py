"""A change of an InferenceService counts as carried once KServe has put it into the Deployment, and never before."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from k8s.wait.carrying import QUIET_SECONDS, Carriage, Memory, carriage
from k8s.wait.expected import differences, holds, same_quantity
from k8s.wait.troubles import Kind
from tests.rollouts import (
    BEFORE,
    JUST_NOW,
    LATER,
    SERVICE,
    Object,
    deployment,
    event,
    inference_service,
    runtime,
    seen,
)

SECOND_IMAGE = {"containers": [{"name": "kserve-container", "image": "ecluse:2"}]}
READY = {"type": "Ready", "status": "True"}


def look(
    service: Object, of: Object | None = None, memory: Memory | None = None, now: float = 0.0, **rest: Any
) -> Carriage:
    here = seen(deployment() if of is None else of, target=SERVICE, inference_service=service, **rest)
    return carriage(here, service, memory, now)


def test_what_was_carried_long_ago_is_carried() -> None:
    assert look(inference_service()).is_carried


def test_a_change_of_the_image_is_not_carried_while_the_deployment_has_the_old_one() -> None:
    found = look(inference_service(SECOND_IMAGE, changed=JUST_NOW))
    assert not found.is_carried
    assert found.trouble is not None
    assert found.trouble.sentence == (
        "KServe has not carried the last change of inferenceservice/mnist into deployment/mnist "
        "(its image is ecluse:1 and should be ecluse:2): it has said nothing since; is its controller running?"
    )


def test_a_change_that_was_carried_within_the_same_second_waits_for_a_sign() -> None:
    service = inference_service(SECOND_IMAGE, changed=JUST_NOW, written=JUST_NOW)
    new = deployment(pod=SECOND_IMAGE)
    first = look(service, new)
    assert not first.is_carried
    assert first.trouble is None
    assert not look(service, new, first.memory, QUIET_SECONDS - 1).is_carried
    assert look(service, new, first.memory, QUIET_SECONDS).is_carried


def test_a_status_that_moves_with_the_change_in_place_is_a_sign() -> None:
    new = deployment(pod=SECOND_IMAGE)
    first = look(inference_service(SECOND_IMAGE, changed=JUST_NOW, written=JUST_NOW), new)
    moved = inference_service(
        SECOND_IMAGE, changed=JUST_NOW, written=JUST_NOW, status={"conditions": [READY], "observedGeneration": 7}
    )
    assert look(moved, new, first.memory, 1).is_carried


def test_a_status_written_a_second_after_the_change_is_a_sign() -> None:
    assert look(
        inference_service(SECOND_IMAGE, changed=JUST_NOW, written=LATER), deployment(pod=SECOND_IMAGE)
    ).is_carried


def test_a_status_that_moved_before_the_last_change_is_no_sign_of_that_one() -> None:
    first = look(inference_service(changed=BEFORE, written=BEFORE))
    moved = look(
        inference_service(changed=BEFORE, written=BEFORE, status={"observedGeneration": 9}), None, first.memory, 1
    )
    assert moved.is_carried
    again = inference_service(changed=JUST_NOW, written=BEFORE, generation=3, status={"observedGeneration": 9})
    assert not look(again, None, moved.memory, 2).is_carried


def test_the_first_generation_needs_no_sign_since_there_was_none_before_it() -> None:
    assert look(inference_service(generation=1, changed=JUST_NOW, written=JUST_NOW)).is_carried


def test_without_a_deployment_nothing_is_carried() -> None:
    service = inference_service(status={}, written=None)
    found = carriage(seen(target=SERVICE, inference_service=service, deployment=None), service, None, 0)
    assert not found.is_carried
    assert found.trouble is not None
    assert found.trouble.kind is Kind.NO_DEPLOYMENT
    assert found.trouble.sentence.endswith("it has not looked at it yet; is its controller running?")


def test_what_somebody_else_changes_in_the_deployment_does_not_hold_for_ever() -> None:
    rewritten = deployment(pod={"containers": [{"name": "kserve-container", "image": "mirror/ecluse:2"}]})
    service = inference_service(SECOND_IMAGE, changed=JUST_NOW, written=LATER)
    first = look(service, rewritten)
    assert not first.is_carried
    assert look(service, rewritten, first.memory, QUIET_SECONDS).is_carried


def test_a_controller_that_says_nothing_never_makes_a_difference_a_success() -> None:
    service = inference_service(SECOND_IMAGE, changed=JUST_NOW)
    first = look(service)
    assert not look(service, None, first.memory, 10_000).is_carried


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            {
                "modelStatus": {
                    "transitionStatus": "InvalidSpec",
                    "lastFailureInfo": {"reason": "RuntimeNotRecognized", "message": "Waiting for runtime"},
                }
            },
            "RuntimeNotRecognized: Waiting for runtime",
        ),
        (
            {
                "conditions": [
                    {"type": "PredictorReady", "status": "False", "reason": "ReconcileFailed", "message": "no"}
                ]
            },
            "no",
        ),
    ],
)
def test_a_refusal_of_kserve_is_told_in_its_words(status: Object, words: str) -> None:
    found = look(inference_service(changed=JUST_NOW, written=LATER, status=status))
    assert found.trouble is not None
    assert found.trouble.kind is Kind.KSERVE_REFUSES
    assert found.trouble.sentence == f"KServe cannot make a Deployment of inferenceservice/mnist: {words}"


def test_a_refusal_of_the_change_before_says_nothing_of_this_one() -> None:
    stale = {"modelStatus": {"transitionStatus": "InvalidSpec", "lastFailureInfo": {"message": "no such runtime"}}}
    found = look(inference_service(SECOND_IMAGE, changed=JUST_NOW, written=BEFORE, status=stale))
    assert found.trouble is not None
    assert found.trouble.kind is Kind.NOT_CARRIED


def test_an_event_says_it_better_and_a_conflict_is_no_failure() -> None:
    service = inference_service(SECOND_IMAGE, changed=JUST_NOW)
    events = (
        event(service, "InternalError", "fails to reconcile predictor: quota", at=LATER),
        event(service, "InternalError", "the object has been modified; please apply your changes", at=LATER),
    )
    found = look(service, events=events)
    assert found.trouble is not None
    assert found.trouble.sentence.endswith("fails to reconcile predictor: quota")


def test_a_service_that_holds_changes_back_says_so() -> None:
    service = inference_service(
        SECOND_IMAGE, changed=JUST_NOW, annotations={"serving.kserve.io/disable-auto-update": "true"}
    )
    found = look(service)
    assert found.trouble is not None
    assert found.trouble.kind is Kind.HELD_BACK


def test_a_service_that_is_stopped_says_so() -> None:
    found = look(inference_service(annotations={"serving.kserve.io/stop": "true"}))
    assert found.trouble is not None
    assert found.trouble.kind is Kind.STOPPED


def test_a_change_of_the_runtime_alone_is_followed_too() -> None:
    service = inference_service({"model": {"modelFormat": {"name": "tensorflow"}, "runtime": "ecluse"}})
    lent = runtime({"image": "ecluse:2"}, changed=JUST_NOW)
    found = look(service, runtime=lent)
    assert not found.is_carried
    assert found.differences == ("its image is ecluse:1 and should be ecluse:2",)
    new = deployment(pod={"containers": [{"name": "kserve-container", "image": "ecluse:2"}]})
    later = inference_service({"model": {"runtime": "ecluse"}}, written=LATER)
    assert look(later, new, runtime=lent).is_carried


MODEL = {
    "image": "ecluse:1",
    "args": ["--own"],
    "env": [{"name": "A", "value": "own"}],
    "storageUri": "pvc://models/mnist",
    "resources": {"limits": {"cpu": "1000m", "memory": "1Gi"}},
    "modelFormat": {"name": "tensorflow"},
    "runtime": "ecluse",
}
LENT = {
    "image": "ecluse:0",
    "args": ["--lent"],
    "env": [{"name": "A", "value": "lent"}, {"name": "B", "value": "lent"}],
    "readinessProbe": {"httpGet": {"path": "/v2/health/ready", "port": 8080}},
}
CARRIED: Object = {
    "name": "kserve-container",
    "image": "ecluse:1",
    "args": ["--lent", "--own"],
    "env": [
        {"name": "A", "value": "own"},
        {"name": "B", "value": "lent"},
        {"name": "INFERENCE_SERVICE_NAME", "value": "mnist"},
    ],
    "resources": {"limits": {"cpu": "1", "memory": "1Gi"}},
    "readinessProbe": {"httpGet": {"path": "/v2/health/ready", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10},
    "imagePullPolicy": "IfNotPresent",
}
STORAGE = {"internal.serving.kserve.io/storage-initializer-sourceuri": "pvc://models/mnist"}


def compared(
    predictor: Object, container: Object, *, lent: Object | None = None, annotations: Object | None = None, **pod: Any
) -> tuple[str, ...]:
    service = inference_service(predictor, labels={"team": "a"})
    of = deployment(
        pod={"containers": [container], **pod},
        labels={"team": "a", "app": "x"},
        annotations=STORAGE if annotations is None else annotations,
    )
    return differences(service, None if lent is None else runtime(lent), of)


def test_the_runtimes_container_with_the_models_laid_over_it_is_what_is_expected() -> None:
    assert compared({"model": MODEL}, CARRIED, lent=LENT) == ()


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"image": "ecluse:9"}, "its image is ecluse:9 and should be ecluse:1"),
        ({"args": ["--lent"]}, "the arguments of its container"),
        ({"args": ["--lent", "--own", "--old"]}, "the arguments of its container"),
        ({"env": [{"name": "A", "value": "own"}]}, "variable B"),
        ({"env": [{"name": "A", "value": "old"}, {"name": "B", "value": "lent"}]}, "variable A"),
        ({"env": [*CARRIED["env"], {"name": "OLD", "value": "1"}]}, "variable OLD, which is not asked for any more"),
        ({"resources": {"limits": {"cpu": "2", "memory": "1Gi"}}}, "resources of its container"),
        ({"readinessProbe": None}, "readinessProbe of its container"),
    ],
)
def test_a_container_that_differs_says_where(change: Object, difference: str) -> None:
    assert compared({"model": MODEL}, CARRIED | change, lent=LENT) == (difference,)


def test_of_a_runtime_that_may_not_be_read_nothing_is_expected() -> None:
    assert compared({"model": MODEL}, CARRIED) == ()
    assert compared({"model": MODEL}, CARRIED | {"args": ["--lent"]}) == ("the arguments of its container",)


def test_the_fields_of_the_pod_are_compared_and_those_of_kserve_are_not() -> None:
    predictor = {"model": MODEL, "terminationGracePeriodSeconds": 60, "maxReplicas": 9, "nodeSelector": {"pool": "gpu"}}
    fields: Object = {"terminationGracePeriodSeconds": 60, "nodeSelector": {"pool": "gpu"}}
    assert compared(predictor, CARRIED, lent=LENT, **fields) == ()
    assert compared(predictor, CARRIED, lent=LENT, terminationGracePeriodSeconds=30) == (
        "nodeSelector",
        "terminationGracePeriodSeconds",
    )


def test_the_address_of_the_model_and_the_labels_are_compared() -> None:
    assert compared({"model": MODEL}, CARRIED, lent=LENT, annotations={}) == ("storageUri pvc://models/mnist",)
    predictor = {"model": MODEL, "labels": {"tier": "b"}, "annotations": {"note": "c"}}
    assert compared(predictor, CARRIED, lent=LENT) == ("label tier", "annotation note")


def test_replicas_are_compared_where_no_autoscaler_owns_them() -> None:
    predictor = {"containers": [{"name": "kserve-container", "image": "ecluse:1"}], "minReplicas": 3}
    owned = inference_service(predictor)
    free = inference_service(predictor, annotations={"serving.kserve.io/autoscalerClass": "none"})
    assert differences(owned, None, deployment()) == ()
    assert differences(free, None, deployment()) == ("1 replicas instead of 3",)


def test_lists_of_both_are_laid_over_each_other_by_the_names_of_their_items() -> None:
    lent = LENT | {
        "ports": [{"name": "http1", "containerPort": 8080}],
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    model = MODEL | {
        "ports": [{"name": "grpc", "containerPort": 8081}],
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp", "readOnly": True}],
    }
    ports = [{"name": "http1", "containerPort": 8080}, {"name": "grpc", "containerPort": 8081, "protocol": "TCP"}]
    mounts = [{"name": "tmp", "mountPath": "/tmp", "readOnly": True}]
    assert compared({"model": model}, CARRIED | {"ports": ports, "volumeMounts": mounts}, lent=lent) == ()
    assert compared({"model": model}, CARRIED | {"ports": ports[1:], "volumeMounts": mounts}, lent=lent) == (
        "ports of its container",
    )


def test_what_kserve_writes_itself_is_not_compared() -> None:
    lent = LENT | {"args": ["--name={{.Name}}"], "env": [{"name": "N", "value": "{{.Name}}"}]}
    model = {"runtimeVersion": "2", "runtime": "ecluse"}
    written = {
        "name": "kserve-container",
        "image": "ecluse:2-gpu",
        "args": ["--name=mnist"],
        "env": [{"name": "N", "value": "mnist"}],
        "readinessProbe": LENT["readinessProbe"],
    }
    assert compared({"model": model}, written, lent=lent) == ()


def test_a_deployment_of_the_same_name_that_is_somebody_elses_is_none_of_kserves() -> None:
    other = deployment()
    other["metadata"]["ownerReferences"] = []
    other["spec"]["template"]["spec"]["containers"][0]["name"] = "main"
    assert differences(inference_service(), None, other) == (
        "there is no container kserve-container",
        "the Deployment belongs to somebody else",
    )


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("1.", "1", True),
        ("..", "1", False),
        ("1000m", "1", True),
        ("1Gi", "1024Mi", True),
        ("1e3", "1k", True),
        ("1G", "1Gi", False),
        ("one", "one", False),
    ],
)
def test_quantities_are_compared_by_what_they_mean(one: str, other: str, is_same: bool) -> None:
    assert same_quantity(one, other) is is_same


scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "1", "1000m"])
values = scalars | st.lists(scalars, max_size=3) | st.dictionaries(st.sampled_from("abc"), scalars, max_size=3)


@settings(max_examples=50)
@given(values)
def test_everything_holds_itself(value: Any) -> None:
    assert holds(value, value)


@settings(max_examples=50)
@given(
    st.dictionaries(st.sampled_from("abc"), values, max_size=3),
    st.dictionaries(st.sampled_from("xyz"), values, max_size=3),
)
def test_what_is_there_besides_takes_nothing_away(asked: Object, besides: Object) -> None:
    assert holds(asked, asked | besides)
