"""REST under gevent: requests of one stream over connections that are kept, renewed or made for each.

A request is sent once. A connection that has ended while nobody used it is
noticed before it is used; one that ends afterwards is a loss, which is told.
The wire's events feed the answer, so a request costs one change of greenlet.
"""

from collections import deque
from collections.abc import Mapping

from gevent import Timeout, get_hub
from gevent.hub import Waiter

from loadtests.clients.address import Access, Address
from loadtests.clients.dial import HTTP1, Dialer
from loadtests.clients.exchange import Exchange
from loadtests.clients.http1 import Answer, NotHttp
from loadtests.clients.lost import CLOSED, GARBLED, Lost
from loadtests.clients.rest_outcome import outcome_of, read_failure
from loadtests.clients.wire import Wire
from loadtests.measure.outcome import Outcome
from loadtests.requests.question import Question, Reply

DEADLINE_HEADER = "x-request-timeout-ms"
"""By which a caller of Écluse says how long it waits."""

QUESTIONS_KEPT = 4096
"""Heads are written once for a question; a caller who makes a new one each time makes us forget them."""


class Connection:
    """One request at a time."""

    __slots__ = ("_answer", "_waiter", "_wire", "asked", "takes_turns")

    def __init__(self, wire: Wire, *, takes_turns: bool) -> None:
        self.asked = 0
        self.takes_turns = takes_turns
        self._wire = wire
        self._answer: Answer | None = None
        self._waiter: Waiter | None = None
        wire.attach(self)

    @property
    def is_usable(self) -> bool:
        """Whether the server has neither ended it nor said anything unasked."""
        if self._wire.is_open and self._wire.has_news:
            self._wire.read()
        return self._wire.is_open

    def ask(self, request: bytes) -> Answer:
        """Send it and wait; raises Lost."""
        self.asked += 1
        self._answer = Answer()
        waiter = self._waiter = Waiter()
        self._wire.write(request)
        answer: Answer | Lost = waiter.get()
        if isinstance(answer, Lost):
            raise answer
        return answer

    def close(self) -> None:
        self._wire.close()
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            get_hub().loop.run_callback(waiter.switch, Lost(CLOSED, "the client was closed"))

    # What the wire tells

    def received(self, data: bytes) -> None:
        answer = self._answer
        if answer is None or self._waiter is None:
            raise Lost(GARBLED, "the server said something that nobody had asked for")
        try:
            is_whole = answer.feed(data)
        except NotHttp as error:
            raise Lost(GARBLED, str(error)) from None
        if is_whole:
            waiter, self._waiter, self._answer = self._waiter, None, None
            waiter.switch(answer)

    def lost(self, reason: Lost) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is None:
            return
        answer = self._answer
        if answer is not None and reason.code == CLOSED:
            if answer.end():
                waiter.switch(answer)
                return
            if answer.has_begun:
                reason = Lost(CLOSED, "the server closed the connection within its answer")
        waiter.switch(reason)


class RestClient:
    """Asks over so many connections in turn, and over as many more as there are requests at once."""

    def __init__(
        self,
        address: Address,
        access: Access,
        *,
        connections: int = 1,
        requests_per_connection: int | None = None,
        deadline_seconds: float | None = None,
    ) -> None:
        self._dialer = Dialer(address, access, HTTP1)
        self._address = address
        self._most_asked = requests_per_connection
        self._headers = {"Host": address.authority, "User-Agent": "ecluse-load-test", "Accept-Encoding": "identity"}
        if deadline_seconds is not None:
            self._headers[DEADLINE_HEADER] = str(max(1, round(deadline_seconds * 1000)))
        _put(self._headers, access.rest_headers)
        self._heads: dict[int, tuple[Question, bytes, bytes]] = {}
        self._missing = connections
        """Of those that take turns: not made yet, or ended."""
        self._waiting: deque[Connection] = deque()
        """The rest of them, in their order."""
        self._spare: list[Connection] = []
        """The others, of which the last one used is taken, so that those which are not needed fall idle."""
        self._busy: set[Connection] = set()

    def ask(self, question: Question, timeout_seconds: float) -> Exchange:
        head, last_head = self._head(question)
        connection = None
        with Timeout(timeout_seconds) as timeout:
            try:
                connection = self._take()
                is_last = connection.asked + 1 == self._most_asked
                answer = connection.ask((last_head if is_last else head) + question.body)
            except Timeout as passed:
                if passed is not timeout:
                    raise
                words = f"no answer in {timeout_seconds:g} s"
                if connection is None:
                    words += ", nor a connection"
                return Exchange(Outcome.TIMEOUT, "timeout", words=words)
            except Lost as lost:
                return Exchange(Outcome.CONNECTION, lost.code, words=str(lost))
            else:
                if answer.keeps and not is_last:
                    self._busy.discard(connection)
                    (self._waiting if connection.takes_turns else self._spare).append(connection)
                    connection = None
            finally:
                if connection is not None:
                    self._busy.discard(connection)
                    self._missing += connection.takes_turns
                    connection.close()
        return _exchange(answer)

    def close(self) -> None:
        for connection in (*self._waiting, *self._spare, *self._busy):
            connection.close()
        self._waiting.clear()
        self._spare.clear()

    def _take(self) -> Connection:
        connection = self._in_turn() or self._left_over() or Connection(self._dialer.dial(), takes_turns=False)
        self._busy.add(connection)
        return connection

    def _in_turn(self) -> Connection | None:
        """Give the one whose turn it is, made anew where it has ended; nothing while all of them are busy."""
        if not self._missing:
            if not self._waiting:
                return None
            connection = self._waiting.popleft()
            if connection.is_usable:
                return connection
            self._missing += 1
        self._missing -= 1
        try:
            return Connection(self._dialer.dial(), takes_turns=True)
        except BaseException:  # a request that has waited too long is one as well
            self._missing += 1
            raise

    def _left_over(self) -> Connection | None:
        while self._spare:
            connection = self._spare.pop()
            if connection.is_usable:
                return connection
        return None

    def _head(self, question: Question) -> tuple[bytes, bytes]:
        """Give the head of a request, and that of the last one on a connection."""
        kept = self._heads.get(id(question))
        if kept is None:
            headers = dict(self._headers)
            _put(headers, question.headers)
            headers["Content-Length"] = str(len(question.body))
            lines = [f"POST {self._address.prefix}{question.path} HTTP/1.1"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            head = "\r\n".join(lines).encode("latin-1")
            if len(self._heads) >= QUESTIONS_KEPT:
                self._heads.clear()
            kept = question, head + b"\r\n\r\n", head + b"\r\nConnection: close\r\n\r\n"
            self._heads[id(question)] = kept
        return kept[1], kept[2]


def _put(headers: dict[str, str], others: Mapping[str, str]) -> None:
    """Take in others, which replace what has their names, however those are written."""
    for name, value in others.items():
        for same in [known for known in headers if known.lower() == name.lower()]:
            del headers[same]
        headers[name] = value


def _exchange(answer: Answer) -> Exchange:
    status = answer.status
    if status == 200:
        return Exchange(Outcome.OK, "200", Reply(answer.headers, answer.body))
    reason, words = read_failure(answer.body)
    outcome = outcome_of(status, reason, answer.headers, words)
    if outcome is Outcome.OK:
        return Exchange(outcome, str(status), Reply(answer.headers, answer.body))
    return Exchange(outcome, str(status), words=f"{reason}: {words}" if reason else words or f"HTTP {status}")
