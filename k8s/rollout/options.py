"""The command line of `python -m k8s.rollout`."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

from k8s.rollout.backends.wishes import Wishes
from k8s.rollout.outcome import Exit
from k8s.rollout.target import BadTarget, parse_target

Mode = Literal["roll out", "dry run", "status", "abort", "approve"]

BACKENDS = ("auto", "gateway", "replicas", "kserve-canary", "kserve-knative")

DESCRIPTION = """\
Move traffic to a new version step by step, judged by Prometheus beside the version that has
it, and take it back where the new one is worse or nothing can be said of it."""

EPILOGUE = """\
exit status: 0 promoted, 1 usage, 2 taken back (by a gate, the canary's own trouble or a
person), 3 taken back because nothing could be concluded, 4 API server, Prometheus or another
process that holds the lock, 130 paused. --status, --abort, --approve and --dry-run end with 0
where they did what they were asked. All of it is in docs/rollout.md."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for."""

    mode: Mode
    target: str
    """KIND/NAME, or NAME."""
    wishes: Wishes
    namespace: str | None
    plan: Path | None
    slo: Path | None
    smoke: Path | None
    model: str
    smoke_key_file: Path | None
    prometheus: str
    prometheus_token_file: Path | None
    prometheus_password_file: Path | None
    prometheus_ca_file: Path | None
    kubeconfig: Path | None
    context: str | None
    json: bool
    quiet: bool
    out: Path | None
    interrupt_aborts: bool
    lease_seconds: float


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage()
        self.exit(Exit.USAGE, f"error: {message}\n")


def parse_options(arguments: Sequence[str]) -> Options:
    """Read the command line; leaves with status 1 where it makes no sense."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        target = parse_target(given.target)
    except BadTarget as error:
        parser.error(str(error))
    mode: Mode = next(
        (mode for mode in ("status", "abort", "approve") if getattr(given, mode)),
        "dry run" if given.dry_run else "roll out",
    )
    if given.plan is not None and mode in ("abort", "approve", "status"):
        parser.error(f"--{mode} goes by the plan that the rollout was begun with: leave --plan out")
    wishes = Wishes(
        backend=given.backend,
        to=given.to,
        grpc_route=given.grpc_route,
        storage_uri=given.storage_uri,
        canary_name=given.canary_name,
    )
    return Options(
        mode=mode,
        target=target,
        wishes=wishes,
        namespace=given.namespace,
        plan=given.plan,
        slo=given.slo,
        smoke=given.smoke,
        model=given.model,
        smoke_key_file=given.smoke_key_file,
        prometheus=given.prometheus,
        prometheus_token_file=given.prometheus_token_file,
        prometheus_password_file=given.prometheus_password_file,
        prometheus_ca_file=given.prometheus_ca_file,
        kubeconfig=given.kubeconfig,
        context=given.context,
        json=given.json,
        quiet=given.quiet,
        out=given.out,
        interrupt_aborts=given.on_interrupt == "abort",
        lease_seconds=given.lease_seconds,
    )


def _parser() -> _Parser:
    parser = _Parser(
        prog="python -m k8s.rollout",
        description=DESCRIPTION,
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "target", metavar="[KIND/]NAME", help="what shares the traffic: httproute/NAME, service/NAME (svc) or isvc/NAME"
    )
    what = parser.add_argument_group("what is rolled out")
    what.add_argument("--to", default="", metavar="NAME", help="who is to have the traffic: a Service or a Deployment")
    what.add_argument("--plan", type=Path, metavar="FILE", help="steps, pauses, gates and limits (YAML)")
    what.add_argument("--slo", type=Path, metavar="FILE", help="the promise that gates go by (monitoring/slo.yaml)")
    what.add_argument("--smoke", type=Path, metavar="FILE", help="a V2 request to try the canary with, as JSON")
    what.add_argument("--model", default="", metavar="NAME", help="whom it asks for; else the only one there is")
    what.add_argument("--smoke-key-file", type=Path, metavar="FILE", help="holds the key that the server asks for")
    what.add_argument("--backend", choices=BACKENDS, default="auto", help="how traffic is shared (auto)")
    what.add_argument("--grpc-route", default="", metavar="NAME", help="where it is not called as the HTTPRoute")
    what.add_argument("--storage-uri", default="", metavar="URI", help="KServe: of the new model")
    what.add_argument("--canary-name", default="", metavar="NAME", help="KServe: of the new version")
    where = parser.add_argument_group("where")
    where.add_argument(
        "--prometheus",
        default=os.environ.get("PROMETHEUS_URL", ""),
        metavar="URL",
        help="that judges it; else $PROMETHEUS_URL",
    )
    where.add_argument("--prometheus-token-file", type=Path, metavar="FILE", help="holds a bearer token")
    where.add_argument("--prometheus-password-file", type=Path, metavar="FILE", help="holds USER:PASSWORD")
    where.add_argument("--prometheus-ca-file", type=Path, metavar="FILE", help="that signed its certificate (PEM)")
    where.add_argument("-n", "--namespace", help="else the namespace of the kubeconfig's context")
    where.add_argument("--kubeconfig", type=Path, help="else $KUBECONFIG, ~/.kube/config, or the pod's own account")
    where.add_argument("--context", help="of the kubeconfig; else its current one")
    modes = parser.add_argument_group("instead of rolling out").add_mutually_exclusive_group()
    modes.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")
    modes.add_argument("--status", action="store_true", help="say how far a rollout is")
    modes.add_argument("--abort", action="store_true", help="take traffic back, wherever the rollout runs")
    modes.add_argument("--approve", action="store_true", help="let a step that waits for approval go on")
    how = parser.add_argument_group("how")
    how.add_argument(
        "--on-interrupt",
        choices=("pause", "abort"),
        default="pause",
        help="what Ctrl-C does (pause: traffic stays, the same command goes on); a second one aborts",
    )
    how.add_argument("--out", type=Path, metavar="DIR", help="where reports go (build/rollout/NAME)")
    how.add_argument("--json", action="store_true", help="one JSON object a line")
    how.add_argument("--quiet", action="store_true", help="say nothing but how it ended, if it ended badly")
    how.add_argument(
        "--lease-seconds",
        type=_lease_seconds,
        default=30.0,
        metavar="N",
        help="after so long a silence another process may take over (30)",
    )
    return parser


def _lease_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number of seconds, got {text!r}") from None
    if not 1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"expected a number of seconds from 1 to 3600, got {text!r}")
    return seconds
