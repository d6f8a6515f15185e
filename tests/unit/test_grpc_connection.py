"""One gRPC connection, frame by frame: what no well-behaved client can show."""

import asyncio
import zlib
from collections.abc import Mapping
from itertools import pairwise
from time import monotonic

import ngh2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.grpc_limits import HANDSHAKE_SECONDS, NOTICE_SECONDS, PONG_SECONDS
from serving.grpc_stream import PATIENCE_SECONDS
from tests.grpc_peer import PREFACE, SETTINGS, Peer, message, turns
from tests.grpc_servers import MESSAGE_BYTES, Methodical, limits

ECHO = "/test.Service/Echo"
WAIT = "/test.Service/Wait"
CHAT = "/test.Service/Chat"
FLOOD = 3000

NONE: Mapping[str, str] = {}

pytestmark = pytest.mark.looptime


@pytest.fixture
def service() -> Methodical:
    return Methodical()


@pytest.fixture
async def peer(service: Methodical) -> Peer:
    peer = Peer(service.methods())
    await peer.greet()
    return peer


async def asked(peer: Peer, path: str, body: bytes | None, fields: Mapping[str, str] = NONE) -> dict[str, str]:
    stream_id = peer.ask(path, body, fields)
    await peer.exchange()
    return peer.fields(stream_id)


# Calls


async def test_a_call_is_answered(peer: Peer) -> None:
    stream_id = peer.ask(ECHO, message(b"abc"))
    await peer.exchange()
    assert peer.body(stream_id) == message(b"abc")
    assert peer.fields(stream_id) == {
        ":status": "200",
        "content-type": "application/grpc",
        "grpc-accept-encoding": "identity,deflate,gzip",
        "grpc-status": "0",
    }


@settings(max_examples=25)
@given(
    bodies=st.lists(st.binary(max_size=300), min_size=1, max_size=4),
    points=st.lists(st.integers(1, 1500), max_size=12),
)
def test_calls_are_answered_however_their_bytes_are_cut(bodies: list[bytes], points: list[int]) -> None:
    async def ask() -> list[bytes]:
        peer = Peer(Methodical().methods())
        peer.http2.initiate_connection()
        streams = [peer.ask(ECHO, message(body)) for body in bodies]
        cuts = [0, *sorted(set(points))]
        await peer.exchange(
            cut=lambda data: [data[start:end] for start, end in pairwise([*cuts, max(len(data), cuts[-1])])]
        )
        return [peer.body(stream) for stream in streams]

    with asyncio.Runner() as runner:
        assert runner.run(ask()) == [message(body) for body in bodies]


@settings(max_examples=25)
@given(bodies=st.lists(st.binary(max_size=40), max_size=5), points=st.lists(st.integers(0, 250), max_size=8))
def test_a_streams_messages_are_read_however_they_are_cut_into_frames(bodies: list[bytes], points: list[int]) -> None:
    async def ask() -> bytes:
        peer = Peer(Methodical().methods())
        await peer.greet()
        stream_id = peer.ask(CHAT, end=False)
        sent = b"".join(message(body) for body in bodies)
        cuts = [0, *sorted(set(points)), len(sent)]
        for start, end in pairwise(cuts):
            if start < end:
                peer.http2.send_data(stream_id, sent[start:end])
            await peer.exchange()
        peer.http2.end_stream(stream_id)
        await peer.exchange()
        assert peer.fields(stream_id)["grpc-status"] == "0"
        return peer.body(stream_id)

    with asyncio.Runner() as runner:
        assert runner.run(ask()) == b"".join(message(body * 2) for body in bodies)


