"""Names of classes, for labels that come when the model may be gone."""

import pytest

from serving.class_names import REMEMBERED, ClassNames, KnownNames
from serving.prediction_id import mark_of_names


def test_names_are_found_again_by_their_mark_and_number() -> None:
    known = KnownNames()
    known.learn(["cat", "dog"])
    assert known.of(mark_of_names(["cat", "dog"]), 2).names == ("cat", "dog")


def test_classes_without_names_are_numbers_everywhere() -> None:
    found = KnownNames().of(mark_of_names(["0", "1", "2"]), 3)
    assert (found.names, found.are_known) == (("0", "1", "2"), True)


def test_names_that_nobody_heard_are_numbers_and_known_as_such() -> None:
    found = KnownNames().of(mark_of_names(["cat", "dog"]), 2)
    assert (found.names, found.are_known) == (("0", "1"), False)


def test_the_names_that_were_not_used_for_longest_are_forgotten() -> None:
    known = KnownNames()
    for number in range(REMEMBERED + 1):
        known.learn([f"cat {number}", "dog"])
    assert not known.of(mark_of_names(["cat 0", "dog"]), 2).are_known
    assert known.of(mark_of_names(["cat 1", "dog"]), 2).are_known


def test_metrics_tell_fifty_classes_apart() -> None:
    exported = ClassNames(tuple(f"class {number}" for number in range(60))).exported
    assert exported[49] == "class 49"
    assert set(exported[50:]) == {"other"}


@pytest.mark.parametrize(
    ("label", "number"), [("2", 0), (2, 2), ("1", 2), ("3", 1), ("0", 0), ("9", None), ("³", None)]
)
def test_a_name_wins_over_the_number_that_it_looks_like(label: int | str, number: int | None) -> None:
    assert ClassNames(("2", "3", "1")).number_of(label) == number
