"""A setting, its variable and its value are one thing under three names."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from helm.generate.setting_values import SettingValue, setting_values
from serving.options import knobs, load
from serving.settings import Settings
from tests.helm import Manifest, one, render

VALUES = list(setting_values())

TEXTS = {
    "model.name": "digits",
    "model.signatureName": "score",
    "capture.path": "/tmp/captured.jsonl",
    "monitor.output": "logits",
    "monitor.baseline": "/models/baseline.json",
    "tracing.endpoint": "http://collector:4318",
    "tensorflow.visibleDevices": "0,1",
    "versions.policy": "specific:3,5",
    "versions.labels": "stable=3,canary=4",
}
"""Another text for the settings that are texts of an open kind."""

BESIDE: dict[str, dict[str, Any]] = {
    "priority.defaultLevel": {"priority": {"levels": 64}},
    "admin.enabled": {"admin": {"secretName": "keys"}},
    "auth.metrics": {"auth": {"secretName": "keys"}},
    "drain.lameDuckSeconds": {"terminationGracePeriodSeconds": 1000000},
}
"""What some settings cannot be changed without."""


def another(value: SettingValue) -> Any:
    """Give a valid value that is not the default: numbers far from it, where Helm would write an exponent."""
    schema, default = value.schema, value.default
    if "enum" in schema:
        return next(choice for choice in schema["enum"] if choice != default)
    if schema["type"] == "boolean":
        return not default
    if schema["type"] == "integer":
        most = schema.get("maximum", 123456789012)
        return most if most != default else schema["minimum"]
    if schema["type"] == "number":
        return round(schema.get("maximum", 86400.5) * 0.625, 6)
    return TEXTS[".".join(value.path)]


def nested(path: tuple[str, ...], leaf: Any) -> dict[str, Any]:
    for name in reversed(path):
        leaf = {name: leaf}
    node: dict[str, Any] = leaf
    return node


def merged(*parts: Mapping[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            whole[name] = merged(whole.get(name, {}), value) if isinstance(value, Mapping) else value
    return whole


def environment(manifests: list[Manifest]) -> dict[str, str]:
    (container,) = one(manifests, "Deployment")["spec"]["template"]["spec"]["containers"]
    return {variable["name"]: variable["value"] for variable in container.get("env", []) if "value" in variable}


def read(settings: Settings, path: tuple[str, ...]) -> Any:
    node: Any = settings
    for name in path:
        node = getattr(node, name)
    return node


@cache
def all_changed() -> Mapping[str, str]:
    """The environment of a release with every setting changed at once: one rendering shows them all."""
    return environment(render(merged(*BESIDE.values(), *(nested(value.path, another(value)) for value in VALUES))))


@cache
def as_the_server_reads_it() -> Settings:
    names = {knob.variable for knob in knobs()}
    given = {name: text for name, text in all_changed().items() if name in names}
    return load([], {"ADMIN_KEYS_FILE": "/keys", **given})


@pytest.mark.parametrize("value", VALUES, ids=lambda value: ".".join(value.path))
def test_a_value_reaches_the_setting_through_the_environment(value: SettingValue) -> None:
    assert value.knob.variable in all_changed()
    assert str(read(as_the_server_reads_it(), value.knob.path)) == str(another(value))


def test_what_is_as_the_server_has_it_by_itself_is_not_given() -> None:
    assert environment(render({"model": {"name": "model"}})) == {}


def test_the_default_of_a_value_is_the_settings(major: int) -> None:
    given = environment(render(major=major))
    assert given == {"MODEL_NAME": "mnist"}


@pytest.mark.parametrize("fraction", ["0.25", "1e-3"])
def test_a_small_fraction_stays_what_it_is(fraction: str, major: int) -> None:
    given = environment(render({"batch": {"maxWaitSeconds": float(fraction)}}, major=major))
    assert float(given["BATCH_MAX_WAIT_SECONDS"]) == float(fraction)


def test_a_fraction_from_the_command_line_is_taken(major: int) -> None:
    # --set makes text of it.
    given = environment(render({"batch": {"maxWaitSeconds": "0.25"}}, major=major))
    assert given["BATCH_MAX_WAIT_SECONDS"] == "0.25"