@settings(max_examples=25)
@given(raw=st.binary(max_size=200), is_after_a_greeting=st.booleans())
def test_bytes_without_sense_end_the_connection_and_nothing_else(raw: bytes, is_after_a_greeting: bool) -> None:
    async def write() -> None:
        peer = Peer(Methodical().methods())
        if is_after_a_greeting:
            await peer.greet()
        peer.write(raw)
        await turns()
        peer.connection.connection_lost(None)
        assert peer.left == [peer.connection]

    with asyncio.Runner() as runner:
        runner.run(write())


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        pytest.param(None, 12, "one message", id="no message"),
        pytest.param(b"", 12, "one message", id="an empty body"),
        pytest.param(message(b"a") + message(b"b"), 12, "one message", id="two messages"),
        pytest.param(b"\x00\x00", 13, "within a message", id="half a prefix"),
        pytest.param(message(b"abc")[:-1], 13, "within a message", id="half a message"),
        pytest.param(message(b"abc", 2), 13, "begins with 2", id="a flag that nobody knows"),
        pytest.param(message(b"abc", 1), 13, "names no compression", id="compressed by nothing"),
    ],
)
@pytest.mark.parametrize("in_pieces", [False, True])
async def test_a_body_that_is_no_message_is_refused(
    peer: Peer, body: bytes | None, status: int, words: str, in_pieces: bool
) -> None:
    stream_id = peer.ask(ECHO, None if body is None or in_pieces else body, end=body is None)
    if body is not None:
        for index in range(len(body) if in_pieces else 0):
            if peer.fields(stream_id):
                break
            peer.http2.send_data(stream_id, body[index : index + 1])
            await peer.exchange()
        if not peer.fields(stream_id):
            peer.http2.end_stream(stream_id)
    await peer.exchange()
    told = peer.fields(stream_id)
    assert told["grpc-status"] == str(status)
    assert words in told["grpc-message"]
    assert (await asked(peer, ECHO, message(b"")))["grpc-status"] == "0"


@pytest.mark.parametrize(
    ("fields", "status", "grpc_status"),
    [
        pytest.param({"content-type": "application/json"}, "415", "2", id="a content type that is not gRPC's"),
        pytest.param({"content-type": ""}, "415", "2", id="no content type"),
        pytest.param({"content-type": "application/grpc-web"}, "415", "2", id="gRPC for browsers"),
        pytest.param({":method": "GET"}, "405", "13", id="a method that is not POST"),
        pytest.param({":path": "/test.Service/None"}, "200", "12", id="an unknown method"),
        pytest.param({"grpc-encoding": "snappy"}, "200", "12", id="an unknown compression"),
        pytest.param({"grpc-timeout": "soon"}, "200", "3", id="a timeout that is none"),
        pytest.param({"grpc-timeout": "123456789S"}, "200", "3", id="a timeout of nine digits"),
        pytest.param({"x-long": "a" * 17_000}, "200", "8", id="long metadata"),
    ],
)
async def test_a_head_that_cannot_be_served_is_refused(
    peer: Peer, fields: dict[str, str], status: str, grpc_status: str
) -> None:
    told = await asked(peer, ECHO, message(b""), fields)
    assert (told[":status"], told["grpc-status"]) == (status, grpc_status)
    assert (await asked(peer, ECHO, message(b"")))["grpc-status"] == "0"


@pytest.mark.parametrize("kind", ["application/grpc+proto", "application/grpc;charset=utf-8"])
async def test_a_content_type_may_say_more(peer: Peer, kind: str) -> None:
    assert (await asked(peer, ECHO, message(b""), {"content-type": kind}))["grpc-status"] == "0"


async def test_an_unknown_compression_is_told_which_are_known(peer: Peer) -> None:
    told = await asked(peer, ECHO, message(b""), {"grpc-encoding": "snappy"})
    assert told["grpc-accept-encoding"] == "identity,deflate,gzip"


async def test_a_caller_that_goes_on_after_its_answer_is_asked_to_stop(peer: Peer) -> None:
    stream_id = peer.ask("/test.Service/None", bytes(100), end=False)
    await peer.exchange()
    assert peer.fields(stream_id)["grpc-status"] == "12"
    assert peer.reset(stream_id) == ngh2.ErrorCode.NO_ERROR


async def test_a_call_refused_by_its_head_hears_so_although_it_sends_nothing(peer: Peer) -> None:
    stream_id = peer.ask("/test.Service/None", end=False)
    await peer.exchange()
    assert peer.fields(stream_id) == {}
    await asyncio.sleep(PATIENCE_SECONDS)
    await peer.exchange()
    assert peer.fields(stream_id)["grpc-status"] == "12"


async def test_a_caller_without_a_key_is_refused_before_its_message_is_read(service: Methodical) -> None:
    given = limits()
    peer = Peer(service.methods(), given)
    await peer.greet()
    stream_id = peer.ask("/test.Service/Guarded", message(bytes(1000))[:900], end=False)
    await peer.exchange()
    told = peer.fields(stream_id)
    assert (told["grpc-status"], told["reason"]) == ("16", "unauthenticated")
    assert given.inflight.held_bytes == 0
    assert (await asked(peer, "/test.Service/Guarded", message(b""), {"authorization": "Bearer a"}))[
        "grpc-status"
    ] == "0"


