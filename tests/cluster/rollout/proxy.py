"""A way to Prometheus that can be cut: connections are passed on, until they are not."""

import contextlib
import socket
import threading
from typing import Self

BUFFER = 65536


class Proxy:
    """Listens on a port of its own for as long as the `with` block lasts."""

    def __init__(self, to: tuple[str, int]) -> None:
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._is_cut = False
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """End every connection, and each that comes."""
        with self._lock:
            self._is_cut = True
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def mend(self) -> None:
        with self._lock:
            self._is_cut = False

    def _accept(self) -> None:
        while True:
            try:
                came, _ = self._listener.accept()
            except OSError:
                return
            try:
                there = socket.create_connection(self._to)
            except OSError:
                came.close()
                continue
            with self._lock:
                if self._is_cut:
                    came.close()
                    there.close()
                    continue
                self._open |= {came, there}
            threading.Thread(target=self._carry, args=(came, there), daemon=True).start()

    def _carry(self, came: socket.socket, there: socket.socket) -> None:
        with came, there:
            back = threading.Thread(target=_pass, args=(there, came), daemon=True)
            back.start()
            _pass(came, there)
            back.join()
        with self._lock:
            self._open -= {came, there}


def _pass(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(BUFFER):
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_RDWR)
