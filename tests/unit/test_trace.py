"""Reading W3C's traceparent, and telling moments as spans have them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.trace import Parent, Trace, parse

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("header", "is_sampled"),
    [
        (f"00-{TRACE_ID}-{SPAN_ID}-01", True),
        (f"00-{TRACE_ID}-{SPAN_ID}-00", False),
        (f"00-{TRACE_ID}-{SPAN_ID}-03", True),
        (f"cc-{TRACE_ID}-{SPAN_ID}-01-what-a-later-version-adds", True),
    ],
)
def test_a_callers_span_is_read(header: str, is_sampled: bool) -> None:
    assert parse(header) == Parent(int(TRACE_ID, 16), int(SPAN_ID, 16), is_sampled)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "hello",
        f"ff-{TRACE_ID}-{SPAN_ID}-01",
        f"00-{'0' * 32}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{'0' * 16}-01",
        f"00-{TRACE_ID.upper()}-{SPAN_ID}-01",
        f"00-{TRACE_ID}-{SPAN_ID}-01-more",
        f"00-{TRACE_ID}-{SPAN_ID}-1",
        f"00-{TRACE_ID}-{SPAN_ID}",
        f" 00-{TRACE_ID}-{SPAN_ID}-01",
    ],
)
def test_what_is_no_traceparent_is_ignored(header: str) -> None:
    assert parse(header) is None


@given(st.binary())
def test_any_bytes_are_a_parent_or_none(header: bytes) -> None:
    assert parse(header.decode("latin-1")) is None


def test_moments_are_told_from_the_requests_arrival_on() -> None:
    trace = Trace(began=10.0, began_ns=1_000_000_000, span=None)
    assert trace.ns(10.0) == 1_000_000_000
    assert trace.ns(10.5) == 1_500_000_000