async def test_te_must_be_trailers(peer: Peer) -> None:
    stream_id = peer.ask(ECHO, message(b""), {"te": "gzip"})
    await peer.exchange()
    assert peer.fields(stream_id) == {}
    assert peer.reset(stream_id) == ngh2.ErrorCode.PROTOCOL_ERROR
    assert (await asked(peer, ECHO, message(b""), {"te": ""}))["grpc-status"] == "0"


async def test_trailers_may_end_a_request(peer: Peer) -> None:
    stream_id = peer.ask(ECHO, message(b"a"), end=False)
    peer.http2.send_trailers(stream_id, [(b"x-checksum", b"1")])
    await peer.exchange()
    assert peer.body(stream_id) == message(b"a")


# Sizes


async def test_a_message_too_large_is_refused_before_it_comes(peer: Peer) -> None:
    stream_id = peer.ask(ECHO, b"\x00" + (MESSAGE_BYTES + 1).to_bytes(4, "big"), end=False)
    await peer.exchange()
    told = peer.fields(stream_id)
    assert (told["grpc-status"], told["reason"]) == ("8", "too_large")
    assert peer.reset(stream_id) == ngh2.ErrorCode.NO_ERROR


async def test_a_compressed_message_too_large_is_not_unpacked(peer: Peer) -> None:
    packed = zlib.compress(bytes(MESSAGE_BYTES + 1), 1)
    told = await asked(peer, ECHO, message(packed, 1), {"grpc-encoding": "deflate"})
    assert (told["grpc-status"], told["reason"]) == ("8", "too_large")


@pytest.mark.parametrize("packed", [b"noise", zlib.compress(b"abc")[:-3]])
async def test_a_message_that_cannot_be_decompressed_is_refused(peer: Peer, packed: bytes) -> None:
    assert (await asked(peer, ECHO, message(packed, 1), {"grpc-encoding": "deflate"}))["grpc-status"] == "13"


async def test_a_large_request_needs_no_leave_to_be_sent(peer: Peer) -> None:
    """The windows that the server opens at the start hold it."""
    peer.ask(ECHO, bytes(600_000), end=False)
    assert len(peer.http2.data_to_send()) > 600_000


async def test_a_caller_that_does_not_read_is_not_written_to(service: Methodical) -> None:
    peer = Peer(service.methods())
    await peer.greet({ngh2.Setting.INITIAL_WINDOW_SIZE: 2**31 - 1})
    peer.http2.set_local_window_size(2**31 - 1)
    await peer.exchange()
    peer.connection.pause_writing()
    for _ in range(10):
        peer.ask("/test.Service/Grow", message(b"1000000"))
    peer.connection.data_received(peer.http2.data_to_send())
    await turns()
    assert not peer.pipe.written
    peer.connection.resume_writing()
    await turns(2)
    assert len(peer.pipe.written) <= 2 * 1024 * 1024


async def test_messages_that_a_handler_does_not_read_hold_their_caller_up() -> None:
    """The window of a stream is not opened again until its messages are read."""
    service = Methodical()
    peer = Peer(service.methods())
    await peer.greet()
    stream_id = peer.ask("/test.Service/Watch", message(b"a"), end=False)
    for _ in range(100):
        peer.http2.send_data(stream_id, message(bytes(100_000)))
    await peer.exchange()
    assert peer.http2.queued_body_size(stream_id) > 4_000_000


# Deadlines


@pytest.mark.parametrize("time", ["0S", "1n"])
async def test_a_call_that_comes_too_late_is_not_begun(peer: Peer, service: Methodical, time: str) -> None:
    told = await asked(peer, WAIT, message(b""), {"grpc-timeout": time})
    assert (told["grpc-status"], told["reason"]) == ("4", "late")
    assert service.events == []


async def test_a_body_that_does_not_come_in_time_is_not_begun(peer: Peer, service: Methodical) -> None:
    stream_id = peer.ask(WAIT, message(b"abc")[:6], {"grpc-timeout": "20m"}, end=False)
    await peer.exchange()
    await asyncio.sleep(0.03)
    await peer.exchange()
    assert peer.fields(stream_id)["grpc-status"] == "4"
    assert service.events == []


@pytest.mark.parametrize("time", ["99999999H", "99999999S"])
async def test_a_deadline_beyond_all_timers_is_no_hindrance(peer: Peer, time: str) -> None:
    assert (await asked(peer, ECHO, message(b""), {"grpc-timeout": time}))["grpc-status"] == "0"


# Leaving


async def test_a_reset_stream_ends_its_work(peer: Peer, service: Methodical) -> None:
    stream_id = peer.ask(WAIT, message(b""))
    await peer.exchange()
    peer.http2.reset_stream(stream_id)
    await peer.exchange()
    assert service.events == ["began", "cancelled"]


