"""Which cluster, which image, and what to collect when a test fails.

The cluster is the one that KUBECONFIG names, never one found by chance. Where there
is none, or it lacks the image, every test here is skipped with a sentence; where it
lacks KServe, a gateway, a Prometheus or metrics, those that need it are. Where
REQUIRE_TOOLS names what is missing (cluster, kserve, gateway, prometheus, metrics,
dra), that is a failure.
"""

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import pytest

from tests.cluster import images
from tests.cluster.api import Api, NoCluster
from tests.cluster.namespaces import Namespace, Namespaces
from tests.cluster.prometheus import Alertmanager, Prometheus, home
from tests.cluster.releases import MODES, SMALL, Release, merged
from tests.cluster.waiting import NeverSeen, until
from tests.helm import NoHelm, program

KSERVE = "serving.kserve.io/v1beta1"

IMAGE_SECONDS = 20
"""A node tells of an image that was loaded just now with its next status."""

RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
"""The label of a namespace that lets in no pod with more rights than it needs."""

Install = Callable[..., Release]
"""How a test installs the chart: see the fixture `install`."""

NAMESPACES = pytest.StashKey[Namespaces]()


def not_here(reason: str, tool: str = "cluster") -> None:
    if tool in os.environ.get("REQUIRE_TOOLS", "").split():
        pytest.fail(f"{reason}, and REQUIRE_TOOLS names {tool}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def cluster() -> Api:
    """The API server that every test here asks."""
    try:
        api = Api()
        program("helm")
        program("kubectl")
    except (NoCluster, NoHelm) as missing:
        not_here(str(missing))
    return api


@pytest.fixture(scope="session")
def image(cluster: Api) -> Mapping[str, Any]:
    """The chart's values for the image that serves the reference model."""
    return available(cluster, "ECLUSE_IMAGE")


@pytest.fixture(scope="session")
def other_image(cluster: Api) -> Mapping[str, Any]:
    """The chart's values for another version of it."""
    return available(cluster, "ECLUSE_IMAGE_2")


@pytest.fixture(scope="session")
def loadtests_image(cluster: Api) -> Mapping[str, Any]:
    """The values of `loadtest` for the image of the load tests."""
    return available(cluster, "ECLUSE_LOADTESTS_IMAGE")


def available(api: Api, variable: str) -> Mapping[str, Any]:
    image = images.named(variable)
    if variable not in os.environ:
        try:
            until(f"image {image}", lambda: images.on_a_node(api, image), seconds=IMAGE_SECONDS)
        except NeverSeen:
            not_here(f"no image: no node has {image}, and {variable} names no other")
    return images.values(image)


@pytest.fixture(scope="session")
def prometheus(cluster: Api) -> Prometheus:
    """The one that an operator runs here, and that takes every monitor and every rule."""
    return Prometheus(cluster, found(cluster, "Prometheus"))


@pytest.fixture(scope="session")
def alertmanager(cluster: Api) -> Alertmanager:
    return Alertmanager(cluster, found(cluster, "Alertmanager"))


def found(cluster: Api, kind: str) -> str:
    namespace = home(cluster, kind)
    if namespace is None:
        not_here(f"no {kind}: no operator runs one on the cluster", "prometheus")
    assert namespace is not None
    return namespace


@pytest.fixture(scope="session")
def namespaces(cluster: Api, request: pytest.FixtureRequest) -> Iterator[Namespaces]:
    """For tests that need more than one, or one with labels: `with namespaces.new("purpose") as namespace`."""
    all_of_them = request.config.stash[NAMESPACES] = Namespaces(cluster)
    yield all_of_them
    all_of_them.wait_until_gone()


@pytest.fixture(scope="module")
def namespace(namespaces: Namespaces, request: pytest.FixtureRequest) -> Iterator[Namespace]:
    """One that the tests of a file share."""
    with namespaces.new(request.path.stem.removeprefix("test_").replace("_", "-")) as namespace:
        yield namespace


@pytest.fixture
def own_namespace(namespaces: Namespaces) -> Iterator[Namespace]:
    """One that a single test has to itself."""
    with namespaces.new("own") as namespace:
        yield namespace


@pytest.fixture(scope="session")
def install(cluster: Api, image: Mapping[str, Any]) -> Install:
    """Install the chart: `install(namespace, {"replicas": 2}, mode="kserve", helm_major=3, name="other")`.

    Waits until all of it serves, unless `wait=False`. What is installed goes with its namespace.
    """

    def installed(
        namespace: Namespace,
        values: Mapping[str, Any] = {},
        *,
        wait: bool = True,
        options: tuple[str, ...] = (),
        **how: Any,
    ) -> Release:
        release = Release(namespace, merged(merged(SMALL, image), values), **how)
        if release.mode == "kserve" and not cluster.knows(KSERVE):
            not_here(f"no KServe: the cluster does not serve {KSERVE}", "kserve")
        release.install(*options)
        return release.wait_until_settled().wait_until_reachable() if wait else release

    return installed


@pytest.fixture(scope="session", params=MODES)
def standing(request: pytest.FixtureRequest, namespaces: Namespaces, install: Install) -> Iterator[Release]:
    """The chart in each mode, in a namespace that enforces `restricted`, for tests that leave it as it is."""
    with namespaces.new(f"standing-{request.param}", RESTRICTED) as namespace:
        yield install(namespace, mode=request.param)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put what happened in the cluster under a test that failed."""
    report = yield
    if report.failed and report.when != "teardown" and NAMESPACES in item.config.stash:
        for namespace in item.config.stash[NAMESPACES].alive:
            report.sections.append((f"namespace {namespace.name}", namespace.story()))
    return report
