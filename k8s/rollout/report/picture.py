"""traffic.svg: the canary's share over time, the phases behind it, and under it what each gate said when.

One file that stands alone: colours follow light and dark, and all words go
through ElementTree, so that no name becomes markup.
"""

from collections.abc import Iterator, Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from k8s.rollout.gates.finding import Judgement
from k8s.rollout.machine.phase import Phase
from k8s.rollout.outcome import Exit
from k8s.rollout.report.record import Passage
from k8s.rollout.report.told import Told, duration

WIDTH = 960
LEFT, RIGHT = 150, 28
TOP, HEIGHT = 96, 260
LANE, LANE_GAP = 16, 8
LETTER = 6.3
"""How wide one is, about; a word that has no room is left out."""

LIGHT = {
    "ink": "#1c2430",
    "soft": "#5d6878",
    "line": "#d6dce4",
    "paper": "#ffffff",
    "share": "#2563b8",
    "passed": "#2f9e63",
    "failed": "#d1343f",
    "inconclusive": "#b9c0ca",
    "settling": "#f1f4f8",
    "analysing": "#e4edf9",
    "waiting": "#f8f0d9",
    "verifying": "#e1f3e9",
    "restoring": "#fbe1e3",
    "other": "#f7f8fa",
}
DARK = {
    "ink": "#e6eaf0",
    "soft": "#9aa6b5",
    "line": "#38414d",
    "paper": "#12171e",
    "share": "#6ea8f0",
    "passed": "#46b981",
    "failed": "#f0666f",
    "inconclusive": "#4a5463",
    "settling": "#1a212a",
    "analysing": "#1a2636",
    "waiting": "#2b2616",
    "verifying": "#15291f",
    "restoring": "#351c1f",
    "other": "#171d25",
}
FILLED = (
    "paper",
    "passed",
    "failed",
    "inconclusive",
    "settling",
    "analysing",
    "waiting",
    "verifying",
    "restoring",
    "other",
)
SHAPES = """
text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.title{font-size:17px;font-weight:600}.small{font-size:10.5px}.mark-name,.badge-words{font-weight:600}
.grid{stroke-width:1}.share{fill:none;stroke-width:2.5;stroke-linejoin:round}.under{fill-opacity:.13}
.meant{fill:none;stroke-width:1;stroke-dasharray:3 3}.mark{stroke-width:1.5;stroke-dasharray:4 3}
"""


def _colours(table: Mapping[str, str]) -> str:
    """Plain colours, since not all who show SVG know custom properties."""
    fills = "".join(f".{name}{{fill:{table[name]}}}" for name in FILLED)
    return (
        f"text{{fill:{table['ink']}}}.soft,.small{{fill:{table['soft']}}}.grid{{stroke:{table['line']}}}{fills}"
        f".share{{stroke:{table['share']}}}.under{{fill:{table['share']}}}.meant{{stroke:{table['soft']}}}"
        f".mark{{stroke:{table['failed']}}}.mark-name{{fill:{table['failed']}}}"
        f".badge-good{{fill:{table['passed']}}}.badge-bad{{fill:{table['failed']}}}.badge-open{{fill:{table['soft']}}}"
        ".badge-words{fill:#ffffff}"
    )


STYLES = {
    Phase.SETTLING: "settling",
    Phase.ANALYSING: "analysing",
    Phase.WAITING: "waiting",
    Phase.VERIFYING: "verifying",
    Phase.RESTORING: "restoring",
    Phase.DISCARDING: "restoring",
}
DISTANCES = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 604800)
MOST_TICKS = 9


def draw(told: Told) -> str:
    """Give the text of the file."""
    return _Picture(told).svg()