async def test_a_lost_connection_ends_all_its_work(peer: Peer, service: Methodical) -> None:
    for _ in range(3):
        peer.ask(WAIT, message(b""))
    await peer.exchange()
    peer.connection.connection_lost(None)
    await turns()
    assert service.events == ["began"] * 3 + ["cancelled"] * 3
    assert peer.left == [peer.connection]


async def test_leave_is_taken_in_two_steps_and_a_call_between_them_is_answered(peer: Peer, service: Methodical) -> None:
    first = peer.ask(WAIT, message(b"a"))
    await peer.exchange()
    peer.connection.drain()
    await turns()
    # On its way before the notice is read.
    second = peer.ask(WAIT, message(b"b"))
    await peer.exchange()
    assert peer.goaways() == [(2**31 - 1, 0, b""), (second, 0, b"")]
    assert not peer.pipe.has_ended
    service.let_go.set()
    await peer.exchange()
    assert [peer.body(stream) for stream in (first, second)] == [message(b"a"), message(b"b")]
    assert peer.pipe.has_ended


async def test_a_call_after_the_last_word_is_not_begun(peer: Peer, service: Methodical) -> None:
    stream_id = peer.ask(WAIT, message(b"a"))
    await peer.exchange()
    peer.connection.drain()
    await turns()
    peer.pipe.written.clear()  # the caller hears nothing of it
    peer.write(b"\x00\x00\x08\x06\x01\x00\x00\x00\x00" + bytes(8))  # but its kernel answers the ping
    await turns()
    peer.pipe.written.clear()
    peer.ask(WAIT, message(b"b"))
    await peer.exchange()
    assert service.events == ["began"]
    peer.http2.reset_stream(stream_id)
    await peer.exchange()


async def test_a_caller_that_does_not_answer_is_refused_all_the_same(peer: Peer) -> None:
    peer.connection.drain()
    await turns()
    assert not peer.pipe.has_ended
    await asyncio.sleep(NOTICE_SECONDS + 0.1)
    assert peer.pipe.has_ended


async def test_a_stream_is_answered_what_it_has_asked_before_it_ends(peer: Peer) -> None:
    stream_id = peer.ask(CHAT, message(b"a") + message(b"b"), end=False)
    await turns()
    peer.connection.data_received(peer.http2.data_to_send())
    peer.connection.drain()
    await peer.exchange()
    assert peer.body(stream_id) == message(b"aa") + message(b"bb")
    assert (peer.fields(stream_id)["grpc-status"], peer.fields(stream_id)["reason"]) == ("14", "draining")
    assert peer.pipe.has_ended


# Abuse


@pytest.mark.parametrize(
    "request_", [b"GET / HTTP/1.1\r\n\r\n", b"POST /v2/models/a/infer HTTP/1.0\r\n\r\n{}", b"\x16\x03\x01"]
)
async def test_a_caller_that_speaks_no_http2_is_told_so(service: Methodical, request_: bytes) -> None:
    peer = Peer(service.methods())
    peer.write(request_)
    assert peer.pipe.written.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert peer.pipe.is_closed


@pytest.mark.parametrize("greeting", [b"", PREFACE[:10], PREFACE, PREFACE + SETTINGS[:5]])
async def test_a_greeting_that_does_not_come_is_not_waited_for(service: Methodical, greeting: bytes) -> None:
    peer = Peer(service.methods())
    peer.write(greeting)
    await asyncio.sleep(HANDSHAKE_SECONDS - 1)
    assert not peer.pipe.is_closed
    await asyncio.sleep(2)
    assert peer.pipe.is_aborted


async def test_a_caller_that_greets_is_kept(peer: Peer) -> None:
    await asyncio.sleep(HANDSHAKE_SECONDS + 1)
    assert not peer.pipe.is_closed


async def test_a_flood_of_pings_is_ended(peer: Peer) -> None:
    for _ in range(10):
        peer.write(b"\x00\x00\x08\x06\x00\x00\x00\x00\x00" + bytes(8))
    await turns()
    peer.read()
    assert (0, ngh2.ErrorCode.ENHANCE_YOUR_CALM, b"too_many_pings") in peer.goaways()
    assert peer.pipe.is_closed


async def test_pings_between_answers_are_welcome(peer: Peer) -> None:
    for _ in range(20):
        peer.http2.ping()
        assert (await asked(peer, ECHO, message(b"")))["grpc-status"] == "0"


