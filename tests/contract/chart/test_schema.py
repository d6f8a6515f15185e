"""Values that cannot be are refused by name, before any template is read."""

from typing import Any

import pytest

from tests.helm import HelmFailed, render

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    # Kind of mistake: the values, and what names the key: Helm 3 first, then Helm 4.
    "an unknown value": ({"replica": 3}, "Additional property replica", "additional properties 'replica'"),
    "an unknown value of a group": (
        {"image": {"name": "x"}},
        "image: Additional property name",
        "'/image': additional properties 'name'",
    ),
    "an unknown setting": (
        {"batch": {"max_rows": 8}},
        "batch: Additional property max_rows",
        "'/batch': additional properties 'max_rows'",
    ),
    "a setting that the chart decides": (
        {"bindAddress": "::"},
        "Additional property bindAddress",
        "additional properties 'bindAddress'",
    ),
    "a text for a number": ({"replicas": "two"}, "replicas: Invalid type", "'/replicas': got string, want integer"),
    "a fraction for a whole number": (
        {"batch": {"maxRows": 1.5}},
        "batch.maxRows: Invalid type",
        "'/batch/maxRows': got number, want integer",
    ),
    "a number for a text": ({"image": {"tag": 1}}, "image.tag: Invalid type", "'/image/tag': got number, want string"),
    "a text for a switch": (
        {"tensorflow": {"xla": "yes"}},
        "tensorflow.xla: Invalid type",
        "'/tensorflow/xla': got string, want boolean",
    ),
    "a value for a group": ({"batch": 64}, "batch: Invalid type", "'/batch': got number, want object"),
    "a map for a list": (
        {"tolerations": {"key": "x"}},
        "tolerations: Invalid type",
        "'/tolerations': got object, want array",
    ),
    "a list of the wrong things": (
        {"extraEnv": ["A=b"]},
        "extraEnv.0: Invalid type",
        "'/extraEnv/0': got string, want object",
    ),
    "too large a number": (
        {"batch": {"maxWaitSeconds": 11}},
        "batch.maxWaitSeconds: Must be less than or equal to 10",
        "'/batch/maxWaitSeconds': maximum: got 11, want 10",
    ),
    "too small a number": (
        {"limit": {"payloadBytes": 1}},
        "limit.payloadBytes: Must be greater than or equal to 1024",
        "'/limit/payloadBytes': minimum: got 1, want 1,024",
    ),
    "none of the choices": ({"mode": "knative"}, "mode: mode must be one of", "'/mode': value must be one of"),
    "a number that is none of the choices": (
        {"shed": {"status": 500}},
        "shed.status: shed.status must be one of",
        "'/shed/status': value must be one of",
    ),
    "a text of the wrong form": (
        {"versions": {"policy": "newest"}},
        "versions.policy: Does not match pattern",
        "'/versions/policy': 'newest' does not match pattern",
    ),
    "a text that is no fraction": (
        {"deadline": {"defaultSeconds": "1s"}},
        "deadline.defaultSeconds: Does not match pattern",
        "'/deadline/defaultSeconds': '1s' does not match pattern",
    ),
    "an empty name": (
        {"model": {"name": ""}},
        "model.name: String length must be greater than or equal to 1",
        "'/model/name': minLength",
    ),
    "a label that YAML takes for a switch": (
        {"podLabels": {"canary": True}},
        "podLabels.canary: Invalid type",
        "'/podLabels/canary': got boolean, want string",
    ),
    "an unknown word of a probe": (
        {"probes": {"liveness": {"periodSecond": 5}}},
        'probes.liveness: Property name of "periodSecond" does not match',
        "invalid propertyName 'periodSecond'",
    ),
    "a name that no Service can have": (
        {"fullnameOverride": "1st"},
        "fullnameOverride: Does not match pattern",
        "'/fullnameOverride': '1st' does not match pattern",
    ),
    "a value taken away": ({"batch": {"maxRows": None}}, "batch: maxRows is required", "missing property 'maxRows'"),
    "a group taken away": ({"drain": None}, "drain is required", "missing property 'drain'"),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_value_that_cannot_be_is_refused_by_name(mistake: str, major: int) -> None:
    values, *sentences = REFUSED[mistake]
    with pytest.raises(HelmFailed) as refused:
        render(values, major=major)
    assert sentences[major - 3] in str(refused.value)


def test_values_of_a_parent_chart_are_let_pass(major: int) -> None:
    assert render({"global": {"region": "eu", "imageRegistry": "mirror"}}, major=major)


def test_what_is_the_users_to_fill_is_let_pass(major: int) -> None:
    free = {"podLabels": {"team": "vision"}, "resources": {"limits": {"cpu": 2}}, "nodeSelector": {"zone": "a"}}
    assert render(free, major=major)
