"""Whose a route's traffic is, and the patch that gives it back: as a rollout would write it, and over nobody's head."""

import io
import json
from typing import Any

import pytest

from delivery.way_back import NotShared, main, patch, whose
from k8s.rollout.backends.route import WRITTEN


def route(*rules: dict[str, int]) -> dict[str, Any]:
    return {
        "kind": "HTTPRoute",
        "metadata": {"name": "mnist", "resourceVersion": "7"},
        "spec": {
            "rules": [
                {"backendRefs": [{"name": name, "port": 80, "weight": weight} for name, weight in rule.items()]}
                for rule in rules
            ]
        },
    }


def test_who_has_all_of_it_is_told_and_who_has_none() -> None:
    assert whose(route({"blue": 0, "green": 100}, {"blue": 0, "green": 1})) == ("green", "blue")


@pytest.mark.parametrize(
    "rules",
    [
        [{"blue": 90, "green": 10}],
        [{"blue": 100, "green": 0}, {"blue": 0, "green": 100}],
        [{"blue": 100}],
        [{"blue": 100, "green": 0, "red": 0}],
        [],
    ],
    ids=["shared", "rules that differ", "one Service", "three", "none"],
)
def test_a_route_whose_traffic_is_not_clearly_ones_is_a_sentence(rules: list[dict[str, int]]) -> None:
    with pytest.raises(NotShared, match=r"httproute/mnist shares by .*, expected two Services of which one has all"):
        whose(route(*rules))


def test_all_rules_go_back_with_the_mark_of_a_rollout_and_the_version_they_go_by() -> None:
    changed = patch(route({"blue": 0, "green": 100}, {"blue": 75, "green": 25}), "blue", "green")
    assert changed["metadata"] == {"resourceVersion": "7", "annotations": {WRITTEN: "blue=100,green=0"}}
    weights = [[each["weight"] for each in rule["backendRefs"]] for rule in changed["spec"]["rules"]]
    assert weights == [[100, 0], [100, 0]]


def test_what_is_back_already_is_not_written_again() -> None:
    back = route({"blue": 100, "green": 0})
    back["metadata"]["annotations"] = {WRITTEN: "blue=100,green=0"}
    assert patch(back, "blue", "green") == {}


def test_traffic_is_not_given_to_who_is_not_there() -> None:
    with pytest.raises(NotShared, match="does not lead to service/red"):
        patch(route({"blue": 0, "green": 100}), "red", "green")


@pytest.mark.parametrize("text", ["", "{}", "no", "[]"])
def test_what_is_no_route_is_a_sentence(
    text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["--whose"]) == 1
    assert capsys.readouterr().err.startswith("way back: ")
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(route({"blue": 100, "green": 0}))))
    assert main(["--whose"]) == 0
    assert capsys.readouterr().out == "blue green\n"
