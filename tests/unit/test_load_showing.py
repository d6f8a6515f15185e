"""A run goes on though the sight of it fails."""

import pytest

from loadtests.engine.showing import Showing
from loadtests.measure.timeline import Timeline
from loadtests.report.live import Moment


class Seen:
    def __init__(self) -> None:
        self.times = 0

    def add(self, reported: Timeline) -> None:
        self.times += 1

    def update(self, now: Moment) -> None:
        self.times += 1


class Broken(Seen):
    def add(self, reported: Timeline) -> None:
        super().add(reported)
        raise ValueError("no colours left")


def test_a_display_that_fails_is_left_out_and_the_others_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    broken, well = Broken(), Seen()
    showing = Showing([broken, well], workers=1)
    showing.add(Timeline())
    showing.add(Timeline())
    assert (broken.times, well.times) == (1, 2)
    assert capsys.readouterr().err == "loadtests: Broken shows the run no more: ValueError: no colours left\n"
