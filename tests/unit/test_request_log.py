"""Which requests get a line in the log, and how many."""

import pytest

from serving.ending import Ending
from serving.request_log import FAULTS_PER_SECOND, RequestLog


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    return [record.__dict__["fields"] for record in caplog.records]


def end(log: RequestLog, code: int, name: str = "mnist") -> None:
    log.ended(Ending("a-1", "v2", name, "", code, 0.0015))


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "ecluse")


@pytest.mark.parametrize("code", [200, 400, 404, 499])
def test_without_a_sample_no_request_is_logged_that_we_did_not_fail(
    code: int, caplog: pytest.LogCaptureFixture
) -> None:
    log = RequestLog()
    end(log, code)
    assert not log.samples
    assert told(caplog) == []


def test_a_sample_is_as_large_as_it_is_told_to_be(caplog: pytest.LogCaptureFixture) -> None:
    draws = iter([0.0, 0.24, 0.25, 0.9])
    log = RequestLog(0.25, draw=lambda: next(draws))
    assert log.samples
    for _ in range(4):
        end(log, 200)
    assert [line["code"] for line in told(caplog)] == [200, 200]
    assert told(caplog)[0]["milliseconds"] == 1.5


def test_faults_are_logged_whatever_the_sample(caplog: pytest.LogCaptureFixture) -> None:
    end(RequestLog(), 500)
    end(RequestLog(0.5, draw=lambda: 0.9), 503)
    assert [line["code"] for line in told(caplog)] == [500, 503]
    assert {record.levelname for record in caplog.records} == {"WARNING"}


def test_a_flood_of_faults_is_held_back_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    log = RequestLog(clock=clock)
    for _ in range(FAULTS_PER_SECOND + 7):
        end(log, 500)
    assert len(told(caplog)) == FAULTS_PER_SECOND
    clock.now = 1.0
    end(log, 500)
    end(log, 500)
    assert [line["held_back"] for line in told(caplog)[FAULTS_PER_SECOND:]] == [7, None]


def test_a_name_as_long_as_a_path_is_cut(caplog: pytest.LogCaptureFixture) -> None:
    end(RequestLog(1.0), 404, name="n" * 60_000)
    assert len(str(told(caplog)[0]["model_name"])) < 300
