"""`helm/ecluse/README.md`: the manual of the values as tables, a table to a part.

The words above the tables are in `readme_head.md`. A group of values has a table
of its own under its name; values that stand alone share one under their heading.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from helm.generate.manual import Value
from helm.generate.setting_values import SettingValue, setting_values

WORDS = {"object": "map", "array": "list", "boolean": "true or false"}
HEAD = Path(__file__).with_name("readme_head.md")


def readme(manual: Sequence[Value]) -> str:
    settings = {value.path: value for value in setting_values()}
    lines = ["<!-- Written by `make generate` from values.yaml and helm/generate/readme_head.md. -->", ""]
    lines += HEAD.read_text().splitlines()
    for heading, values in groupby(manual, key=lambda value: value.heading):
        lines += ["", f"## {heading}" if heading else "## Values"]
        together = list(values)
        if alone := [value for value in together if not value.children]:
            lines += ["", *_table(alone, settings, under=0)]
        for group in (value for value in together if value.children):
            lines += ["", f"### `{group.name}`", "", group.manual, "", *_table(list(group.leaves()), settings, under=1)]
    return "\n".join(lines) + "\n"


def _table(values: Sequence[Value], settings: dict[tuple[str, ...], SettingValue], under: int) -> Iterator[str]:
    yield "| value | default | may be | what it is for |"
    yield "|---|---|---|---|"
    for value in values:
        setting = settings.get(value.path)
        name = ".".join(value.path[under:])
        schema = setting.schema if setting else value.schema
        also = f" (`{setting.knob.variable}`)" if setting else ""
        yield f"| `{name}` | {_code(value.default)} | {_cell(may_be(schema))} | {_cell(value.manual + also)} |"


def may_be(schema: dict[str, Any]) -> str:
    """Say in a few words what a schema takes."""
    if "enum" in schema:
        return ", ".join(f"`{choice}`" if choice != "" else "empty" for choice in schema["enum"])
    if schema.get("additionalProperties") == {"type": "string"}:
        return "map of strings"
    kinds: list[str] = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    words = " or ".join(WORDS.get(kind, kind) for kind in kinds)
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    if least is not None and most is not None:
        above = "above " if "exclusiveMinimum" in schema else ""
        return f"{words}, {above}{least} to {most}"
    if "exclusiveMinimum" in schema:
        return f"{words} above {least}"
    return f"{words} from {least}" if least is not None else f"{words} up to {most}" if most is not None else words


def _code(default: Any) -> str:
    if default == "":
        return "empty"
    return f"`{_cell(default if isinstance(default, str) else json.dumps(default))}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
