"""What is tried: which version is rolled out, what happens meanwhile, and how it must end.

Each disturbance is a function of the running tool and what is around it, and
returns the exit status of the process that was the last.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.cluster.rollout.proxy import Proxy
from tests.cluster.rollout.stage import ROUTE, Stage
from tests.cluster.rollout.tool import Tool
from tests.cluster.rollout.versions import BAD, BY_NAME, GOOD, Version

PROMOTED, TAKEN_BACK, INFRASTRUCTURE = 0, 2, 4
ENDED = "ended"
EDITED_WEIGHTS = (70, 30)


@dataclass
class Around:
    """What a disturbance may take hold of."""

    stage: Stage
    tool: Tool
    proxy: Proxy
    told: list[str] = field(default_factory=list)
    """What a disturbance did, for the report."""


Disturb = Callable[[Around], int]


def nothing(around: Around) -> int:
    return around.tool.wait()


def killed_in_each_phase(around: Around) -> int:
    """End the process with SIGKILL once in each phase, and start it again by the same command."""
    tool, seen = around.tool, list[str]()
    while tool.process.poll() is None:
        phase = tool.phase()
        if phase and phase != ENDED and phase not in seen:
            tool.kill()
            seen.append(phase)
            if tool.phase() == ENDED:  # it was quicker than the signal
                break
            tool.start()
        time.sleep(0.05)
    around.told += seen
    return tool.wait()


def prometheus_away(around: Around) -> int:
    """Cut Prometheus off in the middle, and leave it so."""
    around.tool.wait_for("analysing", percent=50)
    around.proxy.cut()
    return around.tool.wait()


def prometheus_away_for_a_moment(around: Around) -> int:
    """Cut it off for less time than the plan bears with."""
    around.tool.wait_for("analysing", percent=10)
    around.proxy.cut()
    time.sleep(4)
    around.proxy.mend()
    return around.tool.wait()


def another_beside(around: Around) -> int:
    """Start the same rollout once more while it goes on."""
    tool = around.tool
    tool.wait_for("analysing", percent=10)
    other = Tool(tool.stage, tool.to, tool.prometheus, tool.out.with_name(tool.out.name + "-beside"), tool.plan)
    status = other.start().wait(60)
    around.told += [str(status), other.said().strip().splitlines()[-1]]
    return tool.wait()


def edited_by_hand(around: Around) -> int:
    """Write other weights into the HTTPRoute, as with `kubectl edit`."""
    around.tool.wait_for("analysing", percent=50)
    namespace = around.stage.namespace
    (rule, *rest) = namespace.get("HTTPRoute", ROUTE)["spec"]["rules"]
    for backend, weight in zip(rule["backendRefs"], EDITED_WEIGHTS, strict=True):
        backend["weight"] = weight
    namespace.patch("HTTPRoute", ROUTE, {"spec": {"rules": [rule, *rest]}})
    return around.tool.wait()


@dataclass(frozen=True)
class Case:
    """One rollout."""

    name: str
    title: str
    version: Version
    ends: int
    """The exit status that is expected."""
    disturb: Disturb = nothing
    has_labels: bool = False

    @property
    def is_promoted(self) -> bool:
        return self.ends == PROMOTED


LABELLED = ("good", "wrong")
"""Callers say what the digits were. One request of theirs has many rows, and would fail too often with `errors`."""

CASES = (
    Case("good", GOOD.title, GOOD, PROMOTED, has_labels=True),
    *(Case(bad.name, bad.title, bad, TAKEN_BACK, has_labels=bad.name in LABELLED) for bad in BAD),
    Case("killed", "killed in each phase", GOOD, PROMOTED, killed_in_each_phase),
    Case(
        "killed-back",
        "a bad version, killed in each phase",
        BY_NAME["wrong"],
        TAKEN_BACK,
        killed_in_each_phase,
        has_labels=True,
    ),
    Case("no-metrics", "Prometheus is taken away", GOOD, INFRASTRUCTURE, prometheus_away),
    Case("gap", "Prometheus is away for 4 s", GOOD, PROMOTED, prometheus_away_for_a_moment),
    Case("beside", "another rollout is started beside", GOOD, PROMOTED, another_beside),
    Case("edited", "somebody edits the route", GOOD, TAKEN_BACK, edited_by_hand),
)
BY_NAME_OF_CASE = {case.name: case for case in CASES}
QUICK = ("good", "errors", "killed-back")
"""What CI has the time for."""
