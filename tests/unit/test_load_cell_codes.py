"""A cell knows which code came with which failure, however it was merged and sent."""

from collections import Counter

from loadtests.measure.cell import Cell
from loadtests.measure.outcome import Outcome
from tests.reported_runs import seen, timeline


def cell() -> Cell:
    observations = [seen(0.1), seen(0.2, outcome=Outcome.WRONG), seen(0.3, outcome=Outcome.SHED)]
    return timeline([*observations, seen(0.4)._replace(outcome=Outcome.SERVER, code="503")]).over(0, 1)


def test_a_code_that_two_outcomes_share_is_told_apart() -> None:
    made = cell()

    assert made.codes == {"200": 2, "503": 2}
    assert made.failed_codes == {
        Outcome.WRONG: {"200": 1},
        Outcome.SHED: {"503": 1},
        Outcome.SERVER: {"503": 1},
    }


def test_merging_and_the_wire_keep_it() -> None:
    merged = Cell()
    merged.merge(cell())
    merged.merge(Cell.from_wire(cell().to_wire()))

    assert merged.failed_codes[Outcome.SHED] == Counter({"503": 2})
    assert Cell.from_wire(merged.to_wire()) == merged