class _Picture:
    def __init__(self, told: Told) -> None:
        self._told = told
        self._began = told.state.began
        moments = [each.at for each in told.record.shares] + [each.at for each in told.record.passages]
        self._end = max(told.at, self._began + 1, *moments)
        self._bottom = TOP + HEIGHT
        # A share of 5 % is to be seen, too.
        self._top = next((each for each in (10, 25, 50) if told.most_percent <= 0.9 * each), 100)
        gates = dict.fromkeys(each.gate for each in told.record.stretches)
        # Those that failed first: they are why it ended.
        failed = {each.gate for each in told.record.stretches if each.judgement is Judgement.FAILED}
        self._gates = sorted(gates, key=lambda gate: gate not in failed)
        self._height = self._bottom + 48 + len(self._gates) * (LANE + LANE_GAP) + (34 if self._gates else 0)
        view = f"0 0 {WIDTH} {self._height}"
        self._root = Element(
            "svg", {"xmlns": "http://www.w3.org/2000/svg", "viewBox": view, "width": str(WIDTH), "role": "img"}
        )

    def svg(self) -> str:
        SubElement(self._root, "title").text = f"The canary's share of {self._told.heading.target} over time"
        SubElement(self._root, "desc").text = self._told.summary
        dark = f"@media (prefers-color-scheme:dark){{{_colours(DARK)}}}"
        SubElement(self._root, "style").text = f"{SHAPES}{_colours(LIGHT)}{dark}"
        self._box("paper", 0, 0, WIDTH, self._height)
        self._head()
        for passage, end in self._passages():
            self._phase(passage, end)
        self._axes()
        self._share()
        self._marks()
        for number, gate in enumerate(self._gates):
            self._lane(gate, self._bottom + 44 + number * (LANE + LANE_GAP))
        if self._gates:
            self._legend(self._height - 16)
        return tostring(self._root, encoding="unicode") + "\n"

    def _head(self) -> None:
        told = self._told
        self._text(f"{told.heading.stable} → {told.heading.canary}", 24, 34, "title")
        where = (
            f"{told.heading.target} in {told.heading.namespace}, by {told.heading.backend}, {duration(told.seconds)}"
        )
        self._text(where, 24, 54, "soft")
        self._text(_short(told.sentence, 140), 24, 73, "small")
        words = told.exit.name.lower()
        style = {Exit.PROMOTED: "badge-good", Exit.PAUSED: "badge-open"}.get(told.exit, "badge-bad")
        width = len(words) * 7.4 + 24
        badge = self._box(style, WIDTH - RIGHT - width, 18, width, 24)
        badge.set("rx", "12")
        self._text(words, WIDTH - RIGHT - width / 2, 34, "badge-words", "middle")

    def _passages(self) -> Iterator[tuple[Passage, float]]:
        passages = self._told.record.passages
        for number, passage in enumerate(passages):
            yield passage, passages[number + 1].at if number + 1 < len(passages) else self._end

    def _phase(self, passage: Passage, end: float) -> None:
        if passage.phase is Phase.ENDED:
            return
        left, right = self._x(passage.at), self._x(end)
        box = self._box(STYLES.get(passage.phase, "other"), left, TOP, max(right - left, 0.5), HEIGHT)
        SubElement(box, "title").text = f"{passage.phase}, {duration(end - passage.at)}"
        if len(passage.phase) * LETTER * 0.9 < right - left - 6:
            self._text(passage.phase, (left + right) / 2, TOP + 14, "small", "middle")

    def _axes(self) -> None:
        for fifth in range(6):
            percent = self._top * fifth / 5
            y = self._y(percent)
            self._line("grid", LEFT, y, WIDTH - RIGHT, y)
            self._text(f"{percent:g} %", LEFT - 10, y + 4, "soft", "end")
        for seconds in _ticks(self._end - self._began):
            x = self._x(self._began + seconds)
            self._line("grid", x, self._bottom, x, self._bottom + 5)
            self._text(_time(seconds), x, self._bottom + 20, "soft", "middle")

    def _share(self) -> None:
        shares = self._told.record.shares
        if not shares:
            return
        seen = list(_stairs([(each.at, each.meant if each.seen is None else each.seen) for each in shares], self._end))
        meant = list(_stairs([(each.at, each.meant) for each in shares], self._end))
        line = self._points(seen)
        first, last = self._x(seen[0][0]), self._x(seen[-1][0])
        bottom = self._bottom
        SubElement(self._root, "path", {"class": "under", "d": f"M{first:.1f} {bottom}L{line}L{last:.1f} {bottom}Z"})
        if seen != meant:
            SubElement(self._root, "path", {"class": "meant", "d": f"M{self._points(meant)}"})
        SubElement(self._root, "path", {"class": "share", "d": f"M{line}"})
        above = 0.0
        for at, percent in seen:
            if percent > above:
                # Above the highest line stand the names of the phases.
                away = 15 if percent >= self._top else -6
                self._text(f"{percent:g} %", self._x(at) + 4, self._y(percent) + away, "small")
                above = percent

    def _marks(self) -> None:
        """Say where a gate failed, once each moment."""
        height = TOP + 34
        moments: dict[float, list[str]] = {}
        for each in self._told.record.stretches:
            if each.judgement is Judgement.FAILED:
                moments.setdefault(each.began, []).append(each.gate)
        for at, gates in list(moments.items())[:4]:
            x = self._x(at)
            self._line("mark", x, TOP, x, self._bottom)
            words = _short(f"{', '.join(gates)} failed", 60)
            near_the_end = x + len(words) * LETTER * 1.2 > WIDTH - RIGHT
            self._text(words, x + (-6 if near_the_end else 6), height, "mark-name", "end" if near_the_end else "start")
            height += 16

    def _lane(self, gate: str, y: float) -> None:
        self._text(_short(gate, 20), LEFT - 10, y + LANE - 4, "", "end")
        self._line("grid", LEFT, y + LANE / 2, WIDTH - RIGHT, y + LANE / 2)
        for each in self._told.record.stretches:
            if each.gate == gate:
                left = self._x(each.began)
                box = self._box(each.judgement, left - 2, y, max(self._x(each.ended) - left + 4, 5), LANE)
                box.set("rx", "3")
                SubElement(box, "title").text = f"{gate} {each.judgement} at {_time(each.began - self._began)}"

    def _legend(self, y: float) -> None:
        x = float(LEFT)
        for judgement in Judgement:
            self._box(judgement, x, y - 9, 10, 10).set("rx", "2")
            self._text(judgement, x + 15, y, "small")
            x += 32 + len(judgement) * LETTER

    def _x(self, at: float) -> float:
        share = (at - self._began) / (self._end - self._began)
        return LEFT + min(max(share, 0.0), 1.0) * (WIDTH - LEFT - RIGHT)

    def _y(self, percent: float) -> float:
        return self._bottom - min(max(percent, 0.0), self._top) / self._top * (HEIGHT - 28)

    def _points(self, points: Sequence[tuple[float, float]]) -> str:
        return "L".join(f"{self._x(at):.1f} {self._y(percent):.1f}" for at, percent in points)

    def _box(self, style: str, x: float, y: float, width: float, height: float) -> Element:
        facts = {"x": x, "y": y, "width": width, "height": height}
        return SubElement(self._root, "rect", {"class": style, **{key: f"{each:.1f}" for key, each in facts.items()}})

    def _line(self, style: str, x1: float, y1: float, x2: float, y2: float) -> None:
        facts = {"x1": x1, "y1": y1, "x2": x2, "y2": y2}
        SubElement(self._root, "line", {"class": style, **{key: f"{each:.1f}" for key, each in facts.items()}})

    def _text(self, words: str, x: float, y: float, style: str, anchor: str = "start") -> None:
        place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "class": style, "text-anchor": anchor}
        SubElement(self._root, "text", place).text = words


def _stairs(points: Sequence[tuple[float, float]], end: float) -> Iterator[tuple[float, float]]:
    """A share holds until the next one."""
    before: float | None = None
    for at, value in points:
        if before is not None and before != value:
            yield at, before
        yield at, value
        before = value
    yield end, points[-1][1]


def _ticks(seconds: float) -> Iterator[float]:
    distance = next((each for each in DISTANCES if seconds / each <= MOST_TICKS), DISTANCES[-1])
    number = 0
    while number * distance <= seconds:
        yield number * distance
        number += 1


def _time(seconds: float) -> str:
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02}"
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _short(words: str, most: int) -> str:
    words = " ".join(words.split())
    return words if len(words) <= most else words[: most - 1] + "…"
