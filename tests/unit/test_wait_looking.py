"""A look reads what it needs and no more, and goes on without what it may not see."""

from k8s.api_server import ApiError, Forbidden, NotFound
from k8s.json_object import Json
from k8s.wait.looking import Looker
from k8s.wait.troubles import Kind, Trouble
from tests.rollouts import (
    DEPLOYMENT,
    NOW,
    SERVICE,
    Object,
    deployment,
    event,
    inference_service,
    pod,
    ready_pod,
    replica_set,
    runtime,
)

IN_MODELS = "apis/apps/v1/namespaces/models"
OBJECTS = "api/v1/namespaces/models"
KSERVE = "apis/serving.kserve.io"


class Api:
    """Answers from a table by path; an error in it is raised, and what is not in it is not there."""

    def __init__(self, answers: dict[str, Object | str | ApiError]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, dict[str, str]]] = []

    def read(self, *path: str, **query: str) -> Json:
        answer = self._answer(path, query)
        assert not isinstance(answer, str)
        return answer

    def text(self, *path: str, **query: str) -> str:
        return str(self._answer(path, query))

    def _answer(self, path: tuple[str, ...], query: dict[str, str]) -> Object | str:
        joined = "/".join(path)
        self.asked.append((joined, query))
        answer = self._answers.get(joined, NotFound(f"{joined} not found", "404 not found"))
        if isinstance(answer, ApiError):
            raise answer
        return answer


def listed(*items: Object) -> Object:
    return {"items": list(items)}


def table(of: Object, *pods: Object, **rest: Object | str | ApiError) -> dict[str, Object | str | ApiError]:
    return {
        f"{IN_MODELS}/deployments/{of['metadata']['name']}": of,
        f"{IN_MODELS}/replicasets": listed(replica_set("2")),
        f"{OBJECTS}/pods": listed(*pods),
        f"{OBJECTS}/events": listed(),
        **rest,
    }


def test_a_healthy_deployment_takes_three_reads() -> None:
    api = Api(table(deployment(), ready_pod()))
    seen = Looker(api, DEPLOYMENT, lambda: NOW).look()
    assert [path for path, _ in api.asked] == [
        f"{IN_MODELS}/deployments/mnist",
        f"{IN_MODELS}/replicasets",
        f"{OBJECTS}/pods",
    ]
    assert [query for _, query in api.asked][1:] == [{"labelSelector": "app=mnist"}] * 2
    assert len(seen.current_pods) == 1


def test_events_are_read_of_pods_that_are_not_ready() -> None:
    starting = pod()
    api = Api(table(deployment(), starting, ready_pod("mnist-2-b")))
    Looker(api, DEPLOYMENT).look()
    assert api.asked[-1] == (f"{OBJECTS}/events", {"fieldSelector": "involvedObject.uid=uid-of-mnist-2-a"})
    assert len(api.asked) == 4


def test_a_selector_may_have_expressions() -> None:
    of = deployment()
    of["spec"]["selector"] = {
        "matchLabels": {"app": "mnist"},
        "matchExpressions": [
            {"key": "a", "operator": "In", "values": ["1", "2"]},
            {"key": "b", "operator": "NotIn", "values": ["3"]},
            {"key": "c", "operator": "Exists"},
            {"key": "d", "operator": "DoesNotExist"},
        ],
    }
    api = Api(table(of))
    Looker(api, DEPLOYMENT).look()
    assert api.asked[-1][1] == {"labelSelector": "app=mnist,a in (1,2),b notin (3),c,!d"}


def services(service: Object, **rest: Object | str | ApiError) -> dict[str, Object | str | ApiError]:
    answers = table(deployment(name="mnist-predictor"), ready_pod())
    return answers | {f"{KSERVE}/v1beta1/namespaces/models/inferenceservices/mnist": service} | rest


def test_of_an_inference_service_the_deployment_of_its_predictor_is_read() -> None:
    seen = Looker(Api(services(inference_service())), SERVICE).look()
    assert seen.inference_service is not None
    assert seen.deployment is not None


def test_a_predictor_with_a_name_has_it_in_its_deployments() -> None:
    service = inference_service({"name": "blue", "containers": []})
    api = Api(services(service))
    Looker(api, SERVICE).look()
    assert api.asked[-1][0] == f"{IN_MODELS}/deployments/mnist-blue-predictor"


