"""`values.schema.json`: what a value may be.

Closed: a key that is not in `values.yaml` is refused, and so is one that was
taken away by null. Settings have the types and bounds of `settings.py`; all
else has what `manual.py` read of it. Rules between values are the guards'.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from helm.generate.manual import Value
from helm.generate.setting_values import Path, setting_values

FRACTION = r"^[0-9]+(\.[0-9]+)?$"
"""`--set` makes text of every number with a point."""


def schema_file(manual: Sequence[Value]) -> str:
    of_settings = {value.path: _as_given(value.schema) for value in setting_values()}
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": "Written by `make generate` from values.yaml and serving/settings.py.",
        "title": "The values of the chart ecluse",
        **_closed(manual, of_settings),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _closed(values: Sequence[Value], of_settings: Mapping[Path, dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [value.path[-1] for value in values],
        "properties": {value.path[-1]: _one(value, of_settings) for value in values},
    }


def _one(value: Value, of_settings: Mapping[Path, dict[str, Any]]) -> dict[str, Any]:
    said = {"description": value.manual}
    if value.children:
        return said | _closed(value.children, of_settings) | value.schema
    return said | of_settings.get(value.path, value.schema)


def _as_given(schema: dict[str, Any]) -> dict[str, Any]:
    if schema["type"] != "number":
        return schema
    return schema | {"type": ["number", "string"], "pattern": FRACTION}
