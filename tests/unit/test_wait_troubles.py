"""Whatever can be wrong with a pod has a sentence that a person understands, and a limit of its own."""

import pytest

from k8s.wait.pod_troubles import pod_state, pod_troubles
from k8s.wait.rollout_troubles import rollout_troubles
from k8s.wait.troubles import MENDS, Kind, Mends, Trouble
from tests.rollouts import Object, deployment, ended, event, pod, ready_pod, replica_set, seen, waiting

NOT_FOUND = (
    'Back-off pulling image "ecluse:2": ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack '
    'image "ecluse:2": failed to resolve reference "ecluse:2": ecluse:2: not found'
)
NO_HOST = (
    'failed to pull image "ecluse:2": rpc error: code = Unknown desc = failed to do request: Head '
    '"https://registry.example/v2/": dial tcp: lookup registry.example: no such host'
)
IT = "container server of pod mnist-2-a"
INIT = {"name": "storage-initializer", "image": "init:1"}


def unscheduled(message: str) -> Object:
    placed = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return pod(phase="Pending", conditions=[placed])


@pytest.mark.parametrize(
    ("troubled", "kind", "sentence"),
    [
        pytest.param(
            pod(state=waiting("ImagePullBackOff", NOT_FOUND)),
            Kind.IMAGE,
            f'image ecluse:2 of {IT} cannot be pulled: failed to resolve reference "ecluse:2": ecluse:2: not found',
            id="an image that is not there",
        ),
        pytest.param(
            pod(state=waiting("ErrImagePull", NO_HOST)),
            Kind.REGISTRY,
            f"image ecluse:2 of {IT} cannot be pulled: failed to do request: Head "
            '"https://registry.example/v2/": dial tcp: lookup registry.example: no such host',
            id="a registry that is away",
        ),
        pytest.param(
            pod(
                state=waiting(
                    "ErrImageNeverPull", 'Container image "ecluse:2" is not present with pull policy of Never'
                )
            ),
            Kind.IMAGE,
            f"image ecluse:2 of {IT} cannot be pulled: "
            'Container image "ecluse:2" is not present with pull policy of Never',
            id="an image that may not be pulled",
        ),
        pytest.param(
            pod(state=waiting("InvalidImageName", "..."), container={"image": "Not An Image"}),
            Kind.IMAGE_NAME,
            f"'Not An Image' of {IT} is not the name of an image",
            id="no name of an image",
        ),
        pytest.param(
            pod(state=waiting("CreateContainerConfigError", 'secret "keys" not found')),
            Kind.CONFIG,
            f'{IT} cannot be configured: secret "keys" not found',
            id="a secret that is missing",
        ),
        pytest.param(
            pod(state=waiting("CrashLoopBackOff", "back-off 10s"), last_state=ended(1), restarts=1),
            Kind.CRASH,
            f"{IT} has ended 2 times, last with exit code 1",
            id="a crash loop",
        ),
        pytest.param(
            pod(last_state=ended(1), restarts=2),
            Kind.CRASH,
            f"{IT} has ended 2 times, last with exit code 1",
            id="a crash loop in the moment in which it runs",
        ),
        pytest.param(
            pod(last_state=ended(1), restarts=1),
            Kind.PROBE,
            f"{IT} has ended once, with exit code 1",
            id="one crash",
        ),
        pytest.param(
            pod(
                state=waiting("CrashLoopBackOff"),
                last_state=ended(137, "OOMKilled"),
                restarts=3,
                container={"resources": {"limits": {"memory": "64Mi"}}},
            ),
            Kind.CRASH,
            f"{IT} has ended 4 times, last killed for its memory (OOMKilled, its limit is 64Mi)",
            id="out of memory",
        ),
        pytest.param(
            pod(state=ended(143), restarts=1),
            Kind.CRASH,
            f"{IT} has ended 2 times, last with exit code 143 (signal 15)",
            id="ended by a signal",
        ),
        pytest.param(
            pod(state=waiting("RunContainerError", 'exec: "nothing": executable file not found in $PATH')),
            Kind.CANNOT_START,
            f'{IT} cannot be started: exec: "nothing": executable file not found in $PATH',
            id="a command that is not there",
        ),
        pytest.param(
            pod(
                state=waiting("CrashLoopBackOff"),
                last_state=ended(128, "StartError", message="no such file"),
                restarts=2,
            ),
            Kind.CANNOT_START,
            f"{IT} cannot be started: no such file",
            id="a command that is not there, a back-off later",
        ),
        pytest.param(
            pod(
                phase="Pending",
                init=INIT,
                init_state={
                    "name": "storage-initializer",
                    "restartCount": 1,
                    "state": waiting("CrashLoopBackOff"),
                    "lastState": ended(1),
                },
                state=waiting("PodInitializing"),
            ),
            Kind.INIT_CONTAINER,
            "init container storage-initializer of pod mnist-2-a has ended 2 times, last with exit code 1",
            id="a model that cannot be fetched",
        ),
        pytest.param(
            unscheduled(
                "0/1 nodes are available: 1 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: "
                "0/1 nodes are available: 1 No preemption victims found for incoming pod."
            ),
            Kind.UNSCHEDULABLE,
            "pod mnist-2-a cannot be placed: 0/1 nodes are available: 1 Insufficient nvidia.com/gpu. "
            "no new claims to deallocate",
            id="no node has room",
        ),
        pytest.param(
            pod(phase="Failed", message="The node was low on resource: memory."),
            Kind.EVICTED,
            "pod mnist-2-a was ended by its node: The node was low on resource: memory",
            id="evicted",
        ),
        pytest.param(
            pod(container={"readinessProbe": {"httpGet": {"path": "/ready", "port": 1}}}),
            Kind.PROBE,
            f"{IT} runs but is not ready: it has not passed its readiness probe",
            id="not ready",
        ),
    ],
)
def test_a_pod_in_trouble_says_why(troubled: Object, kind: Kind, sentence: str) -> None:
    found = list(pod_troubles(troubled, []))
    assert [(each.kind, each.sentence) for each in found] == [(kind, sentence)]
    assert found[0].pod == "mnist-2-a"


