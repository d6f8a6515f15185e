"""Which value of the chart is which setting, and what it may be."""

import re

import pytest
from pydantic import ValidationError

from helm.generate.setting_values import DECIDED, PATTERNS, RENAMED, camel_case, setting_values
from serving.options import knobs
from serving.settings import Settings

VALUES = {".".join(value.knob.path): value for value in setting_values()}


def test_a_setting_is_a_value_or_decided_by_the_chart() -> None:
    assert VALUES.keys() | DECIDED.keys() == {".".join(knob.path) for knob in knobs()}
    assert VALUES.keys().isdisjoint(DECIDED)
    assert RENAMED.keys() <= VALUES.keys()


def test_names_are_the_settings_own_in_the_charts_spelling() -> None:
    assert camel_case("grpc_extra_settle_turns") == "grpcExtraSettleTurns"
    assert VALUES["batch.max_rows"].path == ("batch", "maxRows")


def test_no_two_settings_are_one_value() -> None:
    paths = [value.path for value in VALUES.values()]
    assert len(paths) == len(set(paths))


def test_bounds_are_the_settings_own() -> None:
    assert VALUES["batch.max_rows"].schema == {"type": "integer", "minimum": 1, "maximum": 65536}
    assert VALUES["deadline.batch_part"].schema == {"type": "number", "maximum": 1, "exclusiveMinimum": 0}
    assert VALUES["shed.status"].schema == {"type": "integer", "enum": [503, 429]}


def test_a_file_that_is_not_given_is_an_empty_text() -> None:
    assert VALUES["capture.path"].default == ""
    assert VALUES["capture.path"].schema == {"type": "string"}


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize(
    "text",
    [
        *("", "none", "0", "0,1", "0, 1", "0,", ",0", "GPU-1", "all", "latest", "latest:", "latest:0", "latest:1"),
        *("latest:02", "latest:x", "specific", "specific:", "specific:3", "specific:3,5", "specific: 3 , 5"),
        *("specific:3,", "newest", "stable=3", "stable=3,canary=4", "mnist/canary=4", "stable = 3 , canary = 4,"),
        *("stable", "stable=", "=3", "3=4", "stable=x", "a:b=3", "stable=3;canary=4", "mnist/4=4", "a/b/c=1"),
    ],
)
def test_a_pattern_takes_what_the_server_takes(name: str, text: str) -> None:
    group, setting = name.split(".")
    try:
        Settings.model_validate({group: {setting: text}})
        taken = True
    except ValidationError:
        taken = False
    assert (re.search(PATTERNS[name], text) is not None) == taken
