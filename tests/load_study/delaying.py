"""A relay before a server that holds each answer back for a while: a server that became slower by exactly so much."""

import socket
import threading
import time
from contextlib import suppress


class Relay:
    """Listens on a port of its own until it is closed."""

    def __init__(self, port: int, delay_seconds: float) -> None:
        self._behind = ("127.0.0.1", port)
        self._delay = delay_seconds
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        for each in (self._listener, *self._open):
            # A thread that waits in it is woken by the one and not by the other.
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                server = socket.create_connection(self._behind)
                for each in (caller, server):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._open += [caller, server]
                threading.Thread(target=_carry, args=(caller, server, 0.0), daemon=True).start()
                threading.Thread(target=_carry, args=(server, caller, self._delay), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket, delay: float) -> None:
    with suppress(OSError):
        while chunk := source.recv(65_536):
            if delay:
                time.sleep(delay)
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
