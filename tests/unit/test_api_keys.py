"""A file of keys: what is read from it, whose a key is, and what is told of its mistakes."""

import hashlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.api_keys import BadKeyFile, parse


def line(name: str, key: bytes) -> str:
    return f"{name}:{hashlib.sha256(key).hexdigest()}"


KEYS = parse("\n".join(["# who may call", "", line("shop", b"open sesame"), f"  {line('lab', b'knock')}  "]))


def test_a_key_is_known_by_its_name() -> None:
    assert KEYS.name_of(b"open sesame") == "shop"
    assert KEYS.name_of(b"knock") == "lab"


def test_the_sum_that_printf_and_sha256sum_give_is_read() -> None:
    sesame = "41ef4bb0b23661e66301aac36066912dac037827b4ae63a7b1165a5aa93ed4eb"
    assert parse(f"shop:{sesame}").name_of(b"open sesame") == "shop"


@pytest.mark.parametrize("key", [b"", b"open", b"open sesame ", b"Open sesame", b"shop", b"\xff" * 100])
def test_any_other_key_is_not(key: bytes) -> None:
    assert KEYS.name_of(key) is None


def test_the_sum_of_a_key_is_no_key() -> None:
    assert KEYS.name_of(hashlib.sha256(b"knock").hexdigest().encode()) is None


def test_two_names_may_have_one_key() -> None:
    assert parse(f"{line('a', b'k')}\n{line('b', b'k')}").name_of(b"k") in ("a", "b")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no key"),
        ("# nothing but words\n\n", "no key"),
        ("open sesame", "line 1"),
        (f"# first\n{line('a', b'k')[:-1]}", "line 2"),
        (f"{line('a', b'k')}0", "line 1"),
        (f":{'0' * 64}", "line 1"),
        (f"{'0' * 64}", "line 1"),
        (f"{line('a', b'k')}\n{line('a', b'l')}", "line 2 has the name"),
    ],
)
def test_a_mistake_is_told_with_its_line(text: str, words: str) -> None:
    with pytest.raises(BadKeyFile, match=words):
        parse(text)


def test_a_plain_key_in_the_file_does_not_reach_the_log() -> None:
    with pytest.raises(BadKeyFile) as refused:
        parse("shop:open sesame")
    assert "sesame" not in str(refused.value)


@given(st.binary())
def test_any_text_is_keys_or_a_mistake(text: bytes) -> None:
    with suppress(BadKeyFile):
        assert parse(text.decode("latin-1")).sums


@given(st.lists(st.binary(min_size=1), min_size=1, unique=True), st.data())
def test_every_key_of_a_file_opens_and_says_its_own_name(keys: list[bytes], data: st.DataObject) -> None:
    known = parse("\n".join(line(f"key-{index}", key) for index, key in enumerate(keys)))
    index = data.draw(st.integers(0, len(keys) - 1))
    assert known.name_of(keys[index]) == f"key-{index}"
