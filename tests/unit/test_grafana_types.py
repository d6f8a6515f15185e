"""The dashboards are what Grafana's own types say a dashboard is.

The foundation SDK is generated from Grafana 11.6's schemas. It neither refuses
a field that it does not know nor a value that its list does not have: it drops
the one and keeps the other. So what it read is written again and compared, and
every value that has a list is looked up in it.
"""

import enum
import json
import types
import typing
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard

from monitoring import slo
from monitoring.dashboards.catalogue import dashboards
from monitoring.dashboards.look import Unit

SHIPPED = {dashboard.uid: dashboard.to_json() for dashboard in dashboards(slo.read())}

UNKNOWN_TO_THE_TYPES = {
    "annotations.list.step": "written by Grafana's Prometheus source, whose own fields these types leave out",
    "annotations.list.tagKeys": "the same",
    "annotations.list.textFormat": "the same",
    "annotations.list.titleFormat": "the same",
    "annotations.list.useValueForTime": "the same",
    "annotations.list.target.expr": "the same",
    "annotations.list.target.interval": "the same",
    "annotations.list.target.refId": "the same",
    "templating.list.definition": "what the variable's editor shows; every dashboard that Grafana saves has it",
}


@pytest.fixture(scope="module", autouse=True)
def _plugins() -> None:
    register_default_plugins()


def read(dashboard: dict[str, Any]) -> Dashboard:
    return Dashboard.from_json(dashboard)


def lost(ours: Any, theirs: Any, where: str = "") -> list[str]:
    """What we wrote and they did not write again."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return [
            sentence
            for name, value in ours.items()
            for sentence in (
                lost(value, theirs[name], f"{where}.{name}".strip("."))
                if name in theirs
                else [f"{where}.{name}".strip(".")]
                if value is not None
                else []
            )
        ]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [sentence for one, other in zip(ours, theirs, strict=True) for sentence in lost(one, other, where)]
    return [] if ours == theirs else [f"{where}: {ours!r} became {theirs!r}"]


def lists(hint: Any) -> list[set[Any]]:
    """The lists of values that a field's type allows; none where any value will do."""
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return [{member.value for member in hint}]
    if typing.get_origin(hint) is typing.Literal:
        return [set(typing.get_args(hint))]
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        inner = [argument for argument in typing.get_args(hint) if argument is not type(None)]
        return lists(inner[0]) if len(inner) == 1 else []
    return []


def not_in_their_lists(thing: Any, where: str = "") -> list[str]:
    found = []
    if isinstance(thing, list):
        for each in thing:
            found += not_in_their_lists(each, where)
    elif isinstance(thing, dict):
        for name, value in thing.items():
            found += not_in_their_lists(value, f"{where}.{name}")
    elif hasattr(thing, "from_json"):
        hints = typing.get_type_hints(type(thing))
        for name, value in vars(thing).items():
            plain = value.value if isinstance(value, enum.Enum) else value
            for allowed in lists(hints.get(name)):
                if plain is not None and plain not in allowed:
                    found.append(f"{where}.{name}: {plain!r} is none of {sorted(map(str, allowed))}")
            found += not_in_their_lists(value, f"{where}.{name}")
    return found


@pytest.mark.parametrize("uid", SHIPPED)
def test_grafanas_types_know_every_field(uid: str) -> None:
    ours = json.loads(json.dumps(SHIPPED[uid]))
    theirs = json.loads(json.dumps(read(ours), cls=JSONEncoder))
    assert set(lost(ours, theirs)) - set(UNKNOWN_TO_THE_TYPES) == set()


@pytest.mark.parametrize("uid", SHIPPED)
def test_grafanas_types_know_every_value_that_has_a_list(uid: str) -> None:
    assert not_in_their_lists(read(SHIPPED[uid])) == []


def test_a_field_that_grafana_does_not_know_is_found() -> None:
    spoilt = json.loads(json.dumps(SHIPPED["ecluse-overview"]))
    spoilt["panels"][1]["options"]["colourMode"] = "value"
    assert "panels.options.colourMode" in lost(spoilt, json.loads(json.dumps(read(spoilt), cls=JSONEncoder)))


def test_a_value_that_grafana_does_not_know_is_found() -> None:
    spoilt = json.loads(json.dumps(SHIPPED["ecluse-overview"]))
    spoilt["panels"][1]["options"]["colorMode"] = "loud"
    assert any("loud" in sentence for sentence in not_in_their_lists(read(spoilt)))


def test_the_schema_is_the_last_classic_one_that_grafana_11_knows() -> None:
    assert {dashboard["schemaVersion"] for dashboard in SHIPPED.values()} == {Dashboard().schema_version} == {41}


def test_grafana_knows_every_unit() -> None:
    known = {value for value in vars(units).values() if isinstance(value, str)}
    assert {unit.value for unit in Unit if not unit.value.startswith("suffix:")} <= known
