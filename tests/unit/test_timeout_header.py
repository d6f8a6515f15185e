"""How long a caller over HTTP waits, by its headers."""

from math import inf

import pytest

from serving.errors import InvalidRequest
from serving.timeout_header import timeout_seconds

OURS, ENVOYS = b"x-request-timeout-ms", b"x-envoy-expected-rq-timeout-ms"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, inf, id="nobody says anything"),
        pytest.param({b"host": b"here"}, inf, id="nor do other headers"),
        pytest.param({OURS: b"250"}, 0.25, id="a caller says so"),
        pytest.param({ENVOYS: b"15000"}, 15.0, id="a proxy says so"),
        pytest.param({OURS: b"250", ENVOYS: b"100"}, 0.1, id="the proxy gives up sooner"),
        pytest.param({OURS: b"50", ENVOYS: b"100"}, 0.05, id="the caller gives up sooner"),
        pytest.param({ENVOYS: b"0"}, inf, id="zero is no timeout"),
        pytest.param({OURS: b"20", ENVOYS: b"0"}, 0.02, id="and shortens nothing"),
    ],
)
def test_the_sooner_of_both_headers_counts(headers: dict[bytes, bytes], seconds: float) -> None:
    assert timeout_seconds(headers) == seconds


@pytest.mark.parametrize("value", [b"", b"-1", b"1.5", b"soon", b"1e3", b" 5", b"\xb2", b"9" * 13])
@pytest.mark.parametrize("name", [OURS, ENVOYS])
def test_what_is_no_number_of_milliseconds_is_refused_with_its_name(name: bytes, value: bytes) -> None:
    with pytest.raises(InvalidRequest, match=name.decode()):
        timeout_seconds({name: value})
