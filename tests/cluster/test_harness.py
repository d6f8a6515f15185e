"""What the tests of the cluster stand on: a namespace of their own that is gone afterwards."""

import pytest

from tests.cluster.api import Api, Refused
from tests.cluster.namespaces import Namespace, Namespaces

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "nobody"},
    "spec": {"containers": [{"name": "main", "image": "nowhere.invalid/nobody:1", "imagePullPolicy": "Never"}]},
}


def test_a_namespace_is_gone_after_its_block(cluster: Api, namespaces: Namespaces) -> None:
    with namespaces.new("short") as namespace:
        assert namespace.objects() == set()
        namespace.create(POD)
        assert namespace.objects() == {("Pod", "nobody")}
    namespace.wait_until_gone()
    assert namespace.is_gone()


def test_a_story_tells_what_keeps_a_pod_from_running(own_namespace: Namespace) -> None:
    own_namespace.create(POD)
    assert "pod nobody: Pending" in own_namespace.story()


def test_a_refusal_carries_the_servers_sentence(own_namespace: Namespace) -> None:
    with pytest.raises(Refused, match='pods "nobody" not found'):
        own_namespace.get("Pod", "nobody")
