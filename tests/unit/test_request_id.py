"""A request's name: the caller's where it can be one, else ours."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.request_id import LONGEST, RequestIds


def test_a_callers_name_is_kept() -> None:
    assert RequestIds().name(b"4bf92f35-77b3/checkout") == b"4bf92f35-77b3/checkout"


@pytest.mark.parametrize(
    "given",
    [None, b"", b"two words", b"line\nbreak", "schön".encode(), b"nul\0", b"a" * (LONGEST + 1)],
    ids=["none", "empty", "a space", "a line break", "no ASCII", "a NUL", "too long"],
)
def test_what_cannot_be_a_name_is_replaced(given: bytes | None) -> None:
    assert RequestIds(b"here").name(given) == b"here-1"


def test_the_longest_name_is_kept() -> None:
    assert RequestIds().name(b"a" * LONGEST) == b"a" * LONGEST


def test_made_names_differ_within_a_process_and_between_processes() -> None:
    here, there = RequestIds(), RequestIds()
    names = [ids.name(None) for ids in (here, there) for _ in range(1000)]
    assert len(set(names)) == 2000


@given(st.none() | st.binary(max_size=200))
def test_every_name_fits_a_header_and_is_taken_by_the_next_server(given: bytes | None) -> None:
    name = RequestIds().name(given)
    assert re.fullmatch(rb"[!-~]{1,128}", name)
    assert RequestIds().name(name) == name
