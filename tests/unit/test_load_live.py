"""A terminal is drawn over, a log gets a line now and then, and who asks for quiet is left alone."""

import io

import pytest
from rich.console import Console

from loadtests.measure.outcome import Outcome
from loadtests.measure.timeline import Timeline
from loadtests.report.figures import Figures
from loadtests.report.live import Live, Moment, drawn, line
from loadtests.report.recent import Recent
from tests.reported_runs import seen, timeline


def at(second: int, phase: str = "steady", **given: object) -> Moment:
    facts: dict[str, object] = {"role": "load", "planned_rate": 10.0, "seconds_left": 50 - second, **given}
    return Moment(second, phase, **facts)  # type: ignore[arg-type]


def ten_a_second(began: int, ended: int) -> Timeline:
    return timeline(seen(second + tenth / 10, 0.010) for second in range(began, ended) for tenth in range(10))


def test_without_a_terminal_a_line_comes_every_five_seconds() -> None:
    stream = io.StringIO()
    with Live(stream=stream) as live:
        for second in range(1, 14):
            live.add(ten_a_second(second - 1, second))
            live.update(at(second))

    lines = stream.getvalue().splitlines()
    assert [each.split()[0] for each in lines] == ["1", "6", "11"]
    assert lines[-1] == (
        "   11 s  steady, 39 s left | planned 10.0/s, sent 10.0/s | p50 10.0 ms p95 10.0 ms p99 10.0 ms "
        "| 110 requests, failed: none | lag p99 1.00 ms"
    )


def test_a_new_phase_has_a_line_at_once() -> None:
    stream = io.StringIO()
    with Live(stream=stream) as live:
        live.update(at(1, "warm-up"))
        live.update(at(2, "steady"))
        live.update(at(3, "steady"))

    assert len(stream.getvalue().splitlines()) == 2


def test_quiet_shows_nothing() -> None:
    stream = io.StringIO()
    with Live(quiet=True, stream=stream) as live:
        live.update(at(1))
        live.say("The change began.")

    assert stream.getvalue() == ""


def test_a_terminal_is_drawn_over_and_left_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with Live(stream=stream) as live:
        for second in (1, 2, 3):
            live.update(at(second))
        live.say("The change began.")

    text = stream.getvalue()
    assert "second 3, 47 s left" in text
    assert "\x1b[1A" in text, "the lines before were not gone back over"
    assert "The change began." in text


def shown(now: Moment, recent: Recent) -> str:
    console = Console(file=io.StringIO(), width=120, record=True)
    cell, seconds = recent.last(now.second)
    console.print(drawn(now, Figures(cell, seconds), recent))
    return console.export_text()


def test_what_failed_is_told_by_class_and_the_generator_with_its_lag() -> None:
    recent = Recent()
    recent.add(ten_a_second(0, 3))
    recent.add(timeline([seen(1, 0.1, Outcome.SHED), seen(1, 0.1, Outcome.SHED), seen(2, 0.1, Outcome.CONNECTION)]))

    text = shown(at(3, in_flight=1234, busy_ratio=0.42, workers=2, change="helm upgrade, since 3 s"), recent)

    assert "2 shed, 1 connection" in text
    assert "lag p99 1.00 ms, 42 % of a core, 1,234 in flight, 2 workers" in text
    assert "helm upgrade, since 3 s" in text
    assert "planned 10.0/s, sent 11.0/s" in text


def test_a_change_has_no_time_that_is_left() -> None:
    assert "until the change is over" in shown(at(3, "during", seconds_left=None), Recent())


def test_before_anything_was_sent_no_number_is_made_up() -> None:
    text = line(at(0), Figures(Recent().last(0)[0], 0), Recent())

    assert text == (
        "    0 s  steady, 50 s left | planned 10.0/s, sent nothing yet | p50 - p95 - p99 - "
        "| 0 requests, failed: none | lag p99 -"
    )


def test_an_answer_that_comes_late_counts_in_the_second_that_it_was_due() -> None:
    recent = Recent()
    recent.add(ten_a_second(0, 8))
    recent.add(timeline([seen(3, 4.0)]))

    cell, seconds = recent.last(8)

    assert (cell.total, seconds) == (81, 8)


def test_what_is_long_past_is_forgotten_but_for_its_counts() -> None:
    recent = Recent()
    for second in range(100):
        recent.add(ten_a_second(second, second + 1))

    assert recent.outcomes[Outcome.OK] == 1000
    assert recent.last(20)[0].total == 0
    assert recent.last(100)[0].total == 100
