"""One run: callers at constant arrivals, and fault upon fault meanwhile.

Leaves everything that was seen in a folder. Judges nothing itself (`verdict.py`).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from loadtests.measure.run import Run
from loadtests.verdict.result import Verdict
from tests.cluster import images
from tests.cluster.namespaces import Namespace
from tests.cluster.releases import SMALL, Release, merged
from tests.cluster.rolling.faults import Fault
from tests.cluster.rolling.installation import Installation
from tests.cluster.rolling.library import Library
from tests.cluster.rolling.load import CALM_SECONDS, load, seen
from tests.cluster.rolling.pod_watch import PodWatch
from tests.cluster.rolling.timeline import PodCount
from tests.cluster.rolling.verdict import Mark
from tests.cluster.waiting import NeverSeen

RECONNECT_SECONDS = 2.0
"""Twice what a gRPC channel waits after a refused connection; a fault is not over before."""

AT_FIRST = "first"
FIRST = 1
"""The folder and the version that are served to begin with."""

NO_DRAIN: Mapping[str, Any] = {"drain": {"preStopSeconds": 0, "lameDuckSeconds": 0, "timeoutSeconds": 0.1}}
"""A server that leaves as most do: at once."""


@dataclass(frozen=True)
class Plan:
    """What to do."""

    mode: str
    image: str
    other_image: str
    faults: Sequence[Fault]
    replicas: int = 3
    rate: float = 150.0
    least_requests: int = 0
    """Callers go on after the last fault until there were so many."""
    has_drain: bool = True
    values: Mapping[str, Any] = field(default_factory=dict)
    """Of the chart, on top of all others."""

    def chart_values(self, source: Mapping[str, Any]) -> dict[str, Any]:
        """Give the values to begin with, for a model that comes from there."""
        name = {"model": {"name": "mnist"}, "replicas": self.replicas}
        drain = {} if self.has_drain else NO_DRAIN
        values: dict[str, Any] = dict(SMALL)
        for more in (images.values(self.image), name, source, drain, self.values):
            values = merged(values, more)
        return values


@dataclass(frozen=True)
class Seen:
    """What was seen."""

    plan: Plan
    load: Run
    load_verdict: Verdict
    marks: list[Mark]
    pods: list[PodCount]
    """Their times, as those of marks, are seconds of the run."""
    restarts: int
    blind_seconds: float
    """The longest time for which nobody looked at the pods."""
    troubles: list[str]
    """Faults that never settled, in a sentence."""


def run(plan: Plan, namespace: Namespace, folder: Path, *, name: str = "rolling") -> Seen:
    """Install, do all of the plan under load, and take away what was installed."""
    folder.mkdir(parents=True, exist_ok=True)
    with Library(namespace, plan.image).open() as library:
        library.put(f"{AT_FIRST}/{FIRST}")
        values = plan.chart_values(library.values(plan.mode, AT_FIRST))
        release = Release(namespace, values, name=name, mode=plan.mode)
        release.install()
        try:
            release.wait_until_settled()
            with PodWatch(namespace, release.selector) as pods:
                installation = Installation(release, library, pods, images.values(plan.other_image), AT_FIRST, FIRST)
                installation.settle()
                say(f"{plan.replicas} pods of mode {plan.mode} are ready at {release.addresses.rest}")
                with load(release.addresses, plan.rate, folder):
                    marks, troubles = _fail(plan, installation)
                return _seen(plan, folder, marks, pods, troubles)
        finally:
            release.uninstall()


def _seen(plan: Plan, folder: Path, marks: Sequence[Mark], pods: PodWatch, troubles: list[str]) -> Seen:
    """Put what was seen here on the load test's axis of time."""
    run, verdict = seen(folder)
    began = datetime.fromisoformat(run.began_at).timestamp() - time.time() + time.monotonic()
    return Seen(
        plan,
        run,
        verdict,
        [replace(mark, began=mark.began - began, ended=mark.ended - began) for mark in marks],
        [count._replace(at=count.at - began) for count in pods.counts],
        pods.restarts,
        pods.blind_seconds,
        troubles,
    )


def _fail(plan: Plan, installation: Installation) -> tuple[list[Mark], list[str]]:
    """Let one fault happen after the other, until there were enough requests. Gives times of the monotonic clock."""
    began = time.monotonic()
    marks: list[Mark] = []
    for fault in plan.faults:
        start, version = time.monotonic(), installation.version
        say(f"{start - began:5.0f} s: {fault.title}")
        try:
            fault.happen(installation)
        except NeverSeen as never:
            return marks, [f"{fault.name}: {never}"]
        # A gRPC channel whose pod went without a word tries again after a second: what it loses is this fault's.
        time.sleep(RECONNECT_SECONDS)
        installation.pods.look()  # what settled is now seen
        ended = time.monotonic()
        new_pods = installation.pods.came_up_since(start)
        versions = (str(version), str(installation.version)) if fault.changes_version else ()
        marks.append(Mark(fault.name, start, ended, new_pods, fault.new_pods(plan.replicas), versions))
        time.sleep(CALM_SECONDS)
    missing = plan.least_requests - plan.rate * (time.monotonic() - began)
    if missing > 0:
        say(f"{missing / plan.rate:.0f} s more of calm, for {plan.least_requests:,} requests")
        time.sleep(missing / plan.rate)
    return marks, []


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - somebody waits for minutes
