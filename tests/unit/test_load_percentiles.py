"""A phase's distribution is written as HdrHistogram writes it, with its values."""

import math

import pytest
from hdrh.histogram import HdrHistogram

from loadtests.measure.cell import Cell
from loadtests.measure.histogram import MICROSECONDS
from loadtests.measure.outcome import Outcome
from loadtests.report.percentiles import distribution, name
from tests.reported_runs import seen, timeline

SECONDS = [0.001 + (number * 7919 % 1000) ** 3 / 1e9 for number in range(1000)]


def lines(cell: Cell) -> list[list[str]]:
    return [line.split() for line in distribution(cell).decode().splitlines() if line and not line.startswith("#")][1:]


@pytest.fixture(scope="module")
def cell() -> Cell:
    return timeline(seen(number / 1000, seconds) for number, seconds in enumerate(SECONDS)).over(0, 1)


def test_each_value_is_the_one_that_hdr_histogram_has_at_that_share(cell: Cell) -> None:
    oracle = HdrHistogram(1, 2 * MICROSECONDS, 3)
    for each in SECONDS:
        oracle.record_value(round(each * MICROSECONDS))

    for value, share, *_ in lines(cell):
        rank = max(1, math.ceil(float(share) * len(SECONDS) - 1e-6))
        at_rank = oracle.get_value_at_percentile(100 * rank / len(SECONDS))
        expected = oracle.get_highest_equivalent_value(at_rank)
        assert float(value) == pytest.approx(expected / 1000, abs=0.001)


def test_shares_come_closer_to_all_and_end_there(cell: Cell) -> None:
    found = lines(cell)
    shares = [float(line[1]) for line in found]

    assert shares[:12] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.775])
    assert shares == sorted(shares)
    assert (shares[-1], found[-1][2], len(found[-1])) == (1.0, "1000", 3)
    assert all(float(line[3]) == pytest.approx(1 / (1 - float(line[1])), abs=0.01) for line in found[:-1])


def test_the_form_is_the_one_that_plotters_read(cell: Cell) -> None:
    text = distribution(cell).decode().splitlines()

    assert text[0].split() == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
    assert text[1] == ""
    assert text[-3].startswith("#[Mean    =      250.")
    assert "Total count    =         1000]" in text[-2]


def test_who_got_no_answer_is_told_and_in_no_line() -> None:
    cell = timeline([seen(0, 0.5), seen(0, 10, Outcome.TIMEOUT), seen(0, 0, Outcome.DROPPED)]).over(0, 1)

    assert [line[0] for line in lines(cell)] == ["500.223"]
    assert distribution(cell).endswith(b"#[Without an answer in time, and in no line above = 2]\n")


def test_of_nothing_there_is_no_line() -> None:
    assert lines(Cell()) == []


@pytest.mark.parametrize(
    ("phase", "file"),
    [("during-change", "latency-during-change.hgrm"), ("../etc/passwd", "latency-..-etc-passwd.hgrm")],
)
def test_a_file_is_named_after_its_phase_and_stays_in_its_folder(phase: str, file: str) -> None:
    assert name(phase) == file
