"""Pods taken away on purpose: which is next, and what counts as ready."""

from typing import Any

import pytest

from k8s.chaos.taking.take_pods import is_ready, next_to_go


def pod(
    name: str, created: str = "2026-01-01T00:00:00Z", *, ready: bool = True, ending: bool = False
) -> dict[str, Any]:
    metadata = {"name": name, "creationTimestamp": created} | ({"deletionTimestamp": created} if ending else {})
    return {"metadata": metadata, "status": {"conditions": [{"type": "Ready", "status": str(ready)}]}}


def test_the_oldest_pod_goes_first() -> None:
    pods = [pod("young", "2026-01-02T00:00:00Z"), pod("old", "2026-01-01T00:00:00Z")]
    assert next_to_go(pods, []) == "old"
    assert next_to_go(pods, ["old"]) == "young"


def test_of_two_of_one_age_the_choice_does_not_hang_on_the_order_of_the_list() -> None:
    assert next_to_go([pod("b"), pod("a")], []) == next_to_go([pod("a"), pod("b")], []) == "a"


@pytest.mark.parametrize(
    "left",
    [
        pytest.param([], id="none at all"),
        pytest.param([pod("a")], id="all had their turn"),
        pytest.param([pod("b", ready=False)], id="not ready"),
        pytest.param([pod("b", ending=True)], id="ending"),
        pytest.param([{"metadata": {"name": "b", "creationTimestamp": ""}, "status": {}}], id="not placed yet"),
    ],
)
def test_where_no_pod_is_left_none_is_chosen(left: list[dict[str, Any]]) -> None:
    assert next_to_go(left, ["a"]) is None


def test_a_pod_on_its_way_out_is_not_ready_though_it_still_answers() -> None:
    assert is_ready(pod("a"))
    assert not is_ready(pod("a", ending=True))
