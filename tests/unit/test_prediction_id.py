"""Ids of predictions: whatever is not ours is refused with a reason, and what is ours says what was predicted."""

import hmac
from string import ascii_letters, digits

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving import prediction_id
from serving.prediction_id import (
    InvalidId,
    PredictionId,
    Row,
    SigningKey,
    content,
    mark_of_model,
    mark_of_names,
    read,
    sign,
    write_rows,
)

KEY = SigningKey("2026-11", b"a secret that is thirty-two long")
OTHER = SigningKey("2026-10", b"another secret, just as long, yes")

signing_keys = st.builds(
    SigningKey, st.text(ascii_letters, min_size=1, max_size=8), st.binary(min_size=32, max_size=32)
)
rows = st.lists(st.tuples(st.integers(0, 65_535), st.floats(0, 1)), min_size=1, max_size=20)


@st.composite
def predictions(draw: st.DrawFn) -> PredictionId:
    said = draw(rows)
    return PredictionId(
        model_mark=draw(st.integers(0, 2**32 - 1)),
        version=draw(st.text(digits, min_size=1, max_size=12)),
        minute=draw(st.integers(0, 2**32 - 1)),
        random=draw(st.integers(0, 2**64 - 1)),
        class_count=draw(st.integers(1, 65_535)),
        names_mark=draw(st.integers(0, 65_535)),
        is_calibrated=draw(st.booleans()),
        rows=write_rows([number for number, _ in said], [chance for _, chance in said]),
    )


def of_one_row(version: str = "3") -> PredictionId:
    return PredictionId(mark_of_model("mnist"), version, 29_000_000, 7, 10, 0, True, write_rows([7], [0.98]))


@settings(max_examples=40)
@given(predictions(), signing_keys)
def test_what_is_signed_is_read_again(said: PredictionId, key: SigningKey) -> None:
    assert read(sign(content(said, key), key), [key]) == said


@settings(max_examples=40)
@given(predictions(), signing_keys, st.data())
def test_an_id_with_any_bit_flipped_is_refused(said: PredictionId, key: SigningKey, data: st.DataObject) -> None:
    text = sign(content(said, key), key).encode()
    place = data.draw(st.integers(0, len(text) * 8 - 1))
    flipped = bytearray(text)
    flipped[place // 8] ^= 1 << place % 8
    with pytest.raises(InvalidId):
        read(flipped.decode("latin-1"), [key])


@settings(max_examples=40)
@given(predictions(), signing_keys, st.data())
def test_an_id_that_was_cut_off_is_refused(said: PredictionId, key: SigningKey, data: st.DataObject) -> None:
    text = sign(content(said, key), key)
    with pytest.raises(InvalidId):
        read(text[: data.draw(st.integers(0, len(text) - 1))], [key])


@given(st.text(max_size=80))
def test_whatever_text_comes_is_refused_in_words(text: str) -> None:
    with pytest.raises(InvalidId, match="the id"):
        read(text, [KEY])


@given(st.binary(min_size=36, max_size=80))
def test_bytes_that_our_key_has_signed_for_another_purpose_do_no_harm(said: bytes) -> None:
    try:
        found = read(sign(bytes([prediction_id.FORM, KEY.number]) + said, KEY), [KEY])
    except InvalidId:
        return
    assert found.row_count == len(found.rows) / 3


@settings(max_examples=40)
@given(predictions())
def test_an_id_of_another_key_is_refused(said: PredictionId) -> None:
    text = sign(content(said, OTHER), OTHER)
    with pytest.raises(InvalidId, match="a key that is not among those given here"):
        read(text, [KEY])
    with pytest.raises(InvalidId, match="signature is not right"):
        read(text, [SigningKey(OTHER.name, KEY.secret)])


def test_an_id_is_read_with_whichever_key_has_signed_it() -> None:
    said = of_one_row()
    assert read(sign(content(said, OTHER), OTHER), [KEY, OTHER]) == said


def test_two_keys_whose_names_lead_to_one_number_are_both_tried() -> None:
    by_number: dict[int, SigningKey] = {}
    for number in range(1000):
        key = SigningKey(f"key-{number}", b"%032d" % number)
        if key.number in by_number:
            break
        by_number[key.number] = key
    said = of_one_row()
    assert read(sign(content(said, key), key), [by_number[key.number], key]) == said


@pytest.mark.parametrize(("version", "most"), [("1", 52), ("20261122180645", 70)])
def test_the_id_of_one_row_is_short(version: str, most: int) -> None:
    assert len(sign(content(of_one_row(version), KEY), KEY)) <= most


def test_a_row_says_its_class_and_its_chance_in_255ths() -> None:
    said = of_one_row()
    assert (said.row_count, said.row(0)) == (1, Row(7, 250))


def test_rows_beyond_the_first_512_are_left_out() -> None:
    assert len(write_rows([1] * 600, [0.5] * 600)) == 512 * 3


def test_the_longest_id_is_read() -> None:
    said = PredictionId(1, "1" * 127, 1, 1, 10, 1, False, write_rows([1] * 512, [0.5] * 512))
    assert read(sign(content(said, KEY), KEY), [KEY]) == said


def test_an_id_longer_than_any_is_not_looked_at() -> None:
    with pytest.raises(InvalidId, match="the id has 1000000 characters"):
        read("A" * 1_000_000, [KEY])


def test_models_and_names_of_classes_are_told_apart_by_their_marks() -> None:
    assert mark_of_model("mnist") != mark_of_model("fashion")
    assert mark_of_names(["cat", "dog"]) != mark_of_names(["dog", "cat"])
    assert mark_of_names([]) == 0


def test_age_counts_from_the_minute_and_is_never_negative() -> None:
    said = of_one_row()
    assert said.age_seconds(said.minute * 60 + 90.0) == 90.0
    assert said.age_seconds(said.minute * 60 - 90.0) == 0.0


def test_a_secret_is_not_shown_with_its_key() -> None:
    assert "secret" not in repr(KEY)


@given(st.binary(min_size=1, max_size=200), st.binary(max_size=200))
def test_the_signature_is_hmac(secret: bytes, content: bytes) -> None:
    assert SigningKey("a", secret).signature(content) == hmac.digest(secret, content, "sha256")[:12]
