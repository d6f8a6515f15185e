"""What a dashboard asks and how it writes values, as Grafana does it."""

import math
from typing import Any, ClassVar

import pytest

from monitoring.preview.choices import UnknownVariable, choose, fill
from monitoring.preview.fields import look, reduce
from monitoring.preview.frames import Column, Frame, legend, lines, table
from monitoring.preview.prometheus import Answer, Prometheus
from monitoring.preview.span import NotADuration, Span, moment, seconds
from monitoring.preview.timeseries import ticks
from monitoring.preview.transformations import transform
from monitoring.preview.units import written


class TestSpan:
    def test_the_interval_of_rates_holds_four_scrapes(self) -> None:
        assert Span(0, 3600).builtins("30s")["__rate_interval"] == "120s"

    def test_a_longer_time_has_points_further_apart(self) -> None:
        assert Span(0, 3600).builtins("30s")["__interval"] == "30s"
        assert Span(0, 7 * 86400).builtins("30s")["__interval"] == "1800s"
        assert Span(0, 7 * 86400).builtins("30s")["__rate_interval"] == "1830s"

    def test_the_range_is_the_whole_time(self) -> None:
        assert Span(100, 3700).builtins(None)["__range"] == "3600s"

    @pytest.mark.parametrize(
        ("text", "time"), [("now", 1e6), ("-6h", 1e6 - 21600), ("now-30m", 1e6 - 1800), ("5", 5.0)]
    )
    def test_times_are_read_as_people_give_them(self, text: str, time: float) -> None:
        assert moment(text, 1e6) == time

    @pytest.mark.parametrize("text", ["", "5", "6x", "h", "1h 30m"])
    def test_what_is_no_duration_is_refused(self, text: str) -> None:
        with pytest.raises(NotADuration, match="is no duration"):
            seconds(text)


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (0.0137, "percentunit", None, "1.37%"),
        (0.0137, "percentunit", 0, "1%"),
        (0.00877, "s", None, "8.77 ms"),
        (0.9999, "s", None, "1 s"),
        (5400.0, "s", None, "1.5 hours"),
        (0.0, "s", None, "0 s"),
        (44000.0, "short", None, "44 K"),
        (754974720.0, "bytes", None, "720 MiB"),
        (12.0, "reqps", None, "12 req/s"),
        (0.5, "suffix: cores", None, "0.5 cores"),
        (1234.0, "none", None, "1234"),
        (math.nan, "s", None, "-"),
        (math.inf, "s", None, "+Inf"),
        (900_000.0, "dateTimeFromNow", None, "2 minutes ago"),
    ],
)
def test_numbers_are_written_in_their_unit(value: float, unit: str, decimals: int | None, text: str) -> None:
    assert written(value, unit, decimals, now=1020.0) == text


def test_axes_of_bytes_and_of_hours_have_round_ticks() -> None:
    assert ticks(0, 2 * 1024**3, "bytes", 4) == [0, 0.5 * 1024**3, 1024**3, 1.5 * 1024**3, 2 * 1024**3]
    assert all(tick % 1800 == 0 for tick in ticks(0, 6 * 3600.0, "s", 4))


def test_variables_are_filled_in_all_their_forms() -> None:
    assert fill("$a ${a} ${a:regex} [[a]] $b", {"a": "x"}) == "x x x x $b"


NAMESPACE = {"name": "namespace", "label": "Namespace", "type": "query", "query": {"query": "up"}, "includeAll": True}


@pytest.mark.parametrize(
    ("variable", "given", "in_query", "shown"),
    [
        ({"allValue": ".*"}, [], ".*", "All"),
        ({}, [], ".+", "All"),
        ({"multi": True}, ["a.b"], r"a\\.b", "a.b"),
        ({"multi": True}, ["a", "b"], "(a|b)", "a + b"),
    ],
)
def test_a_choice_is_written_as_grafana_writes_it(
    variable: dict[str, Any], given: list[str], in_query: str, shown: str
) -> None:
    dashboard = {"templating": {"list": [NAMESPACE | variable]}}
    with Prometheus("http://127.0.0.1:9") as nobody:  # what is given or is All needs no question
        values, called = choose(dashboard, nobody, Span(0, 1), {"namespace": given} if given else {})
    assert values == {"namespace": in_query}
    assert called == {"Namespace": shown}


def test_a_variable_that_is_not_there_is_refused() -> None:
    with (
        Prometheus("http://127.0.0.1:9") as nobody,
        pytest.raises(UnknownVariable, match="has no variable 'x'; it has"),
    ):
        choose({"templating": {"list": [NAMESPACE]}}, nobody, Span(0, 1), {"x": ["1"]})


