"""Where an HTTP/1.1 answer ends."""

import pytest

from loadtests.bench.http1 import answer_end

BY_LENGTH = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello"
IN_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=1\r\nlo\r\n0\r\n\r\n"


@pytest.mark.parametrize("answer", [BY_LENGTH, IN_CHUNKS], ids=["by length", "in chunks"])
def test_the_end_of_a_whole_answer_is_its_length(answer: bytes) -> None:
    assert answer_end(answer) == len(answer)


@pytest.mark.parametrize("answer", [BY_LENGTH, IN_CHUNKS], ids=["by length", "in chunks"])
def test_a_part_of_an_answer_never_seems_whole(answer: bytes) -> None:
    for received in range(len(answer)):
        end = answer_end(answer[:received])
        assert end is None or end > received


def test_the_length_may_be_the_first_header_and_in_any_case() -> None:
    answer = b"HTTP/1.1 503 x\r\ncONTENT-lENGTH:0\r\nServer: y\r\n\r\n"
    assert answer_end(answer) == len(answer)


def test_an_answer_whose_end_cannot_be_known_is_refused() -> None:
    with pytest.raises(ValueError, match="neither Content-Length nor chunks"):
        answer_end(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello")
