"""Targets read, and answers' heads written."""

import pytest

from serving import http_head
from serving.errors import InvalidRequest
from serving.http_message import JSON, HttpAnswer

DATE = b"date: now\r\n"


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/", "/", b""),
        (b"/a/b?c=d", "/a/b", b"c=d"),
        (b"/a?b?c#d", "/a", b"b?c"),
        (b"/a%3Ab%20c", "/a:b c", b""),
        (b"/%C3%A9", "/é", b""),
        (b"/%FF", "/\ufffd", b""),
        (b"/\xff", "/\ufffd", b""),
        (b"//a", "//a", b""),
        (b"http://host:80/a?b", "/a", b"b"),
        (b"*", "*", b""),
    ],
)
def test_a_target_is_a_path_and_a_query(target: bytes, path: str, query: bytes) -> None:
    assert http_head.read_target(target) == (path, query)
    assert http_head.read_target(target) == (path, query), "and so it is when it is remembered"


@pytest.mark.parametrize("target", [b"", b"no path", b"http://"])
def test_what_is_no_target_is_told(target: bytes) -> None:
    with pytest.raises(InvalidRequest, match="is no path"):
        http_head.read_target(target)


def test_a_caller_cannot_fill_the_memory_with_targets() -> None:
    for number in range(3 * http_head.TARGETS):
        http_head.read_target(b"/%d" % number)
    http_head.read_target(b"/" + b"a" * http_head.LONGEST_TARGET)
    assert len(http_head._targets) <= http_head.TARGETS  # noqa: SLF001
    assert max(map(len, http_head._targets)) <= http_head.LONGEST_TARGET  # noqa: SLF001


@pytest.mark.parametrize(
    ("is_last", "is_old", "connection"),
    [
        (False, False, b""),
        (True, False, b"connection: close\r\n"),
        (True, True, b"connection: close\r\n"),
        (False, True, b"connection: keep-alive\r\n"),
    ],
)
def test_an_answer_is_written_whole(is_last: bool, is_old: bool, connection: bytes) -> None:
    answer = HttpAnswer(503, (*JSON, (b"retry-after", b"1")), b"{}")
    pieces = http_head.render(answer, DATE, is_head=False, is_last=is_last, is_old=is_old)
    assert b"".join(pieces) == (
        b"HTTP/1.1 503 Service Unavailable\r\ndate: now\r\ncontent-type: application/json\r\nretry-after: 1\r\n"
        + connection
        + b"content-length: 2\r\n\r\n{}"
    )


def test_a_large_body_is_not_copied() -> None:
    body = b"x" * (http_head.WHOLE + 1)
    head, sent = http_head.render(HttpAnswer(200, JSON, body), DATE, is_head=False, is_last=False, is_old=False)
    assert sent is body
    assert head.endswith(b"content-length: %d\r\n\r\n" % len(body))


def test_an_answer_to_head_leaves_out_the_body() -> None:
    [head] = http_head.render(HttpAnswer(200, JSON, b"{}"), DATE, is_head=True, is_last=False, is_old=False)
    assert head.endswith(b"content-length: 2\r\n\r\n")
