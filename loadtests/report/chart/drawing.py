"""A chart as SVG. All text goes through ElementTree, so that no name of a phase or a version becomes part of it."""

import math
from collections.abc import Iterable, Iterator
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, tostring

from loadtests.report.chart.form import Band, Chart, Line, Mark, Point

WIDTH = 900
LEFT, RIGHT, TOP, BOTTOM = 70, 26, 24, 26
WIDTH_OF_A_LETTER = 6.6
LOWEST_WITH_NAMES = 200
"""In a lower chart there is no room for the names of events."""


def draw(chart: Chart) -> str:
    """Give the `svg` element."""
    return _Drawing(chart).svg()


class _Drawing:
    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._bottom = chart.height - BOTTOM
        label = f"{chart.key}-title {chart.key}-words"
        view = f"0 0 {WIDTH} {chart.height}"
        self._root = Element(
            "svg",
            {"viewBox": view, "role": "img", "aria-labelledby": label, "class": "chart", "id": f"chart-{chart.key}"},
        )

    def svg(self) -> str:
        chart = self._chart
        self._text_element("title", f"{chart.key}-title", chart.title)
        self._text_element("desc", f"{chart.key}-words", chart.words)
        for band in chart.bands:
            self._band(band)
        self._axes()
        self._layers()
        for mark in chart.marks:
            self._mark(mark)
        for line in chart.lines:
            self._line(line)
        self._limits()
        for slot in chart.slots:
            left, right = self._x(slot.began), self._x(slot.ended)
            hint = self._rectangle("hint", left, TOP, max(right - left, 0.5), self._bottom - TOP)
            SubElement(hint, "title").text = slot.words
        return tostring(self._root, encoding="unicode")

    def _x(self, value: float) -> float:
        return LEFT + self._chart.across.place(value) * (WIDTH - LEFT - RIGHT)

    def _y(self, value: float) -> float:
        return self._bottom - self._chart.up.place(value) * (self._bottom - TOP)

    def _text_element(self, tag: str, name: str, words: str) -> None:
        SubElement(self._root, tag, {"id": name}).text = words

    def _rectangle(self, style: str, x: float, y: float, width: float, height: float) -> Element:
        facts = {"x": x, "y": y, "width": width, "height": height}
        return SubElement(self._root, "rect", {"class": style, **{key: _short(each) for key, each in facts.items()}})

    def _stroke(self, style: str, points: Iterable[Point]) -> None:
        path = "M" + "L".join(f"{_short(x)} {_short(y)}" for x, y in points)
        SubElement(self._root, "path", {"class": style, "d": path})

    def _label(self, words: str, x: float, y: float, style: str, anchor: str = "middle") -> None:
        place = {"x": _short(x), "y": _short(y), "class": style, "text-anchor": anchor}
        SubElement(self._root, "text", place).text = words

    def _band(self, band: Band) -> None:
        left, right = self._x(band.began), self._x(band.ended)
        self._rectangle(f"band {band.style}", left, TOP, right - left, self._bottom - TOP)
        if len(band.name) * WIDTH_OF_A_LETTER < right - left:
            self._label(band.name, (left + right) / 2, TOP - 8, "name")

    def _mark(self, mark: Mark) -> None:
        x = self._x(mark.at)
        self._stroke("mark-line", [(x, TOP), (x, self._bottom)])
        if self._chart.height < LOWEST_WITH_NAMES:
            return
        is_near_the_end = x + len(mark.name) * WIDTH_OF_A_LETTER > WIDTH - RIGHT
        self._label(
            mark.name, x + (-4 if is_near_the_end else 4), TOP + 13, "mark-name", "end" if is_near_the_end else "start"
        )

    def _axes(self) -> None:
        for value, words in self._chart.up.ticks:
            y = self._y(value)
            self._stroke("grid", [(LEFT, y), (WIDTH - RIGHT, y)])
            self._label(words, LEFT - 8, y + 4, "tick", "end")
        for value, words in self._chart.across.ticks:
            x = self._x(value)
            self._stroke("grid", [(x, self._bottom), (x, self._bottom + 4)])
            self._label(words, x, self._bottom + 18, "tick")

    def _layers(self) -> None:
        reached = [0.0] * len(self._chart.slots)
        for layer in self._chart.layers:
            for number, (slot, value) in enumerate(zip(self._chart.slots, layer.values, strict=True)):
                if value <= 0 or math.isnan(value):
                    continue
                lower, upper = self._y(reached[number]), self._y(reached[number] + value)
                reached[number] += value
                left, right = self._x(slot.began), self._x(slot.ended)
                # At least a pixel, so that a single failure among thousands is seen.
                self._rectangle(
                    f"layer {layer.style}", left, min(upper, lower - 1), right - left, max(lower - upper, 1)
                )

    def _line(self, line: Line) -> None:
        for points in _unbroken(line.points):
            placed = [(self._x(x), self._y(y)) for x, y in points]
            # A single point would be a path without length, which is not drawn.
            self._stroke(
                f"line {line.style}", placed if len(placed) > 1 else [*placed, (placed[0][0] + 1, placed[0][1])]
            )
            for is_beyond, there in groupby(zip(placed, points, strict=True), lambda pair: math.isinf(pair[1][1])):
                if is_beyond:
                    (x, _), _ = next(there)
                    self._stroke(f"beyond {line.style}", [(x - 4, TOP + 7), (x, TOP), (x + 4, TOP + 7)])

    def _limits(self) -> None:
        for limit in self._chart.limits:
            if limit.value > self._chart.up.high:
                continue
            y = self._y(limit.value)
            self._stroke("limit", [(LEFT, y), (WIDTH - RIGHT, y)])
            self._label(limit.name, WIDTH - RIGHT - 4, y - 5 if y - 5 > TOP + 8 else y + 14, "limit-name", "end")


def _unbroken(points: Iterable[Point]) -> Iterator[list[Point]]:
    for is_gap, run in groupby(points, lambda point: math.isnan(point[1])):
        if not is_gap:
            yield list(run)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
