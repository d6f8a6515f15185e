"""A user's own model, on a volume, is served in both modes: KServe fetches it, or the claim is mounted."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.cluster import images
from tests.cluster.callers import Addresses, ask, predict
from tests.cluster.conftest import Install
from tests.cluster.namespaces import Namespace
from tests.cluster.volumes import claimed_models

SOURCES: Mapping[str, Mapping[str, Any]] = {
    "plain": {"source": "existingClaim", "existingClaim": {"name": "models", "path": "mine"}},
    "kserve": {"source": "storageUri", "storageUri": "pvc://models/mine"},
}


@pytest.fixture(scope="module")
def claim(namespace: Namespace, image: object) -> Iterator[str]:
    with claimed_models(namespace, images.named("ECLUSE_IMAGE")) as claim:
        yield claim


@pytest.mark.parametrize("mode", SOURCES)
def test_a_model_of_the_users_own_is_served_from_a_volume(
    mode: str, namespace: Namespace, install: Install, claim: str
) -> None:
    release = install(namespace, {"model": {"name": "own", **SOURCES[mode]}}, name=f"own-{mode}", mode=mode)
    at = Addresses(release.addresses.rest, release.addresses.grpc, model="own")
    assert predict(at).digits == [7]
    assert ask(at.rest, "/v2/models/own").json["versions"] == ["3"]
