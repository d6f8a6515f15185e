"""Make this process one that gevent runs, before anything that opens a socket or waits is imported.

Whoever puts load on a server calls it first, before Locust, ssl and the clients
are imported: a module that took the unpatched socket keeps it.
"""

import sys


def patch() -> None:
    from gevent import monkey

    if monkey.is_module_patched("socket"):
        return
    early = [name for name in ("ssl", "grpc") if name in sys.modules]
    if early:
        raise ImportError(f"{early[0]} was imported before gevent could patch it")
    monkey.patch_all()
