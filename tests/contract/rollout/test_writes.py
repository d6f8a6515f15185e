"""What is written to an API server, by which version it goes, and what each refusal is called."""

import pytest

from k8s.api_server import WRITER, ApiError, ApiServer, Conflict, Forbidden, NotFound, Unreachable
from tests.contract.rollout.fake_api_server import SILENCE, FakeApiServer
from tests.contract.rollout.made_up import GATEWAY

LEASES = ("apis", "coordination.k8s.io", "v1", "namespaces", "models", "leases")
ROUTE = (*GATEWAY.split("/"), "namespaces", "models", "httproutes", "mnist")


def test_what_is_made_is_given_back_with_its_version(api: ApiServer, fake: FakeApiServer) -> None:
    made = api.create({"metadata": {"name": "lock"}, "spec": {"holderIdentity": "me"}}, *LEASES)
    assert made["metadata"]["resourceVersion"]
    assert fake.get("leases", "lock")["spec"] == {"holderIdentity": "me"}


def test_what_is_there_already_is_a_conflict(api: ApiServer) -> None:
    api.create({"metadata": {"name": "lock"}}, *LEASES)
    with pytest.raises(Conflict, match="already exists"):
        api.create({"metadata": {"name": "lock"}}, *LEASES)


def test_a_patch_changes_what_it_names_and_takes_away_what_is_none(api: ApiServer, fake: FakeApiServer) -> None:
    api.patch({"metadata": {"annotations": {"a": "1", "b": "2"}}}, *ROUTE)
    before = fake.get("httproutes", "mnist")["spec"]
    api.patch({"metadata": {"annotations": {"a": None}}}, *ROUTE)
    after = fake.get("httproutes", "mnist")
    assert (after["metadata"]["annotations"], after["spec"]) == ({"b": "2"}, before)


def test_a_patch_that_goes_by_an_older_version_is_a_conflict(api: ApiServer, fake: FakeApiServer) -> None:
    version = api.read(*ROUTE)["metadata"]["resourceVersion"]
    api.patch({"metadata": {"annotations": {"a": "1"}}}, *ROUTE, resource_version=version)
    with pytest.raises(Conflict, match="somebody else has written"):
        api.patch({"metadata": {"annotations": {"a": "2"}}}, *ROUTE, resource_version=version)
    assert fake.get("httproutes", "mnist")["metadata"]["annotations"] == {"a": "1"}


def test_a_dry_run_is_allowed_or_refused_and_changes_nothing(api: ApiServer, fake: FakeApiServer) -> None:
    before = fake.get("httproutes", "mnist")
    api.patch({"metadata": {"annotations": {"a": "1"}}}, *ROUTE, dryRun="All")
    assert fake.get("httproutes", "mnist") == before


def test_what_is_written_bears_the_writers_name(api: ApiServer, fake: FakeApiServer) -> None:
    api.patch({"metadata": {"annotations": {"a": "1"}}}, *ROUTE)
    assert fake.asked[-1].query["fieldManager"] == WRITER
    assert fake.get("httproutes", "mnist")["metadata"]["managedFields"][-1]["manager"] == WRITER


def test_what_is_deleted_is_gone_and_a_second_time_not_there(api: ApiServer, fake: FakeApiServer) -> None:
    api.delete(*ROUTE)
    assert ("httproutes", "mnist") not in {key[1::2] for key in fake.objects}
    with pytest.raises(NotFound):
        api.delete(*ROUTE)


def test_what_has_changed_since_it_was_read_is_not_deleted(api: ApiServer, fake: FakeApiServer) -> None:
    version = api.read(*ROUTE)["metadata"]["resourceVersion"]
    api.patch({"metadata": {"annotations": {"a": "1"}}}, *ROUTE)
    with pytest.raises(Conflict):
        api.delete(*ROUTE, resource_version=version)
    assert fake.get("httproutes", "mnist")


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (SILENCE, Unreachable, "cannot be reached"),
        ((403, {"message": "cannot patch httproutes"}), Forbidden, "a right is missing: cannot patch httproutes"),
        ((422, {"message": "weight: must be at most 1000000"}), ApiError, "with 422: weight: must be at most 1000000"),
        ((500, {"message": "etcd is away"}), Unreachable, "answered 500"),
        ((200, "<html>"), Unreachable, "is it a Kubernetes API server?"),
    ],
    ids=["silence", "no right", "invalid", "broken", "somebody else"],
)
def test_a_write_that_is_not_done_says_why(
    api: ApiServer, fake: FakeApiServer, answer: tuple[int, object], kind: type[ApiError], words: str
) -> None:
    fake.faults.append(lambda asked: answer)
    with pytest.raises(kind) as caught:
        api.patch({}, *ROUTE)
    assert words in str(caught.value)
