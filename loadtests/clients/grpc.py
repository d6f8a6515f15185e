"""gRPC under gevent: unary calls of one stream over some HTTP/2 connections in turn, and more where these are full.

A call is sent once, and once more, on another connection, only where the server
has said that it did not look at it: above GOAWAY's last stream, or
REFUSED_STREAM. So does every gRPC library.
"""

from weakref import WeakSet

from gevent import Greenlet, Timeout, getcurrent
from gevent.event import AsyncResult

from loadtests.clients.address import Access, Address
from loadtests.clients.dial import HTTP2, Dialer
from loadtests.clients.exchange import Exchange
from loadtests.clients.grpc_connection import Ended, Fields, GrpcConnection
from loadtests.clients.grpc_outcome import read_http, read_trailers
from loadtests.clients.lost import CLOSED, UNREACHABLE, Lost
from loadtests.measure.outcome import Outcome
from loadtests.requests.question import Question, Reply

CALLS_AT_ONCE = 16
"""On one connection. A library opens one for all; a load test stands for many callers, each with its own."""

DIAL_SECONDS = 20.0
QUESTIONS_KEPT = 4096
PREFIX_BYTES = 5


class Channel:
    """A connection, or the wish for one."""

    def __init__(self) -> None:
        self.reserved = 0
        self.ready: AsyncResult = AsyncResult()
        """The connection, or the Lost that stands for it."""


class GrpcClient:
    """Asks over connections that are shared."""

    def __init__(
        self,
        address: Address,
        access: Access,
        *,
        connections: int = 1,
        requests_per_connection: int | None = None,
        deadline_seconds: float | None = None,
    ) -> None:
        self._dialer = Dialer(address, access, HTTP2)
        self._turns = connections
        self._turn = 0
        self._most_asked = requests_per_connection
        self._at_once = min(CALLS_AT_ONCE, requests_per_connection or CALLS_AT_ONCE)
        self._begin = (
            (b":method", b"POST"),
            (b":scheme", b"https" if address.is_secure else b"http"),
        )
        self._rest: list[tuple[bytes, bytes]] = [
            (b":authority", access.authority(address).encode()),
            (b"te", b"trailers"),
            (b"content-type", b"application/grpc"),
            (b"user-agent", b"ecluse-load-test"),
        ]
        if deadline_seconds is not None:
            self._rest.append((b"grpc-timeout", timeout(deadline_seconds)))
        self._rest += _metadata(access.metadata)
        self._written: dict[int, tuple[Question, Fields, bytes]] = {}
        self._connections: list[GrpcConnection] = []
        self._leaving: WeakSet[GrpcConnection] = WeakSet()
        """Those that carry their last calls."""
        self._coming: list[Channel] = []
        self._dialing: set[Greenlet] = set()

    def ask(self, question: Question, timeout_seconds: float) -> Exchange:
        fields, message = self._write(question)
        with Timeout(timeout_seconds) as limit:
            try:
                ended = self._call(fields, message)
                if ended.was_untouched:
                    ended = self._call(fields, message)
            except Timeout as passed:
                if passed is not limit:
                    raise
                return Exchange(Outcome.TIMEOUT, "timeout", words=f"no answer in {timeout_seconds:g} s")
            except Lost as lost:
                return Exchange(Outcome.CONNECTION, lost.code, words=str(lost))
        return exchange(ended)

    def close(self) -> None:
        for greenlet in list(self._dialing):
            greenlet.kill(block=False)
        for connection in (*self._connections, *self._leaving):
            connection.close()
        self._connections.clear()

    def _call(self, fields: Fields, message: bytes) -> Ended:
        connection = self._take()
        heard = connection.heard
        stream_id, waiter = connection.ask(fields, message)
        try:
            ended: Ended = waiter.get()
        except Timeout:
            if connection.heard == heard:
                connection.retire()  # silent for all this time: nobody may be there any more
            connection.leave(stream_id)
            raise
        return ended

    def _take(self) -> GrpcConnection:
        """Give the connection whose turn it is; where it is full, the fullest of all, so that others fall idle."""
        connections = self._connections
        while True:
            if len(connections) + len(self._coming) < self._turns:
                return self._open(joins=False)
            found = self._in_turn() or self._fullest()
            if found is None:
                return self._open(joins=True)
            if found.is_usable:
                return found
            connections.remove(found)
            self._leaving.add(found)

    def _in_turn(self) -> GrpcConnection | None:
        taking_turns = self._connections[: self._turns]
        if not taking_turns:
            return None
        self._turn = (self._turn + 1) % len(taking_turns)
        found = taking_turns[self._turn]
        return found if len(found.calls) < self._at_once else None

    def _fullest(self) -> GrpcConnection | None:
        open_ones = [each for each in self._connections if len(each.calls) < self._at_once]
        return max(open_ones, key=lambda each: len(each.calls), default=None)

    def _open(self, *, joins: bool, again: bool = True) -> GrpcConnection:
        """Wait for a connection, one that is coming already where `joins` and it has room.

        One that the server ends as it comes is opened `again`, and the second time it is a loss.
        """
        for channel in self._coming:
            if joins and channel.reserved < self._at_once:
                break
        else:
            channel = Channel()
            self._coming.append(channel)
            greenlet = Greenlet(self._dial, channel)
            self._dialing.add(greenlet)
            greenlet.start()
        channel.reserved += 1
        connection: GrpcConnection | Lost = channel.ready.get()
        if isinstance(connection, Lost):
            raise connection
        if connection.is_usable:
            return connection
        if connection.asked:
            return self._take()  # others have used it up
        if again:
            return self._open(joins=joins, again=False)
        raise Lost(CLOSED, "the server ends connections as they come")

    def _dial(self, channel: Channel) -> None:
        """Connect in a greenlet of its own: whoever wished for it first may give up sooner than the others."""
        outcome: GrpcConnection | Lost = Lost(UNREACHABLE, f"no connection in {DIAL_SECONDS:g} s")
        try:
            with Timeout(DIAL_SECONDS, exception=False):
                outcome = GrpcConnection(self._dialer.dial(), self._most_asked)
                self._connections.append(outcome)
        except Lost as reason:
            outcome = reason
        finally:
            self._coming.remove(channel)
            self._dialing.discard(getcurrent())
            channel.ready.set(outcome)

    def _write(self, question: Question) -> tuple[Fields, bytes]:
        kept = self._written.get(id(question))
        if kept is None:
            path = (b":path", question.path.encode())
            fields = (*self._begin, path, *self._rest, *_metadata(question.headers))
            message = b"\0" + len(question.body).to_bytes(4, "big") + question.body
            if len(self._written) >= QUESTIONS_KEPT:
                self._written.clear()
            kept = self._written[id(question)] = question, fields, message
        return kept[1], kept[2]


