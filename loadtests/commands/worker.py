"""Put load on for a master that runs elsewhere, `run --expect-workers`: it says what, when and on whom.

0 the master has ended it, 2 the master does not take this worker, 3 the master is gone or was never there.
"""

import os
import sys
from argparse import ArgumentParser, Namespace

from loadtests.engine.headers import VARIABLE, BadHeaders, read_headers
from loadtests.verdict.result import Status

PORT = 5557


def add_options(parser: ArgumentParser) -> None:
    parser.add_argument("--master", required=True, metavar="HOST[:PORT]", help=f"where it runs (port {PORT})")
    parser.add_argument(
        "--wait",
        type=float,
        default=300,
        metavar="SECONDS",
        dest="wait_seconds",
        help="for the master to be there (300)",
    )
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help=f"sent with each request, as to `run`: no master tells a key to its workers; or by {VARIABLE}",
    )
    parser.add_argument("--of", type=int, metavar="PROCESS", help="the process that began it, with which it ends")


def do(options: Namespace) -> Status:
    host, separator, port = options.master.rpartition(":")
    if not separator:
        host, port = port, str(PORT)
    try:
        headers = read_headers(options.header, os.environ.get(VARIABLE, ""))
    except BadHeaders as mistake:
        return _end(str(mistake), Status.USAGE)
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        return _end(f"--master must be as HOST or HOST:PORT, not {options.master!r}", Status.USAGE)
    from loadtests.engine import open_files, patching

    patching.patch()
    open_files.allow_all()
    from loadtests.engine.worker import Worker, end_with, wait_for

    if options.of is not None:
        end_with(options.of)
    absence = wait_for(host, int(port), options.wait_seconds)
    if absence:
        return _end(absence, Status.INCONCLUSIVE)
    try:
        status, words = Worker(host, int(port), headers).work()
    except (ConnectionError, KeyboardInterrupt) as fault:  # of Locust's, while it waits to be heard
        status, words = Status.INCONCLUSIVE, f"the master at {host}:{port} did not answer ({type(fault).__name__})"
    return _end(words, status) if words else status


def _end(words: str, status: Status) -> Status:
    print(f"loadtests: {words}", file=sys.stderr)
    return status