def test_a_pod_that_is_ready_is_in_no_trouble_though_it_has_crashed_before() -> None:
    assert list(pod_troubles(ready_pod(restarts=7, last_state=ended(1)), [])) == []


def test_a_pod_that_is_being_made_is_in_no_trouble() -> None:
    assert list(pod_troubles(pod(phase="Pending", state=waiting("ContainerCreating")), [])) == []
    init_state = {"name": "storage-initializer", "state": {"running": {}}, "restartCount": 0}
    assert list(pod_troubles(pod(init=INIT, init_state=init_state, state=waiting("PodInitializing")), [])) == []


def test_a_back_off_without_words_takes_those_of_the_event() -> None:
    about = pod(state=waiting("ImagePullBackOff", 'Back-off pulling image "ecluse:2"'))
    events = [event(about, "Failed", 'Failed to pull image "ecluse:2": rpc error: code = X desc = pull access denied')]
    assert next(pod_troubles(about, events)).sentence.endswith("cannot be pulled: pull access denied")


def test_a_container_that_its_probe_has_killed_says_which_and_why() -> None:
    about = pod(state=waiting("CrashLoopBackOff"), last_state=ended(137), restarts=2)
    events = [
        event(about, "Unhealthy", "Startup probe failed: HTTP probe failed with statuscode: 503"),
        event(about, "Killing", "Container server failed startup probe, will be restarted"),
    ]
    assert next(pod_troubles(about, events)).sentence == (
        f"{IT} has ended 3 times, last with exit code 137 (signal 9), killed since it failed its "
        "startup probe (startup probe failed: HTTP probe failed with statuscode: 503)"
    )


def test_what_the_probe_saw_is_told_and_where_the_server_says_more() -> None:
    probe = {"httpGet": {"path": "/v2/health/ready", "port": "http", "scheme": "HTTPS"}}
    about = pod(
        started=False,
        container={"startupProbe": probe, "ports": [{"name": "http", "containerPort": 8080}]},
    )
    events = [event(about, "Unhealthy", "Startup probe failed: HTTP probe failed with statuscode: 503")]
    found = next(pod_troubles(about, events))
    assert found.sentence.endswith("is not ready: startup probe failed: HTTP probe failed with statuscode: 503")
    assert found.asks == "https:8080/v2/health/ready"


@pytest.mark.parametrize(
    ("reason", "message", "kind", "sentence"),
    [
        (
            "FailedMount",
            'MountVolume.SetUp failed for volume "keys" : secret "keys" not found',
            Kind.VOLUME,
            (
                "a volume of pod mnist-2-a cannot be mounted: "
                'MountVolume.SetUp failed for volume "keys" : secret "keys" not found'
            ),
        ),
        (
            "FailedCreatePodSandBox",
            "no addresses left",
            Kind.SANDBOX,
            "the node cannot make room for pod mnist-2-a: no addresses left",
        ),
    ],
)
def test_what_only_events_tell_is_told(reason: str, message: str, kind: Kind, sentence: str) -> None:
    about = pod(phase="Pending", state=waiting("ContainerCreating"))
    assert [(each.kind, each.sentence) for each in pod_troubles(about, [event(about, reason, message)])] == [
        (kind, sentence)
    ]


