"""The command line of `python -m k8s.wait`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from k8s.wait.outcome import Exit
from k8s.wait.verdict import Rules

USUAL = Rules()

DESCRIPTION = """\
Follow a rollout until every pod of the new version serves and the last of the old is gone,
or until it has failed for a reason, which is told in one sentence."""

EPILOGUE = """\
exit status: 0 rolled out, 1 usage, 2 failed for a reason, 3 timeout, 4 the API server
cannot be reached or a right is missing. All of it is in docs/waiting.md."""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for."""

    target: str
    namespace: str | None
    timeout_seconds: float
    rules: Rules
    kubeconfig: Path | None
    context: str | None
    json: bool
    quiet: bool


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage()
        self.exit(Exit.USAGE, f"error: {message}\n")


def parse_options(arguments: Sequence[str]) -> Options:
    """Read the command line; leaves with status 1 where it makes no sense."""
    parser = _Parser(
        prog="python -m k8s.wait",
        description=DESCRIPTION,
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("target", metavar="KIND/NAME", help="inferenceservice/NAME (isvc) or deployment/NAME (deploy)")
    parser.add_argument("-n", "--namespace", help="where it is; else the namespace of the kubeconfig's context")
    parser.add_argument("--timeout", type=_seconds, default=600.0, help="seconds to wait at most (600)")
    parser.add_argument(
        "--grace",
        type=_seconds,
        default=USUAL.grace_seconds,
        help="seconds that a reason only a person can mend may last before waiting is given up (30)",
    )
    parser.add_argument(
        "--patience",
        type=_seconds,
        default=USUAL.patience_seconds,
        help="the same for a reason that may pass by itself: no room, a quota, a registry that is away (120)",
    )
    parser.add_argument("--fail-fast", action="store_true", help="--grace 0")
    parser.add_argument(
        "--steady",
        type=_seconds,
        default=USUAL.steady_seconds,
        help="seconds for which all pods must stay ready before it counts (2): more where there is no readiness probe",
    )
    parser.add_argument("--ignore-terminating", action="store_true", help="do not wait for old pods that are leaving")
    parser.add_argument("--allow-zero", action="store_true", help="a Deployment scaled to zero counts as rolled out")
    parser.add_argument("--kubeconfig", type=Path, help="else $KUBECONFIG, ~/.kube/config, or the pod's own account")
    parser.add_argument("--context", help="of the kubeconfig; else its current one")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--quiet", action="store_true", help="say nothing but why it failed")
    given = parser.parse_args(arguments)
    rules = Rules(
        grace_seconds=0.0 if given.fail_fast else given.grace,
        patience_seconds=given.patience,
        steady_seconds=given.steady,
        with_old_pods=not given.ignore_terminating,
        zero_is_fine=given.allow_zero,
    )
    return Options(
        target=given.target,
        namespace=given.namespace,
        timeout_seconds=given.timeout,
        rules=rules,
        kubeconfig=given.kubeconfig,
        context=given.context,
        json=given.json,
        quiet=given.quiet,
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text.removesuffix("s"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a number of seconds, got {text!r}") from None
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number of seconds of at least 0, got {text!r}")
    return seconds
