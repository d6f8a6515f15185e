"""Put load on a model server as a profile says, and say by the exit status whether it passed.

0 passed, 1 failed, 2 wrong usage, 3 inconclusive, 4 the target cannot be asked or is not ready, 130 interrupted.
"""

import os
import shutil
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from datetime import UTC, datetime
from pathlib import Path

from loadtests.clients.address import Access, BadAddress, read_grpc, read_url
from loadtests.commands.compare import compared_with, read_run
from loadtests.engine.assignment import Addresses
from loadtests.engine.headers import VARIABLE, BadHeaders, read_headers
from loadtests.engine.order import Order
from loadtests.measure.run import Run
from loadtests.profile.form import Profile
from loadtests.profile.read import BadProfile, read, with_change
from loadtests.report.run_file import BadRunFile
from loadtests.requests.rows import BadData, read_rows
from loadtests.verdict.comparable import incomparable
from loadtests.verdict.limit import without_a_limit
from loadtests.verdict.result import Status
from monitoring import slo

OUT = Path("build/load")


class Misuse(Exception):
    """What was asked for makes no sense; the sentence says why."""


def add_options(parser: ArgumentParser) -> None:
    what = parser.add_argument_group("what is done")
    what.add_argument("--profile", required=True, metavar="NAME|FILE", help="`profiles list` tells the names")
    what.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        dest="overrides",
        help="a value of the profile, as rate=100 or phases.steady.seconds=30; as often as needed",
    )
    what.add_argument("--seed", type=int, help="of arrivals and questions, in place of the profile's")
    what.add_argument("--change", default="", metavar="COMMAND", help="what is performed in the phase of a change")
    what.add_argument("--data", type=Path, metavar="FILE.npz", help="rows to ask with, and their labels")
    what.add_argument("--slo", type=Path, metavar="FILE", help="what is promised (monitoring/slo.yaml)")
    target = parser.add_argument_group("whom it is done to")
    target.add_argument(
        "--url", default="http://127.0.0.1:8080", help="of REST, also asked whether all is ready (%(default)s)"
    )
    target.add_argument("--grpc", default="", metavar="HOST:PORT", help="needed by profiles that ask over gRPC")
    target.add_argument("--model", default="", metavar="NAME", help="of the kinds of requests that name none")
    target.add_argument("--ca", type=Path, metavar="FILE", help="certificates to trust beside the system's, in PEM")
    target.add_argument("--insecure", action="store_true", help="believe any certificate")
    target.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="sent with each request; Host, or :authority for gRPC alone, where a gateway goes by the name; a key is "
        f"better given by {VARIABLE}, a JSON object or a header a line",
    )
    target.add_argument("--wait-ready", type=_seconds, default=10, metavar="SECONDS", help="for server and models (10)")
    target.add_argument(
        "--give-up-after", type=_seconds, default=30, metavar="SECONDS", help="without any answer, the run ends (30)"
    )
    by_whom = parser.add_argument_group("who does it")
    by_whom.add_argument("--workers", type=_positive, default=1, metavar="N", help="processes on this machine (1)")
    by_whom.add_argument(
        "--expect-workers",
        type=_positive,
        default=0,
        metavar="N",
        help="in their place, workers that come by themselves: python -m loadtests worker --master HOST:PORT",
    )
    by_whom.add_argument("--port", type=_port, default=5557, help="on which these are expected (5557)")
    by_whom.add_argument("--worker-wait", type=_seconds, default=60, metavar="SECONDS", help="for all of them (60)")
    judged = parser.add_argument_group("what it is held against, beside its own gates")
    judged.add_argument(
        "--compare-with",
        type=Path,
        metavar="RUN",
        help="a stored run of the same profile, its run.json or its folder: what is worse fails, as `compare` says",
    )
    told = parser.add_argument_group("how it is told")
    told.add_argument("--out", type=Path, metavar="DIR", help=f"for all reports ({OUT}/PROFILE)")
    told.add_argument("--metrics-port", type=_port, metavar="PORT", help="on which Prometheus finds the run's metrics")
    told.add_argument(
        "--json", action="store_true", help="as the last line summary.json, for a log that is all that stays"
    )
    told.add_argument("--quiet", action="store_true", help="nothing but the verdict")


