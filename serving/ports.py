"""Binding a port, and saying in one sentence why it cannot be had."""

import socket

from serving.errors import StartupError

BACKLOG = 2048
"""Connections that may wait to be accepted, before the kernel turns them away."""


def bind(address: str, port: int, protocol: str) -> socket.socket:
    """Listen on a TCP port, zero for any that is free.

    Raises StartupError where the port is taken, forbidden or of no address here.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise StartupError(f"cannot listen for {protocol} on {address} port {port}: {error.strerror}") from error
    return listener


def check(address: str, port: int, protocol: str) -> None:
    """Raise StartupError unless the port could be had at this moment."""
    bind(address, port, protocol).close()
