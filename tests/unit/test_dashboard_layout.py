"""Panels are laid out in 24 columns, line by line, and what does not fit is refused by name."""

import pytest

from monitoring.dashboards.kinds import Text
from monitoring.dashboards.layout import DoesNotFit, Row, place


def text(title: str, width: int, height: int = 4) -> Text:
    return Text(title=title, description="", width=width, height=height, content="")


def test_panels_stand_beside_and_below_each_other() -> None:
    placed = place([Row("first", ((text("a", 8), text("b", 16)), (text("c", 24, 2),))), Row("second", ())])
    where = {each["title"]: (each["gridPos"]["x"], each["gridPos"]["y"]) for each in placed}
    assert where == {"first": (0, 0), "a": (0, 1), "b": (8, 1), "c": (0, 5), "second": (0, 7)}
    assert [each["id"] for each in placed] == [1, 2, 3, 4, 5]


def test_a_folded_row_holds_its_panels() -> None:
    (head,) = place([Row("more", ((text("a", 24),),), folded=True)])
    assert head["collapsed"] is True
    assert [each["title"] for each in head["panels"]] == ["a"]


@pytest.mark.parametrize("line", [(text("a", 8), text("b", 8)), (text("a", 24), text("b", 1))])
def test_a_line_that_is_not_full_or_too_full_is_refused_by_name(line: tuple[Text, ...]) -> None:
    with pytest.raises(DoesNotFit, match="row 'r': a, b are"):
        place([Row("r", (line,))])


def test_a_ragged_line_is_refused() -> None:
    with pytest.raises(DoesNotFit):
        place([Row("r", ((text("a", 12, 4), text("b", 12, 5)),))])
