"""`values.yaml` read as the manual that it is: every value with its comment.

The convention, which the file's head tells its readers:

    ## A heading, over the values of one part
    # -- What the value below is for, over as many lines as it takes.
    # @schema {enum: [a, b]}
    name: a

A type is taken from the default; `@schema` adds to it or changes it. A mapping
with `additionalProperties` is the user's to fill, and nothing in it is explained.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

Path = tuple[str, ...]
Schema = dict[str, Any]


class Unexplained(Exception):
    """A value lacks its comment, or has one that cannot be read; the message names the line."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value with what is said of it; a group where it has children."""

    path: Path
    default: Any
    manual: str
    schema: Schema
    heading: str
    children: Sequence["Value"] = field(default=())

    @property
    def name(self) -> str:
        return ".".join(self.path)

    def leaves(self) -> Iterator["Value"]:
        """What can be set below it, or itself."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()


def read_manual(text: str) -> list[Value]:
    """Every value of the file, in its order."""
    root = yaml.compose(text, yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        raise Unexplained("values.yaml holds no mapping")
    return list(_values(root, text.splitlines(), (), _headings(text.splitlines())))


def _headings(lines: Sequence[str]) -> Mapping[int, str]:
    """The heading that holds in each line."""
    found, heading = {}, ""
    for number, line in enumerate(lines):
        if line.startswith("## "):
            heading = line.removeprefix("## ").strip()
        found[number] = heading
    return found


def _values(
    mapping: yaml.MappingNode, lines: Sequence[str], above: Path, headings: Mapping[int, str]
) -> Iterator[Value]:
    for key, node in mapping.value:
        path = (*above, key.value)
        line = key.start_mark.line
        manual, said = _comment(lines, line, path)
        default = _plain(node)
        free = not default or "additionalProperties" in said
        children: tuple[Value, ...] = ()
        if isinstance(node, yaml.MappingNode) and not free:
            children = tuple(_values(node, lines, path, headings))
        schema = said if children else _type_of(default, ".".join(path), said, line)
        yield Value(path, default, manual, schema, headings[line], children)


def _plain(node: yaml.Node) -> Any:
    return yaml.safe_load(yaml.serialize(node, Dumper=yaml.SafeDumper))


def _comment(lines: Sequence[str], line: int, path: Path) -> tuple[str, Schema]:
    """Read the comment that ends right above a line."""
    first = line
    while first and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    words: list[str] = []
    schema: Schema = {}
    begun = False
    for text in lines[first:line]:
        text = text.strip().removeprefix("#").removeprefix(" ")
        if text.startswith("-- "):
            begun, words = True, [text.removeprefix("-- ")]
        elif text.startswith("@schema "):
            schema = _schema_of(text.removeprefix("@schema "), ".".join(path), line)
        elif begun and text:
            words.append(text.strip())
    if not begun:
        raise Unexplained(f"values.yaml line {line + 1}: {'.'.join(path)} has no comment '# -- what it is for'")
    return " ".join(words), schema


def _schema_of(text: str, name: str, line: int) -> Schema:
    try:
        said = yaml.safe_load(text)
    except yaml.YAMLError:
        said = None
    if not isinstance(said, dict):
        raise Unexplained(f"values.yaml line {line}: the @schema of {name} is {text!r}, and must be a mapping in {{}}")
    return said


def _type_of(default: Any, name: str, said: Schema, line: int) -> Schema:
    types = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    if type(default) not in types and "type" not in said:
        raise Unexplained(f"values.yaml line {line + 1}: {name} has no default that shows its type; add '# @schema'")
    if isinstance(default, list) and "items" not in said:
        raise Unexplained(f"values.yaml line {line + 1}: {name} is a list; add '# @schema {{items: {{type: …}}}}'")
    return said if "type" in said else {"type": types[type(default)], **said}