async def test_a_flood_of_settings_is_ended(peer: Peer) -> None:
    for _ in range(FLOOD):
        peer.write(SETTINGS)
    await turns()
    assert peer.pipe.is_closed


async def test_a_flood_of_calls_that_are_reset_is_ended_and_leaves_no_work(peer: Peer, service: Methodical) -> None:
    for _ in range(FLOOD):
        if peer.pipe.is_closed:
            break
        stream_id = peer.ask(WAIT, message(b""))
        written = peer.http2.data_to_send()
        peer.http2.reset_stream(stream_id)
        peer.write(written + peer.http2.data_to_send())
        await turns(2)
        peer.pipe.written.clear()
    assert peer.pipe.is_closed
    peer.connection.connection_lost(None)
    await turns()
    assert service.events.count("began") == service.events.count("cancelled")


async def test_endless_header_fields_end_the_connection(peer: Peer) -> None:
    peer.write(b"\x00\x40\x00\x01\x00\x00\x00\x00\x01" + b"\x40\x01a\x7f\x00" + b"a" * 127 + b"\xbe" * (16384 - 132))
    for _ in range(20):
        peer.write(b"\x00\x40\x00\x09\x00\x00\x00\x00\x01" + b"\xbe" * 16384)
    await turns()
    assert peer.pipe.is_closed


async def test_a_message_that_stands_still_is_refused_and_what_it_held_is_free(service: Methodical) -> None:
    given = limits()
    peer = Peer(service.methods(), given)
    await peer.greet()
    stream_id = peer.ask(ECHO, message(bytes(1000))[:500], end=False)
    await peer.exchange()
    assert given.inflight.held_bytes == 500
    peer.connection.check(monotonic() + given.body_seconds - 1)
    await peer.exchange()
    assert peer.fields(stream_id) == {}
    peer.connection.check(monotonic() + given.body_seconds + 1)
    await peer.exchange()
    told = peer.fields(stream_id)
    assert (told["grpc-status"], told["reason"]) == ("4", "slow_caller")
    assert "500 bytes of the call came" in told["grpc-message"]
    assert given.inflight.held_bytes == 0


async def test_a_caller_that_leaves_its_answers_unread_is_cut_off(service: Methodical) -> None:
    peer = Peer(service.methods())
    await peer.greet({ngh2.Setting.INITIAL_WINDOW_SIZE: 0})
    peer.ask("/test.Service/Grow", message(b"1000"))
    await peer.exchange()
    now = monotonic()
    peer.connection.check(now)
    peer.connection.check(now + 50)
    assert not peer.pipe.is_closed
    peer.connection.check(now + 70)
    assert peer.pipe.is_aborted


async def test_a_caller_that_pauses_in_a_stream_is_kept(service: Methodical) -> None:
    peer = Peer(service.methods())
    await peer.greet({ngh2.Setting.INITIAL_WINDOW_SIZE: 0})
    peer.ask("/test.Service/Count", message(b"10 1000"))
    await peer.exchange()
    now = monotonic()
    peer.connection.check(now)
    peer.connection.check(now + 1000)
    assert not peer.pipe.is_closed
    peer.connection.connection_lost(None)


async def test_more_streams_than_allowed_are_refused(service: Methodical) -> None:
    peer = Peer(service.methods(), limits(streams=2))
    peer.http2.initiate_connection()
    # Before it has heard of the limit.
    streams = [peer.ask(WAIT, message(b"")) for _ in range(4)]
    await peer.exchange()
    assert service.events == ["began"] * 2
    assert [peer.reset(stream) for stream in streams] == [None, None, 7, 7]
    peer.connection.connection_lost(None)


async def test_a_silent_caller_is_asked_whether_it_lives_and_let_go(service: Methodical) -> None:
    peer = Peer(service.methods(), limits(keepalive_seconds=5.0))
    await peer.greet()
    heard = monotonic()
    peer.connection.check(heard + 4.0)
    await turns()
    assert not peer.pipe.written
    peer.connection.check(heard + 6.0)
    await turns()
    assert peer.pipe.written[3] == 6  # a ping
    peer.connection.check(heard + 7.0 + PONG_SECONDS)
    assert peer.pipe.is_aborted


async def test_a_silent_caller_that_answers_is_kept(service: Methodical) -> None:
    peer = Peer(service.methods(), limits(keepalive_seconds=5.0))
    await peer.greet()
    heard = monotonic()
    peer.connection.check(heard + 6.0)
    await peer.exchange()
    peer.connection.check(heard + 7.0 + PONG_SECONDS)
    assert not peer.pipe.is_closed
