"""What the bench of knobs says of its figures, and where it puts them."""

import pytest

from loadtests.bench.closed_loop import Sample
from loadtests.bench.errors import BenchError
from loadtests.bench.servers import REPOSITORY
from loadtests.bench.tune import between_marks, table
from loadtests.bench.tune_knobs import KNOBS, Knob
from loadtests.bench.tune_point import WARM_UP_SECONDS, Point


def point(setting: str, *answers: int, refused: int = 0) -> Point:
    made = Point(setting, 8)
    for each in answers:
        made.note(Sample([0.002] * each, refused, 1.0, 0.1, 0.5))
    return made


def test_answers_are_counted_for_each_second_of_the_servers_processor() -> None:
    assert point("64", 100).answers == [200.0]


def test_settings_are_compared_within_a_turn() -> None:
    first, slower = point("64", 100, 50, 80), point("1", 50, 25, 40)
    lines = list(table([first, slower]))
    assert lines[2].split(" | ")[3] == ""
    assert "0.50 [0.50 to 0.50]" in lines[3]


def test_what_was_refused_is_a_share_of_all_requests_since_the_first() -> None:
    (share,) = point("128", 100, refused=round(100 * (1 + WARM_UP_SECONDS))).refused
    assert share == pytest.approx(0.5)
    assert list(table([point("128", 100)]))[2].endswith("|  |")


def test_a_table_takes_the_place_of_the_one_before() -> None:
    page = "a\n<!-- rows -->\nold\n<!-- /rows -->\nb\n"
    assert between_marks(page, "rows", ["new"]) == "a\n<!-- rows -->\nnew\n<!-- /rows -->\nb\n"
    with pytest.raises(BenchError, match="no place for the knob wait"):
        between_marks(page, "wait", ["new"])


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.name)
def test_the_page_shows_every_knob(knob: Knob) -> None:
    page = (REPOSITORY / "docs/tune.md").read_text()
    name = knob.name
    assert f"(tune-{name}.svg)" in page
    assert between_marks(page, name, ["x"]) != page
    assert (REPOSITORY / f"docs/tune-{name}.svg").exists()
