"""Axes end at round numbers, gaps are gaps, and a failure among thousands is a pixel high."""

import math
import re
from xml.etree.ElementTree import Element, fromstring

import pytest

from loadtests.report.chart.drawing import BOTTOM, TOP, draw
from loadtests.report.chart.form import Band, Chart, Layer, Limit, Line, Mark, Point, Slot
from loadtests.report.chart.scale import Scale, clock, linear, logarithmic, spread, time


def drawn(**given: object) -> Element:
    facts: dict[str, object] = {
        "key": "rate",
        "title": "Requests",
        "words": "Ten a second.",
        "across": clock(10),
        "up": linear(10, str),
        **given,
    }
    return fromstring(draw(Chart(**facts)))  # type: ignore[arg-type]


def paths(svg: Element, style: str) -> list[str]:
    return [each.attrib["d"] for each in svg.iter("path") if each.attrib["class"].startswith(style)]


def a_line(*points: Point) -> Line:
    return Line("sent", "sent", points)


@pytest.mark.parametrize(
    ("highest", "end"), [(0.37, 0.4), (1, 1), (9.9, 10), (10.1, 12), (52, 60), (101, 120), (0, 1), (math.nan, 1)]
)
def test_a_linear_axis_ends_at_a_round_number(highest: float, end: float) -> None:
    scale = linear(highest, str)

    assert scale.high == pytest.approx(end)
    assert len(scale.ticks) <= 8
    assert (scale.place(0), scale.place(scale.high), scale.place(10 * scale.high)) == (0, 1, 1)


@pytest.mark.parametrize(("lowest", "highest"), [(0.001, 5), (0.0102, 0.0103), (0.5, 0.5), (1e-6, 100)])
def test_a_logarithmic_axis_holds_all_between_its_ends(lowest: float, highest: float) -> None:
    scale = logarithmic(lowest, highest, str)

    assert scale.low <= lowest < highest * (1 + 1e-9) <= scale.high * (1 + 1e-9)
    assert scale.low < scale.high
    assert 2 <= len(scale.ticks) <= 12
    assert scale.place(math.sqrt(scale.low * scale.high)) == pytest.approx(0.5)


def test_values_that_differ_by_much_have_a_logarithmic_axis() -> None:
    assert spread([0.01, 5, math.inf, math.nan], str).is_log
    assert not spread([0.01, 0.02], str).is_log
    assert not spread([], str).is_log


@pytest.mark.parametrize(("seconds", "words"), [(0, "0:00"), (65, "1:05"), (3600, "1:00:00"), (29_000, "8:03:20")])
def test_a_time_of_the_run_is_written_as_on_a_clock(seconds: int, words: str) -> None:
    assert time(seconds) == words


@pytest.mark.parametrize("seconds", [1, 10, 90, 3600, 8 * 3600, 7 * 86_400])
def test_the_times_below_a_chart_are_few(seconds: int) -> None:
    assert 1 <= len(clock(seconds).ticks) <= 13


def test_infinity_lies_at_the_end_and_below_the_axis_at_its_beginning() -> None:
    scale = Scale(0.001, 1, (), is_log=True)

    assert (scale.place(math.inf), scale.place(0), scale.place(1e-5)) == (1, 0, 0)


def test_a_line_is_broken_where_there_is_no_number() -> None:
    svg = drawn(lines=(a_line((0, 1), (1, 2), (2, math.nan), (3, 4), (4, 5)),))

    assert len(paths(svg, "line sent")) == 2


def test_a_number_by_itself_is_seen() -> None:
    (path,) = paths(drawn(lines=(a_line((0, math.nan), (1, 5), (2, math.nan)),)), "line sent")

    assert path.count("L") == 1


def test_what_is_beyond_the_axis_has_one_arrow_for_each_time_it_goes_there() -> None:
    svg = drawn(lines=(a_line((0, 1), (1, math.inf), (2, math.inf), (3, 1), (4, math.inf)),))

    assert len(paths(svg, "beyond")) == 2
    assert all(f" {TOP}L" in path for path in paths(svg, "beyond"))


def test_layers_stand_on_each_other_and_the_smallest_is_a_pixel_high() -> None:
    slots = (Slot(0, 5, "first"), Slot(5, 10, "second"))
    layers = (Layer("a", "a", (4, 0)), Layer("b", "b", (4, 0.001)))

    found = {
        (each.attrib["class"], each.attrib["x"]): each
        for each in drawn(slots=slots, layers=layers).iter("rect")
        if "layer" in each.attrib["class"]
    }

    (below, above, small) = sorted(found.values(), key=lambda each: (float(each.attrib["x"]), -float(each.attrib["y"])))
    assert float(above.attrib["y"]) + float(above.attrib["height"]) == pytest.approx(float(below.attrib["y"]), abs=0.2)
    assert small.attrib["height"] == "1"


def test_a_stretch_tells_its_numbers_where_the_pointer_rests() -> None:
    hints = [
        each for each in drawn(slots=(Slot(0, 1, "0:00, steady\n10/s"),)).iter("rect") if each.attrib["class"] == "hint"
    ]

    assert [each.findtext("title") for each in hints] == ["0:00, steady\n10/s"]


def test_the_name_of_a_phase_is_left_out_where_it_has_no_room() -> None:
    svg = drawn(bands=(Band("steady", "load", 0, 9), Band("a-phase-with-a-long-name", "after", 9, 10)))

    assert [each.text for each in svg.iter("text") if each.attrib["class"] == "name"] == ["steady"]


def test_a_limit_beyond_the_axis_is_left_out() -> None:
    svg = drawn(limits=(Limit("promised", 5), Limit("far", 5000)))

    assert len(paths(svg, "limit")) == 1


def test_an_event_at_the_end_is_named_to_its_left() -> None:
    svg = drawn(marks=(Mark("change begins", 1), Mark("it ends here", 10)))

    anchors = {
        each.text: each.attrib["text-anchor"] for each in svg.iter("text") if each.attrib["class"] == "mark-name"
    }
    assert anchors == {"change begins": "start", "it ends here": "end"}


def test_nothing_is_drawn_outside() -> None:
    svg = drawn(lines=(a_line((-5, -5), (50, 500)),), height=200)

    numbers = [
        tuple(map(float, pair)) for path in paths(svg, "line") for pair in re.findall(r"([\d.-]+) ([\d.-]+)", path)
    ]
    assert all(0 <= x <= 900 and TOP <= y <= 200 - BOTTOM for x, y in numbers)
