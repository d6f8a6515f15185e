"""`python -m loadtests.profile.page`: write docs/load-profiles.md from the form; `--check` says if it is stale.

Behind what is written by hand (`page.md`): every field of a profile, with what
it may hold and what it is where nothing is said. Exit status 1 where the page
is stale.
"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from loadtests.profile.form import Profile

PAGE = Path(__file__).parents[2] / "docs/load-profiles.md"

_OPENING = Path(__file__).with_suffix(".md")

_HEADINGS = {
    "Profile": "The file",
    "Stream": "streams",
    "Made": "streams.inputs",
    "Phase": "phases",
    "Ramp": "times: from one multiple to another",
    "Wave": "times: a wave",
    "Search": "search",
    "Change": "change",
    "Gate": "gates",
    "Generator": "generator",
}


def main(arguments: Sequence[str], to: Path = PAGE) -> int:
    parser = ArgumentParser(prog="python -m loadtests.profile.page", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is stale")
    if not parser.parse_args(arguments).check:
        to.write_text(page(), encoding="utf-8")
        return 0
    if to.exists() and to.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write(f"{to.name} is stale: python -m loadtests.profile.page writes it anew\n")
    return 1


def page() -> str:
    schema = Profile.model_json_schema()
    forms = {"Profile": schema, **schema["$defs"]}
    tables = [table for name, heading in _HEADINGS.items() for table in _form(heading, forms[name], forms)]
    return "\n".join([_OPENING.read_text(encoding="utf-8").rstrip(), "", *tables]).rstrip() + "\n"


def _form(heading: str, form: Mapping[str, Any], forms: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {heading}"
    yield ""
    yield form["description"]
    yield ""
    yield "| field | holds | if left out | |"
    yield "|---|---|---|---|"
    for name, field in form["properties"].items():
        left_out = "" if name in form.get("required", ()) else _default(field.get("default"))
        yield f"| `{name}` | {_holds(field, forms)} | {left_out or 'refused'} | {field.get('description', '')} |"
    yield ""


def _default(value: Any) -> str:
    if value is None:
        return "nothing"
    if value in ("", [], {}):
        return "empty"
    if isinstance(value, dict) and len(value) > 1:
        return "as below"
    return f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _holds(field: Mapping[str, Any], forms: Mapping[str, Any]) -> str:
    """Say what a field may hold, in words."""
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[-1]
        return f"[{_HEADINGS[name]}](#{_anchor(_HEADINGS[name])})" if name in _HEADINGS else _holds(forms[name], forms)
    if "enum" in field:
        return ", ".join(f"`{word}`" if word else "nothing" for word in field["enum"])
    if choices := field.get("anyOf", field.get("oneOf")):
        return " or ".join(_holds(each, forms) for each in choices if each.get("type") != "null")
    match field.get("type"):
        case "array":
            return f"a list, each {_holds(field['items'], forms)}"
        case "object":
            return f"keys, each with {_holds(field['additionalProperties'], forms)}"
        case "boolean":
            return "`true` or `false`"
        case "string":
            return "lower-case letters, digits, `.` and `-`" if "pattern" in field else "a text"
        case kind:
            return " ".join(["a whole number" if kind == "integer" else "a number", *_range(field)])


def _range(field: Mapping[str, Any]) -> Iterator[str]:
    if "exclusiveMinimum" in field:
        yield f"above {field['exclusiveMinimum']:,g}"
    if "minimum" in field:
        yield f"from {field['minimum']:,g}"
    if "maximum" in field:
        yield f"to {field['maximum']:,.10g}"


def _anchor(heading: str) -> str:
    return "".join(character for character in heading.lower().replace(" ", "-") if character not in ".:,")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
