"""Every combination of values that would hurt is refused in one sentence, whatever else is asked for."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from tests.contract.chart.guard_rows import A_CLUSTER, ROWS, Row
from tests.helm import CHART, HelmFailed, helm, render


def refusal(row: Row, major: int) -> str:
    """What Helm says of the values of a row, or nothing."""
    arguments = ["template", "ecluse", str(CHART), "--values", "-"]
    for api in row.apis:
        arguments += ["--api-versions", api]
    if not row.schema:
        arguments += ["--skip-schema-validation"]
    try:
        helm(*arguments, major=major, stdin=yaml.safe_dump(dict(row.values)))
    except HelmFailed as failed:
        return str(failed)
    return ""


@pytest.mark.parametrize("guard", ROWS)
def test_a_guard_refuses_in_one_sentence(guard: str) -> None:
    said = refusal(ROWS[guard], 4)
    assert [line.removeprefix("- ") for line in said.splitlines() if line.startswith("- ")] == [ROWS[guard].sentence]


def test_every_guard_has_a_row() -> None:
    templates = "".join(template.read_text() for template in (CHART / "templates").glob("_*.tpl"))
    guards = re.findall(r"/\* guard: (.*?) \*/", templates)
    assert len(guards) == len(set(guards))
    assert set(guards) == ROWS.keys()


def test_all_mistakes_are_told_at_once(major: int) -> None:
    together = [
        ROWS[guard]
        for guard in (
            *(
                "drain longer than the grace period",
                "admin without keys",
                "fewest above most",
                "Ingress without a host",
            ),
            *("GPU for an image that knows none", "a name twice", "no claim", "API that the cluster does not have"),
        )
    ]
    values = {name: value for row in together for name, value in row.values.items()}
    said = refusal(Row(values, "", apis=(A_CLUSTER,)), major)
    assert said.count("\n- ") == len(together)
    for row in together:
        assert row.sentence in said


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ({"extraEnv": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}, "variable A"),
        ({"extraVolumeMounts": [{"name": "mine", "mountPath": "/tmp"}]}, "/tmp"),
        ({"extraContainers": [{"name": "server", "image": "x"}]}, "container server"),
    ],
)
def test_other_names_that_are_there_already_are_refused_too(what: Mapping[str, Any], name: str) -> None:
    assert f"{name}, which is there already: give each once." in refusal(Row(what, ""), 4)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"deadline": {"batchPart": "1.5"}}, "deadline.batchPart is 1.5: expected 1 or less"),
        ({"deadline": {"batchPart": "0"}}, "deadline.batchPart is 0: expected more than 0"),
    ],
)
def test_a_fraction_that_came_as_text_has_bounds_too(values: Mapping[str, Any], sentence: str, major: int) -> None:
    assert sentence in refusal(Row(values, ""), major)


@pytest.mark.parametrize(
    "values",
    [
        {"capture": {"path": "/tmp/captured.jsonl"}},
        {
            "capture": {"path": "/captured/all.jsonl"},
            "extraVolumes": [{"name": "captured", "emptyDir": {}}],
            "extraVolumeMounts": [{"name": "captured", "mountPath": "/captured"}],
        },
        {"terminationGracePeriodSeconds": 50},
        {"replicas": 1},
        {"replicas": 1, "strategy": {"profile": "recreate"}},
        {"mode": "kserve"},
    ],
    ids=str,
)
def test_what_is_safe_is_let_pass(values: Mapping[str, Any]) -> None:
    assert render(values)