def test_the_runtime_is_that_of_the_namespace_or_else_of_the_cluster() -> None:
    service = inference_service({"model": {"modelFormat": {"name": "tensorflow"}, "runtime": "ecluse"}})
    own = f"{KSERVE}/v1alpha1/namespaces/models/servingruntimes/ecluse"
    shared = f"{KSERVE}/v1alpha1/clusterservingruntimes/ecluse"
    first, second = runtime({"image": "1"}), runtime({"image": "2"})
    assert Looker(Api(services(service, **{own: first, shared: second})), SERVICE).look().runtime == first
    assert Looker(Api(services(service, **{shared: second})), SERVICE).look().runtime == second
    assert Looker(Api(services(service)), SERVICE).look().runtime is None


def test_events_of_the_service_are_read_when_asked_for() -> None:
    service = inference_service()
    told = event(service, "InternalError", "no")
    answers = services(service, **{f"{OBJECTS}/events": listed(told)})
    assert Looker(Api(answers), SERVICE).look().events == ()
    assert Looker(Api(answers), SERVICE).look(at_service_events=True).events == (told,)


def test_what_may_not_be_read_and_is_not_needed_is_told_once() -> None:
    service = inference_service({"model": {"runtime": "ecluse"}})
    own = f"{KSERVE}/v1alpha1/namespaces/models/servingruntimes/ecluse"
    answers = services(
        service,
        **{
            own: Forbidden("a right is missing: runtimes"),
            f"{OBJECTS}/events": Forbidden("a right is missing: events"),
        },
    )
    looker = Looker(Api(answers), SERVICE)
    looker.look(at_service_events=True)
    assert looker.look(at_service_events=True).missing_rights == (
        "a change of the ServingRuntime may be missed: a right is missing: runtimes",
        "reasons may be missed: a right is missing: events",
    )


def test_a_log_is_read_of_the_run_that_has_ended() -> None:
    api = Api({f"{OBJECTS}/pods/a/log": "one\n\ntwo\n"})
    trouble = Trouble(Kind.CRASH, "", pod="a", container="server", log_is_of="previous")
    assert Looker(api, DEPLOYMENT).log(trouble) == ["one", "two"]
    assert api.asked[0][1] == {
        "container": "server",
        "tailLines": "30",
        "limitBytes": "16384",
        "previous": "true",
    }


def test_a_log_that_is_gone_or_forbidden_leaves_the_sentence_as_it_is() -> None:
    trouble = Trouble(Kind.CRASH, "", pod="a", container="server", log_is_of="current")
    assert Looker(Api({}), DEPLOYMENT).log(trouble) == []
    assert Looker(Api({f"{OBJECTS}/pods/a/log": Forbidden("no")}), DEPLOYMENT).log(trouble) == []
    assert Looker(Api({}), DEPLOYMENT).log(Trouble(Kind.UNSCHEDULABLE, "", pod="a")) == []


def test_a_server_is_asked_through_the_api_server_by_its_port_and_scheme() -> None:
    path = f"{OBJECTS}/pods/https:a:8080/proxy/v2/health/ready"
    trouble = Trouble(Kind.PROBE, "", pod="a", asks="https:8080/v2/health/ready")
    assert (
        Looker(Api({path: ApiError("...", '503 {"ready": false}')}), DEPLOYMENT).own_words(trouble)
        == '503 {"ready": false}'
    )
    assert Looker(Api({path: "ready"}), DEPLOYMENT).own_words(trouble) == ""
    assert Looker(Api({path: Forbidden("no", "403 no")}), DEPLOYMENT).own_words(trouble) == ""
    assert Looker(Api({}), DEPLOYMENT).own_words(Trouble(Kind.CRASH, "")) == ""


def test_a_cluster_without_kserve_is_told_from_one_without_the_service() -> None:
    assert not Looker(Api({}), SERVICE).knows_kind()
    assert Looker(Api({f"{KSERVE}/v1beta1": {}}), SERVICE).knows_kind()
    assert Looker(Api({}), DEPLOYMENT).knows_kind()
