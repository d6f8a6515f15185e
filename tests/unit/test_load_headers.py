"""Headers are read from the command line and from the environment, and no value is ever shown."""

import pytest

from loadtests.engine.headers import BadHeaders, read_headers

KEY = "Bearer s3cret"


@pytest.mark.parametrize(
    "variable",
    [f"Authorization: {KEY}\nHost: a.example", f'{{"Authorization": "{KEY}", "Host": "a.example"}}'],
    ids=["a header a line", "a JSON object"],
)
def test_the_variable_is_read(variable: str) -> None:
    assert read_headers([], variable) == {"Authorization": KEY, "Host": "a.example"}


def test_the_command_line_has_the_last_word() -> None:
    assert read_headers(["Host: b.example"], "Host: a.example\nX-Id: 1") == {"Host": "b.example", "X-Id": "1"}


def test_grpc_may_call_the_server_by_a_name_of_its_own() -> None:
    assert read_headers(["Host: a.example", ":authority: b.example:81"], "") == {
        "Host": "a.example",
        ":authority": "b.example:81",
    }


@pytest.mark.parametrize(
    ("given", "variable", "words"),
    [
        ([KEY], "", "--header number 1 must be as 'Name: value'"),
        ([f":{KEY}"], "", "--header number 1 must be as 'Name: value'"),
        ([], f"Host: a\n{KEY}", "line 2 of LOADTEST_HEADERS must be as 'Name: value'"),
        ([], f'{{"Authorization": {KEY}}}', "LOADTEST_HEADERS begins like a JSON object and is none: Expecting value"),
        ([], '{"X": 1}', "LOADTEST_HEADERS has a header whose value is no string"),
    ],
    ids=["no colon", "no name", "no colon in a line", "no JSON", "a number"],
)
def test_what_cannot_be_read_is_told_without_its_value(given: list[str], variable: str, words: str) -> None:
    with pytest.raises(BadHeaders) as told:
        read_headers(given, variable)
    assert str(told.value) == words
