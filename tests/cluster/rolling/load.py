"""The load of a run: the profile `rolling-update`, put on by the product's own load test.

    with load(addresses, 125, folder) as begun: ...

The change of the profile lasts as long as the block does, and what happens in the
block is the change. The load test is a process of its own, so that nothing that
watches the cluster takes its processor in the middle of a request; what it saw is
in the folder afterwards.
"""

import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from loadtests.measure.run import Run
from loadtests.report import run_file
from loadtests.verdict.result import Verdict
from tests.cluster.callers import Addresses
from tests.cluster.waiting import NeverSeen, until
from tests.helm import REPOSITORY

CALM_SECONDS = 8
"""Before the first change, after the last one and between two: what is compared with."""
PATIENCE_SECONDS = 30
"""Whoever has waited so long has lost the request."""
LATE_SECONDS = 1.0
"""A generator of whose requests one in a hundred is later than this measures itself. Pods that start beside it take its
processor for shorter times, and a request that is late is lost as well as one that is not."""
MOST_SECONDS = 900
BEGIN_SECONDS = 60
END_SECONDS = 90

LOSSES = "[deadline, server, client, connection, timeout, wrong, dropped, shed]"
OVERRIDES = (
    f"timeout_seconds={PATIENCE_SECONDS}",
    "phases.warm-up.seconds=3",
    f"phases.before.seconds={CALM_SECONDS}",
    "phases.during.seconds=1",
    f"phases.after.seconds={CALM_SECONDS}",
    "change.settle_seconds=1",
    f"change.most_seconds={MOST_SECONDS}",
    f"generator.lag_p99_seconds={LATE_SECONDS}",
    # Servers and generator have two cores between them here; how late that made it is what is judged.
    "generator.busy_ratio=1",
    # How slow a service gets that goes down to one pod is not what is proved here.
    f"gates=[{{measure: error_ratio, of: {LOSSES}, most: 0}}, {{measure: accuracy, promised: true}}]",
)


@contextmanager
def load(addresses: Addresses, rate: float, folder: Path, headers: Sequence[str] = ()) -> Iterator[None]:
    """Have callers ask for as long as the block lasts and a while before and after, and hear their last answers."""
    begun, over = folder / "begun", folder / "over"
    for file in (begun, over):
        file.unlink(missing_ok=True)
    change = f"touch {shlex.quote(str(begun))}; until [ -e {shlex.quote(str(over))} ]; do sleep 0.2; done"
    command = [sys.executable, "-m", "loadtests", "run", "--profile", "rolling-update", "--out", str(folder / "load")]
    command += ["--url", f"http://{addresses.rest}", "--grpc", addresses.grpc, "--model", addresses.model]
    command += [word for header in headers for word in ("--header", header)]
    command += ["--change", shlex.join(["sh", "-c", change]), "--set", f"rate={rate}"]
    command += [word for override in OVERRIDES for word in ("--set", override)]
    with (
        (folder / "load.log").open("w") as log,
        subprocess.Popen(command, stdout=log, stderr=log, cwd=REPOSITORY) as it,
    ):
        try:
            until("callers", lambda: begun.exists() or it.poll() is not None, seconds=BEGIN_SECONDS)
            if it.poll() is not None:
                raise NeverSeen(f"the callers did not begin:\n{(folder / 'load.log').read_text()}")
            yield
        finally:
            over.touch()
            it.wait(END_SECONDS)


def seen(folder: Path) -> tuple[Run, Verdict]:
    """Give what the load test kept of it, and how it judged."""
    return run_file.read(run_file.find(folder / "load"))
