"""Whatever stands in a profile or after `--set`, it is a profile or it is refused in sentences."""

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.profile.course import Course
from loadtests.profile.outline import outline
from loadtests.profile.read import SHIPPED, BadProfile, names, read
from loadtests.profile.sketch import sketch

EXAMPLES = 20
"""Reading a file takes some milliseconds: more were tried by hand."""
WORDS = [
    "rate",
    "phases",
    "streams",
    "gates",
    "search",
    "change",
    "generator",
    "times",
    "first",
    "last",
    "swing",
    "mean",
    "period_seconds",
    "seconds",
    "name",
    "role",
    "share",
    "rows",
    "of",
    "most",
    "least",
    "promised",
    "measure",
    "+",
    "0",
    "1",
    "-1",
    "99",
    "null",
    "true",
    "1e9",
    ".nan",
    "smoke",
    "warm-up",
    "before",
    "x",
]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**7)
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(st.sampled_from("a:{[*&!#é\t "), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=3),
    max_leaves=6,
)
PATHS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(".".join)


def refused_or_sound(name: str, overrides: list[str]) -> None:
    try:
        profile = read(name, overrides)
    except BadProfile as trouble:
        told = str(trouble).splitlines()
    else:
        told = sketch(outline(profile))
        assert Course(profile).advance(-3)
    assert told
    assert all(line.strip() for line in told)


@given(st.sampled_from(names()), st.lists(st.tuples(PATHS, VALUES), min_size=1, max_size=3))
@settings(max_examples=EXAMPLES, deadline=None)
def test_whatever_is_set_is_taken_or_refused(name: str, changes: list[tuple[str, Any]]) -> None:
    refused_or_sound(name, [f"{path}={json.dumps(value)}" for path, value in changes])


@given(st.sampled_from(names()), st.sampled_from(["phases.0", "streams.0", "gates.0", "change", "search"]), st.data())
@settings(max_examples=EXAMPLES, deadline=None)
def test_whatever_a_field_holds_is_taken_or_refused(name: str, part: str, data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(WORDS))
    refused_or_sound(name, [f"{part}.{field}={json.dumps(data.draw(VALUES))}"])


@given(st.binary(max_size=30))
@settings(max_examples=EXAMPLES, deadline=None)
def test_whatever_stands_in_a_file_is_refused_in_a_sentence(found: bytes) -> None:
    whole = (SHIPPED / "smoke.yaml").read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.yaml"
        for content in (found, whole[:400] + found + whole[400:]):
            path.write_bytes(content)
            refused_or_sound(str(path), [])