def do(options: Namespace) -> Status:
    try:
        order = _order(options)
        stored = _stored(options.compare_with, order)
    except (Misuse, BadProfile, BadAddress, BadHeaders, BadData, BadRunFile, slo.BadPromise) as mistake:
        print(f"loadtests: {mistake}", file=sys.stderr)
        return Status.USAGE
    from loadtests.engine import open_files, patching

    patching.patch()
    open_files.allow_all()
    from loadtests.engine.running import run

    begun = datetime.now(UTC)
    status = run(order)
    if stored is None:
        return status
    return compared_with(stored, order.out, order.promise, status, begun=begun, is_told_aside=order.is_json)


def _order(options: Namespace) -> Order:
    overrides = [*options.overrides, *([] if options.seed is None else [f"seed={options.seed}"])]
    profile = with_change(read(options.profile, overrides), options.change)
    addresses = Addresses(options.url, options.grpc, _certificates(options.ca), options.insecure)
    headers = read_headers(options.header, os.environ.get(VARIABLE, ""))
    _check(profile, addresses, headers, options)
    promise = slo.read(options.slo) if options.slo else slo.read()
    if troubles := without_a_limit(profile, promise):
        raise Misuse("\n".join(troubles))
    name = Path(options.profile).stem
    return Order(
        profile=profile,
        profile_name=name,
        promise=promise,
        addresses=addresses,
        headers=headers,
        model=options.model,
        out=options.out or OUT / name,
        pictures=_pictures(options.data),
        processes=options.workers,
        expected_workers=options.expect_workers,
        port=options.port,
        worker_wait_seconds=options.worker_wait,
        ready_wait_seconds=options.wait_ready,
        give_up_after_seconds=options.give_up_after,
        metrics_port=options.metrics_port,
        is_quiet=options.quiet,
        is_json=options.json,
    )


def _stored(path: Path | None, order: Order) -> Run | None:
    """Read what the run is to be compared with, and see that it can be, before there is any load."""
    if path is None:
        return None
    stored = read_run(path)
    model = order.model
    planned = Run(order.profile.model_dump(mode="json"), order.profile_name, {"model": model}, began_at="")
    if reasons := incomparable(stored, planned):
        raise Misuse("\n".join(f"{path} cannot be compared with: {reason}" for reason in reasons))
    return stored


def _check(profile: Profile, addresses: Addresses, headers: dict[str, str], options: Namespace) -> None:
    read_url(addresses.url)
    Access(None, addresses.is_insecure, headers)
    over_grpc = [stream.name for stream in profile.streams if stream.protocol == "grpc"]
    if over_grpc and not addresses.grpc:
        raise Misuse(f"{over_grpc[0]} of the profile asks over gRPC: where it is must be named by --grpc HOST:PORT")
    if addresses.grpc:
        read_grpc(addresses.grpc)
    nameless = [stream.name for stream in profile.streams if not stream.model]
    if nameless and not options.model:
        raise Misuse(f"{nameless[0]} of the profile names no model: it must be named by --model NAME")
    if options.workers > 1 and options.expect_workers:
        raise Misuse("--workers begins workers here, and --expect-workers waits for others: one of the two")
    if profile.change is not None:
        program = "helm" if profile.change.helm else profile.change.command[0]
        if shutil.which(program) is None:
            raise Misuse(f"the change begins with {program!r}, and there is no such command")
    _check_folder(options.out)


def _check_folder(out: Path | None) -> None:
    """Refuse what can be no folder, before anything is put on; that a disk may be full is for the end."""
    if out is None:
        return
    nearest = next(path for path in (out.absolute(), *out.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise Misuse(f"--out {out} cannot be a folder: {nearest} is a file")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise Misuse(f"--out {out} cannot be written to: {nearest} takes nothing from this user")


def _certificates(path: Path | None) -> bytes | None:
    content = _bytes(path)
    if content is not None and b"-----BEGIN CERTIFICATE-----" not in content:
        raise Misuse(f"{path} holds no certificate in PEM")
    return content


def _pictures(path: Path | None) -> bytes | None:
    """Read a file of rows as it is; one that holds none is refused here, by its name."""
    if path is not None:
        read_rows(path)
    return _bytes(path)


def _bytes(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as fault:
        raise Misuse(f"{path} cannot be read: {fault.strerror or fault}") from None


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"must be a whole number from 1, not {text!r}")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ArgumentTypeError(f"must be a port from 1 to 65535, not {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ArgumentTypeError(f"must be a number of seconds, not {text!r}")
    return seconds
