"""Two releases share a namespace, and neither sees the other's callers."""

from tests.cluster.callers import ask, predict
from tests.cluster.conftest import Install
from tests.cluster.releases import Release

CALLS = 20
"""Each on a connection of its own, so that one Service with the pods of both would be seen."""


def test_a_second_release_has_its_own_callers_and_leaves_the_first_alone(standing: Release, install: Install) -> None:
    before = standing.namespace.objects()
    values = {"model": {"name": "other"}, "drain": {"preStopSeconds": 0, "lameDuckSeconds": 0}}
    second = install(standing.namespace, values, name="second", mode=standing.mode)
    assert {ask(second.addresses.rest, "/v2/models/other/ready").status for _ in range(CALLS)} == {200}
    assert {ask(standing.addresses.rest, "/v2/models/other/ready").status for _ in range(CALLS)} == {404}
    second.uninstall()
    assert predict(standing.addresses).digits == [7]
    second.wait_until_gone()
    assert standing.namespace.objects() >= before
