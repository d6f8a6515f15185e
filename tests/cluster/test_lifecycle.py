"""The chart's life on a cluster, in both modes: installed, brought up to date, changed, taken back, gone.

One release a mode lives through all of it in the order of this file, in the hands of
Helm 3 at first and of Helm 4 later. No version of the chart is released yet: the one
before is today's under a lower number.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.api import Object
from tests.cluster.callers import SEVEN_SEEN, Asking, triton
from tests.cluster.conftest import RESTRICTED, Install
from tests.cluster.namespaces import Namespaces
from tests.cluster.releases import MODES, Release
from tests.cluster.waiting import until
from tests.helm import CHART, helm

pytestmark = pytest.mark.timeout(600)  # room for each of its waits to say what it saw

GONE_SECONDS = 120
CHANGED = {"drain": {"timeoutSeconds": 20}}
QUICK_TO_GO = {"drain": {"preStopSeconds": 2, "lameDuckSeconds": 3}}


@pytest.fixture(scope="module")
def chart_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chart")
    helm("package", CHART, "--version", "0.0.1", "--destination", folder)
    (package,) = folder.iterdir()
    return package


@pytest.fixture(scope="module", params=MODES)
def first(
    request: pytest.FixtureRequest, namespaces: Namespaces, install: Install, chart_before: Path
) -> Iterator[Release]:
    with namespaces.new(f"life-{request.param}", RESTRICTED) as namespace:
        assert namespace.objects() == set()
        yield install(namespace, QUICK_TO_GO, mode=request.param, helm_major=3, chart=chart_before)


def test_it_answers_from_outside_over_rest_and_grpc(first: Release) -> None:
    assert triton(first.addresses) == SEVEN_SEEN


def test_a_newer_chart_restarts_nothing_that_it_does_not_change(first: Release) -> None:
    before = existing(first)
    with Asking(first.addresses) as asking:
        told = first.upgrade({}, "--reset-values", chart=CHART)
        assert chart_of(told) == f"ecluse-{version()}"
        told.wait_until_settled()
    assert existing(first)["spec"]["template"] == before["spec"]["template"]
    assert asking.failed == []


def test_a_change_is_made_and_taken_back_by_a_newer_helm_and_no_request_is_lost(first: Release) -> None:
    before = existing(first)
    release = first.by_helm(4)
    with Asking(release.addresses) as asking:
        release.upgrade(CHANGED, "--reset-values", chart=CHART).wait_until_changed(before)
        changed = existing(release)
        assert settings(changed)["DRAIN_TIMEOUT_SECONDS"] == "20"
        release.rollback()
        release.wait_until_changed(changed)
    assert "DRAIN_TIMEOUT_SECONDS" not in settings(existing(release))
    assert revisions(release) == 2, "by now KServe too has seen the newer chart, and it made no revision of its own"
    assert asking.failed == []
    assert len(asking.replies) > 20


def test_uninstalling_leaves_nothing_but_the_pod_of_the_last_helm_test(first: Release) -> None:
    release = first.by_helm(4)
    release.test()
    release.uninstall()
    # Helm takes no hook for a part of the release; its log may still be wanted.
    left = {("Pod", "ecluse-test")}
    until(
        "no more than that", lambda: first.namespace.objects() <= left, seconds=GONE_SECONDS, seen=first.namespace.story
    )
    assert first.namespace.objects() == left


def existing(release: Release) -> Object:
    deployment = release.deployment()
    assert deployment is not None
    return deployment


def settings(deployment: Object) -> dict[str, str]:
    """The environment of the server."""
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each["value"] for each in container["env"] if "value" in each}


def revisions(release: Release) -> int:
    """How many versions of the pods there have ever been."""
    return len(release.namespace.find("ReplicaSet", release.selector))


def chart_of(release: Release) -> str:
    """Name and version of the chart that Helm says is installed."""
    (listed,) = release.installed()
    return str(listed["chart"])


def version() -> str:
    return str(helm("show", "chart", CHART).partition("\nversion: ")[2].split("\n")[0])