def test_a_series_is_called_what_its_legend_says() -> None:
    assert legend("{{pod}} of {{ model }}", {"pod": "p"}) == "p of "
    assert legend("", {"__name__": "up", "pod": "p"}) == 'up{pod="p"}'


class TestLook:
    PANEL: ClassVar[dict[str, Any]] = {
        "fieldConfig": {
            "defaults": {
                "unit": "percentunit",
                "color": {"mode": "thresholds"},
                "thresholds": {"steps": [{"color": "green", "value": None}, {"color": "red", "value": 0.5}]},
                "mappings": [{"type": "value", "options": {"1": {"text": "all", "color": "blue"}}}],
            },
            "overrides": [
                {"matcher": {"id": "byRegexp", "options": "/^big/"}, "properties": [{"id": "unit", "value": "short"}]}
            ],
        }
    }

    def test_thresholds_give_the_colour_and_the_unit_the_words(self) -> None:
        shown = look(self.PANEL, "A", Column("small", []), 0.0)
        assert shown.show(0.1).text == "10%"
        assert shown.show(0.1).colour != shown.show(0.6).colour
        assert shown.show(0.6).colour == "#F2495C"

    def test_a_mapping_wins_over_both(self) -> None:
        assert look(self.PANEL, "A", Column("small", []), 0.0).show(1.0).text == "all"

    def test_an_override_matches_by_name(self) -> None:
        assert look(self.PANEL, "A", Column("bigger", []), 0.0).show(2000.0).text == "2 K"
        assert self.PANEL["fieldConfig"]["defaults"]["unit"] == "percentunit"

    def test_values_that_are_not_there_do_not_count(self) -> None:
        assert reduce([1.0, 3.0, math.nan, None], "lastNotNull") == 3.0
        assert reduce([1.0, 3.0, math.nan, None], "mean") == 2.0
        assert reduce([math.nan], "max") is None
        with pytest.raises(ValueError, match="the calculation 'stdDev' is not known"):
            reduce([1.0], "stdDev")


class TestFrames:
    ANSWERS = (Answer({"class": "2"}, [1.0], [0.2]), Answer({"class": "10"}, [1.0], [0.5]))

    def rows(self, frame: Frame) -> list[list[object]]:
        return [[column.values[index] for column in frame.columns] for index in range(len(frame))]

    def test_lines_are_a_frame_for_each_series(self) -> None:
        frames = lines({"refId": "A", "legendFormat": "{{class}}"}, self.ANSWERS)
        assert [frame.columns[1].name for frame in frames] == ["10", "2"]

    def test_rows_of_two_queries_are_merged_sorted_and_renamed(self) -> None:
        frames = [
            table({"refId": "A"}, self.ANSWERS, alone=False),
            table({"refId": "B"}, self.ANSWERS[:1], alone=False),
        ]
        steps: list[dict[str, Any]] = [
            {"id": "merge"},
            {
                "id": "organize",
                "options": {
                    "excludeByName": {"Time": True},
                    "indexByName": {"Value #B": 0},
                    "renameByName": {"Value #A": "now", "Value #B": "then"},
                },
            },
            {"id": "sortBy", "options": {"sort": [{"field": "class", "desc": True}]}},
        ]
        (merged,) = transform(frames, steps)
        assert [column.name for column in merged.columns] == ["then", "class", "now"]
        assert self.rows(merged) == [[None, "10", 0.5], [0.2, "2", 0.2]]

    def test_a_matrix_has_a_column_for_each_value(self) -> None:
        answers = [
            Answer({"actual": "1", "predicted": "1"}, [1.0], [5.0]),
            Answer({"actual": "1", "predicted": "2"}, [1.0], [1.0]),
            Answer({"actual": "2", "predicted": "2"}, [1.0], [4.0]),
        ]
        options = {"rowField": "actual", "columnField": "predicted", "valueField": "Value", "emptyValue": "zero"}
        steps = [{"id": "groupingToMatrix", "options": options}]
        (matrix,) = transform([table({"refId": "A"}, answers, alone=True)], steps)
        assert [column.name for column in matrix.columns] == ["actual\\predicted", "1", "2"]
        assert self.rows(matrix) == [["1", 5.0, 1.0], ["2", 0.0, 4.0]]

    def test_a_transformation_that_is_not_known_is_refused(self) -> None:
        with pytest.raises(ValueError, match="the transformation 'magic' is not known"):
            transform([], [{"id": "magic"}])