def timeout(seconds: float) -> bytes:
    """Write `grpc-timeout`: at most eight digits and a unit."""
    milliseconds = max(1, round(seconds * 1000))
    return b"%dm" % milliseconds if milliseconds < 10**8 else b"%dS" % min(10**8 - 1, round(seconds))


def exchange(ended: Ended) -> Exchange:
    """Say what the end of a call means."""
    if ended.lost is not None:
        return Exchange(Outcome.CONNECTION, ended.lost.code, words=str(ended.lost))
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in ended.headers}
    trailers = {name.decode("latin-1"): value.decode("latin-1") for name, value in ended.trailers}
    last = trailers if ended.trailers else headers
    status = last.get("grpc-status")
    if status is None:
        outcome, code, words = read_http(headers.get(":status", ""), headers)
        return Exchange(outcome, code, words=words)
    if status != "0":
        outcome, code, words = read_trailers(last)
        return Exchange(outcome, code, words=words)
    body = ended.body
    if len(body) < PREFIX_BYTES or body[0] or int.from_bytes(body[1:PREFIX_BYTES], "big") != len(body) - PREFIX_BYTES:
        return Exchange(Outcome.SERVER, "INTERNAL", words=f"the answer of {len(body)} bytes is not one plain message")
    return Exchange(Outcome.OK, "OK", Reply({**headers, **trailers}, body[PREFIX_BYTES:]))


def _metadata(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
