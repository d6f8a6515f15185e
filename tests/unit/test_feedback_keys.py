"""The file of keys that sign ids of predictions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.api_keys import BadKeyFile
from serving.feedback_keys import parse

FIRST, SECOND = "0123456789abcdef" * 4, "fedcba9876543210" * 4


def test_the_first_key_signs_and_all_are_kept() -> None:
    keys = parse(f"# of November\nnew:{FIRST}\n\n old:{SECOND} \n")
    assert keys.names == ["new", "old"]
    assert keys.signing.secret == FIRST.encode()


def test_a_secret_may_hold_colons() -> None:
    assert parse(f"new:{FIRST}:{SECOND}").signing.secret == f"{FIRST}:{SECOND}".encode()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it holds no key"),
        ("# nothing\n", "it holds no key"),
        (f"new:{FIRST}\nnonsense", "line 2 is not a name, a colon and a secret without spaces"),
        ("new:short", "line 1 has a secret of 5 characters, expected at least 32"),
        (f"new:{FIRST}\nnew:{SECOND}", "line 2 has the name of a line before it"),
        ("\n".join(f"key{number}:{FIRST}" for number in range(17)), "it holds 17 keys, and at most 16 are taken"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_line(text: str, reason: str) -> None:
    with pytest.raises(BadKeyFile, match=reason):
        parse(text)


@given(st.text())
def test_no_refusal_quotes_the_file(text: str) -> None:
    secret = "S3cr3t" * 8
    with pytest.raises(BadKeyFile) as refused:
        parse(f"{text}\nnew {secret}")
    assert "S3cr3t" not in str(refused.value)
