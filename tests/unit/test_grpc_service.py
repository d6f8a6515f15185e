"""What the gRPC half decides by itself, without a catalogue or a wire."""

from math import inf

import pytest

from serving.grpc_service import has_met_deadline


@pytest.mark.parametrize(
    ("left_seconds", "elapsed_seconds", "is_met"),
    [
        pytest.param(0.0, 0.3, True, id="its deadline has passed here too"),
        pytest.param(0.025, 0.275, True, id="it was read a little late"),
        pytest.param(0.009, 0.001, True, id="a deadline no longer than clocks differ"),
        pytest.param(0.05, 0.25, False, id="it had time left"),
        pytest.param(5.0, 0.0, False, id="it left at once"),
        pytest.param(inf, 100.0, False, id="it had no deadline"),
    ],
)
def test_who_leaves_close_to_its_deadline_has_met_it(
    left_seconds: float, elapsed_seconds: float, *, is_met: bool
) -> None:
    assert has_met_deadline(left_seconds, elapsed_seconds) is is_met
