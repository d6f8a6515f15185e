"""The page tells the whole run in one file, and nothing that a server said becomes part of it."""

import math
from collections import Counter
from html.parser import HTMLParser

import pytest

from loadtests.measure.outcome import Outcome
from loadtests.measure.run import ChangeSeen, GeneratorSecond, Run, Span
from loadtests.report.figures import phases
from loadtests.report.page import charts, page
from loadtests.verdict.result import GateResult, Mark, Status, Verdict
from tests.reported_runs import PASSED, a_run, a_verdict, seen

EMPTY_ELEMENTS = {"meta", "path", "rect"}
FETCHES = {"src", "href", "xlink:href", "srcset", "action", "data", "poster", "background"}


class Page(HTMLParser):
    """Reads a page, and insists on every element that is opened being closed in its order."""

    def __init__(self, written: bytes) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(written.decode())
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in EMPTY_ELEMENTS:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY_ELEMENTS:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(" ".join(data.split()))

    @property
    def text(self) -> str:
        return " ".join(word for word in self.words if word)


def read(run: Run | None = None, verdict: Verdict | None = None) -> Page:
    run = run or a_run()
    return Page(page(run, verdict or a_verdict(), phases(run)))


def test_the_verdict_and_its_reasons_come_first() -> None:
    text = read().text

    assert text.index("FAILED: 2 of 46 requests failed in during, and none may.") < text.index("Gates")
    for words in ("p95 in after is 20.0 ms.", "The server said 2 versions."):
        assert words in text


def test_everything_of_the_run_is_told() -> None:
    text = read().text

    for words in (
        "Does a rolling update lose anything?",
        "http://127.0.0.1:8080",
        "2026-05-04 03:02:01 UTC",
        "p999 in after Too few. no answer in time 400 ms to no answer in time",
        "during 4 s 48 10.0/s 12.0/s 10.0 ms 20.0 ms 20.0 ms 20.0 ms 2 (4.17 %)",
        "grpc 6",
        "helm upgrade mnist ./chart",
        "took 3.15 s and ended with status 0",
        "500: <script>alert('loss')</script>",
        "commit 0123abc",
        '"seed": 7',
    ):
        assert words in text


def test_it_needs_no_script_no_network_and_no_other_file() -> None:
    found = read()

    assert found.elements["script"] == 0
    assert found.elements["link"] == found.elements["img"] == found.elements["iframe"] == 0
    assert [each for each in found.attributes if each[1] in FETCHES or each[1].startswith("on")] == []
    assert ("meta", "content", "default-src 'none'; style-src 'unsafe-inline'") in found.attributes
    style = found.words[found.words.index(next(words for words in found.words if ":root" in words))]
    assert "url(" not in style
    assert "@import" not in style


HOSTILE = (
    "</pre></svg></style><script>alert(1)</script><img src=x onerror=alert(2)>"
    "\" ' onload=alert(3) {{ 7 * 7 }} \x00\x1b[31m"
)


def test_what_others_said_is_shown_and_never_part_of_the_page() -> None:
    run = a_run(
        [
            seen(0.1, 0.1, Outcome.SERVER, words=HOSTILE, stream=HOSTILE)._replace(code=HOSTILE),
            seen(0.2, version=HOSTILE),
        ],
        profile={"summary": HOSTILE},
        profile_name=HOSTILE,
        target={HOSTILE: HOSTILE},
        began_at=HOSTILE,
        spans=[Span(HOSTILE, HOSTILE, 0, 1, 1)],
        generator=[GeneratorSecond(0, HOSTILE, 0.1, 1)],
        change=ChangeSeen(HOSTILE, 0.1, 0.2, 1, HOSTILE),
        cut_off=HOSTILE,
        troubles=[HOSTILE],
        environment={HOSTILE: HOSTILE},
    )
    gate = GateResult(HOSTILE, HOSTILE, HOSTILE, Mark.FAILED, 1.0, HOSTILE, words=HOSTILE)

    found = read(run, Verdict(Status.FAILED, (gate,), (HOSTILE, HOSTILE), notes=(HOSTILE,)))

    assert found.elements["script"] == found.elements["img"] == 0
    assert [each for each in found.attributes if each[1].startswith("on")] == []
    assert found.text.count("<script>alert(1)</script>") >= 12
    assert "{{ 7 * 7 }}" in found.text
    assert not any(sign in found.text for sign in "\x00\x1b")


def test_each_chart_has_words_for_who_does_not_see_it() -> None:
    found = read()
    drawn = [value for tag, name, value in found.attributes if (tag, name) == ("svg", "aria-labelledby")]
    ids = [value for _, name, value in found.attributes if name == "id"]

    assert len(drawn) == len(charts(a_run(), phases(a_run()))) == 7
    assert all(each in ids for value in drawn if value for each in value.split())
    assert len(ids) == len(set(ids))
    assert "The 99th percentile is worst at" in found.text


def test_a_chart_is_there_where_it_has_something_to_show() -> None:
    quiet = a_run([seen(0.1, version="")], spans=[Span("load", "load", 0, 1, 1)], generator=[])

    assert [chart.key for chart in charts(quiet, phases(quiet))] == ["rate", "latency", "distribution", "lag"]
    assert "No request failed." in read(quiet, PASSED).text


def test_lines_of_a_chart_are_what_was_measured() -> None:
    run = a_run(promise={"latency": {"threshold_seconds": 0.25}})
    by_key = {chart.key: chart for chart in charts(run, phases(run))}

    sent = next(line for line in by_key["rate"].lines if line.name == "sent")
    assert [value for _, value in sent.points] == [10, 10, 10, 10, 10, 11, 13, 12, 12, 12, 12, 12]
    assert [limit.value for limit in by_key["latency"].limits] == [0.25]
    assert [(layer.name, sum(layer.values)) for layer in by_key["failures"].layers] == [("shed", 1), ("server", 1)]
    second = next(layer for layer in by_key["versions"].layers if layer.name == "version 2")
    assert list(second.values[5:7]) == pytest.approx([0, 2 / 12])
    assert [line.name for line in by_key["distribution"].lines] == ["before", "during", "after"]
    assert [mark.at for mark in by_key["rate"].marks] == [5.1, 8.25]


def test_a_second_without_an_answer_in_time_is_beyond_the_axis() -> None:
    run = a_run([seen(0.1), seen(1.1, 10, Outcome.TIMEOUT)], spans=[Span("load", "load", 0, 2, 2)])
    latency = next(chart for chart in charts(run, phases(run)) if chart.key == "latency")

    assert math.isinf(latency.lines[2].points[1][1])
    assert b'class="beyond p99"' in page(run, PASSED, phases(run))


def test_a_run_of_nothing_has_a_page() -> None:
    nothing = Run(profile={}, profile_name="smoke", target={"rest": "http://x"}, began_at="")

    text = read(nothing, Verdict(Status.UNREACHABLE, reasons=("http://x does not answer.",))).text

    assert "UNREACHABLE: http://x does not answer." in text
    assert "No phase was begun." in text


def test_a_long_search_stays_a_page_that_can_be_opened() -> None:
    spans = [Span(f"step-{number}", "load", 10 * number, 10 * number + 10, 100, rate=10) for number in range(30)]
    run = a_run([seen(second + part / 5) for second in range(300) for part in range(3)], spans=spans)

    written = page(run, Verdict(Status.PASSED, capacity=230.0), phases(run))

    assert len(written) < 500_000
    assert "The largest rate that held is 230/s" in Page(written).text
    assert "Of 30 phases the 8 slowest are drawn." in Page(written).text
