"""Values that cannot be are refused in a sentence before anything is made, and what runs is not touched."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.cluster.callers import predict
from tests.cluster.conftest import Install
from tests.cluster.namespaces import Namespace
from tests.cluster.releases import Release
from tests.helm import HelmFailed

BAD: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "a name that does not exist": ({"replica": 3}, r"dditional propert(y|ies) '?replica'?\b"),
    "a word for a number": ({"replicas": "three"}, r"replicas.*(integer|string)"),
    "a mode that does not exist": ({"mode": "knative"}, r"mode.*'?(auto|kserve)'?"),
    "a drain longer than the grace": (
        {"drain": {"timeoutSeconds": 600}},
        r"terminationGracePeriodSeconds is 60\b",
    ),
    "a claim without a name": (
        {"model": {"source": "existingClaim"}},
        r"model\.existingClaim\.name is empty: expected the name of a PersistentVolumeClaim",
    ),
}
HELMS = (3, 4)


@pytest.mark.parametrize("helm_major", HELMS)
@pytest.mark.parametrize(("values", "sentence"), BAD.values(), ids=BAD)
def test_nothing_is_made_of_bad_values(
    values: Mapping[str, Any], sentence: str, helm_major: int, namespace: Namespace, install: Install
) -> None:
    before = namespace.objects()
    with pytest.raises(HelmFailed) as refused:
        install(namespace, values, helm_major=helm_major, wait=False)
    assert re.search(sentence, str(refused.value)), refused.value
    assert namespace.objects() == before


@pytest.mark.parametrize(("values", "sentence"), BAD.values(), ids=BAD)
def test_an_upgrade_to_bad_values_touches_nothing(values: Mapping[str, Any], sentence: str, standing: Release) -> None:
    before = running(standing)
    with pytest.raises(HelmFailed) as refused:
        standing.upgrade(values)
    assert re.search(sentence, str(refused.value)), refused.value
    assert running(standing) == before
    assert predict(standing.addresses).digits == [7]


def running(release: Release) -> tuple[object, int]:
    """What the Deployment asks for, and how often that has changed."""
    deployment = release.deployment()
    assert deployment is not None
    return deployment["spec"], deployment["metadata"]["generation"]
