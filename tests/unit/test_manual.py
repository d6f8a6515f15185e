"""values.yaml is a manual: every value has its comment, and the comment its form."""

import pytest

from helm.generate.manual import Unexplained, Value, read_manual
from helm.generate.readme import may_be, readme
from helm.generate.schema import schema_file

FILE = """\
# The head.

## What is served

# -- How it runs,
# in two lines.
# @schema {enum: [auto, plain]}
mode: auto

# -- What the container gets.
resources:
  # -- By itself.
  requests:
    cpu: 1
    memory: 1Gi

## Placement

# -- Taints that are borne.
# @schema {items: {type: object}}
tolerations: []
# -- What the pods are marked with.
podLabels: {}
"""
FREE = FILE.replace("gets.\n", "gets.\n# @schema {additionalProperties: true}\n")


def test_comments_types_and_headings_are_read() -> None:
    mode, resources, tolerations, labels = read_manual(FREE)
    assert mode == Value(
        ("mode",), "auto", "How it runs, in two lines.", {"type": "string", "enum": ["auto", "plain"]}, "What is served"
    )
    assert resources.schema == {"type": "object", "additionalProperties": True}
    assert resources.children == ()
    assert tolerations.heading == "Placement"
    assert labels.schema == {"type": "object"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (FILE, "values.yaml line 14: resources.requests.cpu has no comment"),
        ("a: 1\n", "values.yaml line 1: a has no comment"),
        ("# -- A.\na: null\n", "values.yaml line 2: a has no default that shows its type"),
        ("# -- A.\na: []\n", "values.yaml line 2: a is a list"),
        ("# -- A.\n# @schema enum\na: 1\n", "the @schema of a is 'enum', and must be a mapping"),
        ("- a\n", "holds no mapping"),
    ],
)
def test_a_value_that_is_not_explained_is_named(text: str, sentence: str) -> None:
    with pytest.raises(Unexplained, match=sentence):
        read_manual(text)


def test_the_schema_is_closed_but_for_maps_that_are_the_users() -> None:
    schema = schema_file(read_manual(FREE))
    assert schema.count('"additionalProperties": false') == 1
    assert schema.count('"additionalProperties": true') == 1


def test_a_table_stands_under_each_heading() -> None:
    text = readme(read_manual(FREE))
    assert "## What is served\n\n| value |" in text
    assert "| `mode` | `auto` | `auto`, `plain` | How it runs, in two lines. |" in text
    assert text.index("## Placement") < text.index("| `tolerations` | `[]` | list |")


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1, "maximum": 9}, "integer, 1 to 9"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "number, above 0 to 1"),
        ({"type": "number", "exclusiveMinimum": 0}, "number above 0"),
        ({"type": "integer", "minimum": 0}, "integer from 0"),
        ({"type": "integer", "maximum": 5}, "integer up to 5"),
        ({"type": ["integer", "string"]}, "integer or string"),
        ({"type": "string", "enum": ["", "a"]}, "empty, `a`"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "map of strings"),
    ],
)
def test_what_a_value_may_be_is_said_in_words(schema: dict[str, object], words: str) -> None:
    assert may_be(schema) == words
