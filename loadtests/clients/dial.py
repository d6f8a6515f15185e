"""How a connection comes about: the name, the socket, TLS.

Runs in the greenlet of whoever wants the connection, who limits its time.
Names are looked up anew every few seconds, so that a load test sees what became
of a service behind a name, and does not wait for a name server with each
connection.
"""

import ipaddress
import os
import socket
import ssl
import time
from typing import Any

from gevent import get_hub
from gevent import socket as green
from gevent.monkey import get_original

from loadtests.clients.address import Access, Address, BadAddress
from loadtests.clients.lost import CLOSED, UNREACHABLE, UNTRUSTED, Lost, lost
from loadtests.clients.wire import RECEIVED_BYTES, Wire

_plain_socket: type[socket.socket] = get_original("socket", "socket")

KNOWN_SECONDS = 5.0
"""For so long what a name stands for is believed."""

HTTP1 = "http/1.1"
HTTP2 = "h2"


class Dialer:
    """Opens connections to one address."""

    def __init__(self, address: Address, access: Access, protocol: str) -> None:
        """`protocol` is what TLS shall agree on. Raises BadAddress where the certificates cannot be read."""
        self._address = address
        self._protocol = protocol
        self._tls = secure(access, protocol) if address.is_secure else None
        self._found: list[tuple[int, Any]] = []
        self._found_at = -KNOWN_SECONDS

    def dial(self) -> Wire:
        """Connect to the first address that takes it; raises Lost."""
        failure = None
        for family, place in self._places():
            try:
                connected = connect(family, place)
                try:
                    return Wire(connected, self._secure(connected))
                except BaseException:
                    connected.close()
                    raise
            except OSError as error:
                failure = lost(error)
        self._found_at = -KNOWN_SECONDS
        raise failure or Lost(UNREACHABLE, f"{self._address.host} stands for no address")

    def _places(self) -> list[tuple[int, Any]]:
        if time.monotonic() - self._found_at >= KNOWN_SECONDS:
            host, port = self._address.host, self._address.port
            try:
                family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
                self._found, self._found_at = [(family, (host, port))], float("inf")
            except ValueError:
                try:
                    found = green.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
                except OSError as error:
                    raise Lost(UNREACHABLE, f"{host}: {(error.strerror or str(error)).lower()}") from None
                self._found = [(family, place) for family, _, _, _, place in found]
                self._found_at = time.monotonic()
        return self._found

    def _secure(self, connected: socket.socket) -> tuple[ssl.SSLObject, ssl.MemoryBIO, ssl.MemoryBIO] | None:
        if self._tls is None:
            return None
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._tls.wrap_bio(incoming, outgoing, server_hostname=self._address.host)
        while True:
            try:
                tls.do_handshake()
                is_agreed = True
            except ssl.SSLWantReadError:
                is_agreed = False
            if outgoing.pending:
                _send(connected, outgoing.read())
            if is_agreed:
                break
            data = _receive(connected)
            if not data:
                raise Lost(CLOSED, "the server closed the connection while TLS was agreed on")
            incoming.write(data)
        if self._protocol == HTTP2 and tls.selected_alpn_protocol() != HTTP2:
            raise Lost(UNTRUSTED, "the server does not agree on HTTP/2 (ALPN h2), which gRPC needs")
        return tls, incoming, outgoing


def secure(access: Access, protocol: str) -> ssl.SSLContext:
    """Raises BadAddress."""
    try:
        context = ssl.create_default_context(cafile=access.ca)
    except OSError as error:
        raise BadAddress(f"the certificates of {access.ca} cannot be read: {error.strerror or error}") from None
    context.set_alpn_protocols([protocol])
    if access.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def connect(family: int, place: Any) -> socket.socket:
    """Raises OSError."""
    connecting = _plain_socket(family, socket.SOCK_STREAM)
    try:
        connecting.setblocking(False)
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connecting.connect(place)
        except BlockingIOError:
            _wait(connecting, 2)
            number = connecting.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if number:
                raise OSError(number, os.strerror(number)) from None
    except BaseException:
        connecting.close()
        raise
    return connecting


def _wait(waiting: socket.socket, event: int) -> None:
    hub = get_hub()
    watcher = hub.loop.io(waiting.fileno(), event)
    try:
        hub.wait(watcher)
    finally:
        watcher.close()


def _send(connected: socket.socket, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[connected.send(rest) :]
        except BlockingIOError:
            _wait(connected, 2)


def _receive(connected: socket.socket) -> bytes:
    while True:
        try:
            return connected.recv(RECEIVED_BYTES)
        except BlockingIOError:
            _wait(connected, 1)
