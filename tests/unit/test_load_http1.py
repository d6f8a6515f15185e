"""An HTTP/1.1 answer is read the same however its bytes are cut, as another's library would write and read it."""

from contextlib import suppress
from itertools import pairwise

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.clients.http1 import Answer, NotHttp


def written(status: int, headers: list[tuple[bytes, bytes]], pieces: list[bytes], *, is_chunked: bool) -> bytes:
    """What h11 makes of it."""
    server = h11.Connection(h11.SERVER)
    server.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    while server.next_event() not in (h11.NEED_DATA, h11.PAUSED):
        pass
    framing = [] if is_chunked else [(b"Content-Length", b"%d" % sum(map(len, pieces)))]
    events: list[h11.Event] = [h11.Response(status_code=status, headers=[*headers, *framing])]
    events += [h11.Data(data=piece) for piece in pieces]
    return b"".join(server.send(event) or b"" for event in [*events, h11.EndOfMessage()])


def fed(data: bytes, cuts: list[int]) -> Answer:
    answer = Answer()
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    pieces = [data[begin:end] for begin, end in pairwise(edges)]
    found = [answer.feed(piece) for piece in pieces]
    assert found == [False] * (len(pieces) - 1) + [True]
    return answer


TOKENS = st.text("abcXYZ-09", min_size=1, max_size=8)
VALUES = st.text("abc ,;=09:\t\xe9", max_size=12).map(lambda value: value.strip(" \t"))


@settings(max_examples=40)
@given(
    status=st.sampled_from([200, 201, 404, 503]),
    headers=st.lists(st.tuples(TOKENS.map(lambda name: f"X-{name}"), VALUES), max_size=5),
    pieces=st.lists(st.binary(min_size=1, max_size=40), max_size=4),
    is_chunked=st.booleans(),
    cuts=st.lists(st.integers(0, 2000), max_size=6),
)
def test_an_answer_that_h11_wrote_is_read_however_it_is_cut(
    status: int, headers: list[tuple[str, str]], pieces: list[bytes], is_chunked: bool, cuts: list[int]
) -> None:
    as_bytes = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    data = written(status, as_bytes, pieces, is_chunked=is_chunked)
    answer = fed(data, cuts)
    assert (answer.status, answer.body, answer.keeps) == (status, b"".join(pieces), True)
    expected: dict[str, list[str]] = {}
    for name, value in headers:
        expected.setdefault(name.lower(), []).append(value)
    assert {name: answer.headers[name] for name in expected} == {
        name: ", ".join(values) for name, values in expected.items()
    }


@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 200), max_size=3))
def test_bytes_without_a_meaning_are_refused_or_waited_on_and_never_fail(data: bytes, cuts: list[int]) -> None:
    for begin in (b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"):
        answer = Answer()
        with suppress(NotHttp):
            for piece in (begin, data[: len(cuts)], data[len(cuts) :]):
                if piece and answer.feed(piece):
                    assert answer.status
                    break
            else:
                assert not answer.end() or answer.status


@pytest.mark.parametrize(
    ("head", "keeps"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n", True),
        (b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", True),
    ],
)
def test_an_answer_without_a_body_is_whole_with_its_head(head: bytes, keeps: bool) -> None:
    answer = fed(head, [])
    assert (answer.body, answer.keeps) == (b"", keeps)


def test_an_answer_without_a_length_is_whole_when_the_connection_ends() -> None:
    answer = Answer()
    assert not answer.feed(b"HTTP/1.1 200 OK\r\n\r\nab")
    assert not answer.feed(b"cd")
    assert answer.end()
    assert (answer.body, answer.keeps) == (b"abcd", False)


def test_an_answer_with_a_length_is_not_whole_when_the_connection_ends_sooner() -> None:
    for said in (b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab"):
        answer = Answer()
        if said:
            assert not answer.feed(said)
        assert not answer.end()
        assert answer.has_begun == bool(said)


def test_a_head_without_an_end_is_not_kept_for_ever() -> None:
    answer = Answer()
    for _ in range(200):
        assert not answer.feed(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200)
    with pytest.raises(NotHttp, match="has more than"):
        answer.feed(b"a" * 32_000)
