"""What grpcio logs: faults, and not that a caller has left."""

import logging

import pytest

from serving.grpcio_listener import is_worth_a_line


@pytest.mark.parametrize(
    ("sentence", "is_logged"),
    [
        ("ExecuteBatchError raised in core by servicer method [/a.B/C]", False),
        ("Unexpected [RuntimeError] raised by servicer method [/a.B/C]", True),
    ],
)
def test_a_caller_who_left_is_no_error(sentence: str, is_logged: bool) -> None:
    record = logging.LogRecord("grpc._cython.cygrpc", logging.ERROR, "", 0, sentence, None, None)
    assert is_worth_a_line(record) is is_logged