@pytest.mark.parametrize(
    ("about", "state"),
    [
        (ready_pod(), "Ready"),
        (ready_pod(leaves_at="2026-05-04T12:00:00Z"), "Terminating"),
        (pod(), "NotReady"),
        (pod(state=waiting("CrashLoopBackOff")), "CrashLoopBackOff"),
        (pod(state=ended(137, "OOMKilled")), "OOMKilled"),
        (pod(phase="Pending", state=waiting("ContainerCreating")), "ContainerCreating"),
        (unscheduled("no room"), "Unschedulable"),
        (
            pod(init=INIT, init_state={"name": "storage-initializer", "state": waiting("ErrImagePull")}),
            "Init:storage-initializer:ErrImagePull",
        ),
        (
            pod(init=INIT, init_state={"name": "storage-initializer", "state": {"running": {}}}),
            "Init:storage-initializer:Running",
        ),
    ],
)
def test_the_state_of_a_pod_in_a_word(about: Object, state: str) -> None:
    assert pod_state(about) == state


def refused(message: str) -> Trouble:
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
    of = deployment(updated=0)
    return next(rollout_troubles(seen(of, replica_sets=(replica_set("1"), replica_set("2", conditions=[failure]))), of))


@pytest.mark.parametrize(
    ("message", "kind", "sentence"),
    [
        (
            'pods "mnist-2-x7k" is forbidden: exceeded quota: small, requested: pods=1, used: pods=1, limited: pods=1',
            Kind.QUOTA,
            (
                "a quota of the namespace leaves no room for a pod: exceeded quota: small, requested: pods=1, "
                "used: pods=1, limited: pods=1"
            ),
        ),
        (
            'pods "mnist-2-x7k" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
            Kind.ADMISSION,
            'the cluster does not admit the pods: violates PodSecurity "restricted:latest": runAsNonRoot != true',
        ),
        (
            'Internal error occurred: failed calling webhook "pods.kserve": connection refused',
            Kind.WEBHOOK,
            (
                "a webhook that must agree to each pod does not answer: Internal error occurred: "
                'failed calling webhook "pods.kserve": connection refused'
            ),
        ),
        (
            'pods "mnist-2-x7k" is forbidden: error looking up service account models/s: serviceaccount "s" not found',
            Kind.SERVICE_ACCOUNT,
            (
                "the service account of the pods is missing: error looking up service account models/s: "
                'serviceaccount "s" not found'
            ),
        ),
        ("etcdserver: too large", Kind.CREATE_FAILED, "pods cannot be made: etcdserver: too large"),
    ],
)
def test_pods_that_are_not_admitted_say_why(message: str, kind: Kind, sentence: str) -> None:
    found = refused(message)
    assert (found.kind, found.sentence) == (kind, sentence)


def test_a_replica_set_that_cannot_be_made_says_why() -> None:
    failed = {
        "type": "Progressing",
        "status": "False",
        "reason": "ReplicaSetCreateError",
        "message": 'admission webhook "policy.example" denied the request: no latest',
    }
    of = deployment(updated=0, conditions=[failed])
    found = list(rollout_troubles(seen(of, replica_sets=()), of))
    assert [each.sentence for each in found] == [
        'the cluster does not admit the pods: admission webhook "policy.example" denied the request: no latest'
    ]


def test_the_progress_deadline_without_a_cause_is_told_alone() -> None:
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    of = deployment(available=0, conditions=[late])
    assert [each.sentence for each in rollout_troubles(seen(of), of)] == ["deployment/mnist made no progress for 600 s"]


def test_the_progress_deadline_is_told_with_its_cause() -> None:
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    of = deployment(available=0, conditions=[late], progressDeadlineSeconds=60)
    crashing = pod(state=waiting("CrashLoopBackOff"), last_state=ended(3), restarts=4)
    found = {each.kind: each for each in rollout_troubles(seen(of, crashing), of)}
    assert found[Kind.DEADLINE].sentence == (
        f"deployment/mnist made no progress for 60 s: {IT} has ended 5 times, last with exit code 3"
    )
    assert found[Kind.DEADLINE].log_is_of == "previous"


def test_a_deadline_of_the_change_before_is_not_told() -> None:
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    of = deployment(generation=3, observed=2, conditions=[late])
    assert list(rollout_troubles(seen(of), of)) == []


def test_pods_of_the_old_version_are_nobodys_trouble() -> None:
    crashing = pod("mnist-1-a", revision="1", state=waiting("CrashLoopBackOff"), last_state=ended(1), restarts=9)
    of = deployment()
    assert list(rollout_troubles(seen(of, crashing, ready_pod()), of)) == []


def test_a_pod_that_does_not_go_is_told_once_it_is_overdue() -> None:
    of = deployment()
    stuck = ready_pod("mnist-1-a", revision="1", leaves_at="2026-05-04T11:59:00Z")
    leaving = ready_pod("mnist-1-b", revision="1", leaves_at="2026-05-04T11:59:50Z")
    found = list(rollout_troubles(seen(of, stuck, leaving, ready_pod()), of))
    assert [each.sentence for each in found] == [
        "pod mnist-1-a should have been gone by 11:59:00 UTC: does its node still answer?"
    ]


def test_every_kind_of_trouble_has_a_limit() -> None:
    assert set(MENDS) == set(Kind)
    assert MENDS[Kind.PROBE] is Mends.WAITING, "a model that takes long to load looks the same as one that never will"
