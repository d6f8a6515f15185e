"""The chart's life on a cluster, in both modes: installed, asked, changed, taken back, gone.

One installation a mode serves all facts here, which are told in the order in which
they happen.
"""

from collections.abc import Iterator

import pytest

from tests.cluster.callers import SEVEN_SEEN, Asking, triton
from tests.cluster.conftest import Install
from tests.cluster.namespaces import Namespaces
from tests.cluster.releases import MODES, Release


@pytest.fixture(scope="module", params=MODES)
def release(request: pytest.FixtureRequest, namespaces: Namespaces, install: Install) -> Iterator[Release]:
    with namespaces.new(f"life-{request.param}") as namespace:
        yield install(namespace, mode=request.param)


def test_it_answers_from_outside_over_rest_and_grpc(release: Release) -> None:
    assert triton(release.addresses) == SEVEN_SEEN


def test_an_upgrade_and_a_rollback_lose_no_request(release: Release) -> None:
    before = release.deployment()
    assert before is not None
    with Asking(release.addresses) as asking:
        upgraded = release.upgrade({"podAnnotations": {"changed": "yes"}}).wait_until_changed(before)
        changed = upgraded.deployment()
        assert changed is not None
        release.rollback()
        release.wait_until_changed(changed)
    assert asking.failed == []
    assert len(asking.replies) > 20
