"""Which headers of a user's own code go out with an answer."""

import pytest

from serving.answer_headers import passed_on


def test_a_header_goes_out_with_its_name_in_lower_case_and_its_value_as_text() -> None:
    assert passed_on({"X-Model": "seven", "cost": 3}) == {"x-model": "seven", "cost": "3"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("Content-Length", "7", id="what frames the message"),
        pytest.param("X-Request-Id", "other", id="what names the request"),
        pytest.param("grpc-status", "0", id="what is gRPC's own"),
        pytest.param("trace-bin", "text", id="bytes by its name, and text"),
        pytest.param("a b", "1", id="a name with a space"),
        pytest.param("a", "1\r\nset-cookie: b", id="a value that would end its line"),
        pytest.param("a", "é", id="a value beyond ASCII"),
        pytest.param("", "1", id="no name"),
    ],
)
def test_what_is_not_the_codes_to_say_stays_here(name: str, value: str) -> None:
    assert passed_on({name: value}) == {}
