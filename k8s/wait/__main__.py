"""Put the parts together: `python -m k8s.wait inferenceservice/mnist --timeout 300`."""

import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing

from rich.console import Console

from k8s.api_server import ApiError, BadKubeconfig, connect
from k8s.wait.following import Time, follow
from k8s.wait.looking import Looker
from k8s.wait.options import Options, parse_options
from k8s.wait.outcome import Exit, Outcome
from k8s.wait.screen import on_screen
from k8s.wait.target import BadTarget, Target, parse_target
from k8s.wait.telling import JsonLines, Lines, Quiet, plainly

INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """Wait as the arguments say, and give the exit status."""
    options = parse_options(arguments)
    try:
        target = parse_target(options.target, options.namespace or "default")
        api, namespace = connect(options.kubeconfig, options.context)
    except (BadTarget, BadKubeconfig) as error:
        sys.stderr.write(f"error: {error}\n")
        return Exit.USAGE
    target = Target(target.kind, target.name, options.namespace or namespace)
    began = time.monotonic()
    with closing(api), _teller(target, options) as teller:
        try:
            clock = Time(time.monotonic, time.sleep)
            outcome = follow(target, Looker(api, target), teller, options.rules, options.timeout_seconds, clock)
        except ApiError as error:
            outcome = Outcome(Exit.INFRASTRUCTURE, str(error), time.monotonic() - began, reason="api_server")
        teller.ended(outcome)
    return outcome.exit


def _teller(target: Target, options: Options) -> AbstractContextManager[Quiet]:
    if options.json:
        return plainly(JsonLines(target))
    if options.quiet:
        return plainly(Quiet(target))
    console = Console()
    if console.is_terminal:
        return on_screen(target, console)
    return plainly(Lines(target))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
