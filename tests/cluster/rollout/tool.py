"""The tool as a person starts it: a process with the command line, which can be killed and started again."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.cluster.rollout.stage import ROUTE, Stage
from tests.cluster.waiting import NeverSeen, until
from tests.helm import REPOSITORY

STATE = "ecluse.example/rollout"
LEASE = f"ecluse-rollout-httproute-{ROUTE}"
LEASE_SECONDS = 3
PHASE_POLL_SECONDS = 0.1
END_SECONDS = 300

PLAN = Path(__file__).with_name("plan.yaml")


@dataclass
class Tool:
    """One process, and what it has said."""

    stage: Stage
    to: str
    prometheus: str
    out: Path
    plan: Path = PLAN
    more: Sequence[str] = ()
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> Self:
        """Begin, or go on after an end."""
        self.out.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "k8s.rollout", f"httproute/{ROUTE}", "--to", self.stage.service(self.to)]
        command += ["--namespace", self.stage.namespace.name, "--prometheus", self.prometheus, "--json"]
        command += ["--plan", str(self.plan), "--out", str(self.out), "--lease-seconds", str(LEASE_SECONDS), *self.more]
        with (self.out / "said.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=REPOSITORY, env=os.environ)
        return self

    def kill(self) -> None:
        """End it as a lost node would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def wait(self, seconds: float = END_SECONDS) -> int:
        """Wait for its end and give the exit status."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise NeverSeen(f"no end of the rollout within {seconds:g} s:\n{self.said()[-2000:]}") from None

    def said(self) -> str:
        return (self.out / "said.log").read_text()

    def report(self) -> dict[str, Any]:
        """What it left for machines."""
        found: dict[str, Any] = json.loads((self.out / "report.json").read_text())
        return found

    def state(self) -> dict[str, Any]:
        """What is written down of the rollout in the cluster; nothing where there is none."""
        leases = {each["metadata"]["name"]: each["metadata"] for each in self.stage.namespace.find("Lease")}
        text = (leases.get(LEASE, {}).get("annotations") or {}).get(STATE)
        return json.loads(text) if text else {}

    def phase(self) -> str:
        """Where it is; a lock without a state is the moment before the first one."""
        phase = self.state().get("phase")
        has_lock = any(each["metadata"]["name"] == LEASE for each in self.stage.namespace.find("Lease"))
        return str(phase or ("preflight" if has_lock else ""))

    def wait_for(self, *phases: str, percent: float | None = None, seconds: float = END_SECONDS) -> str:
        """Wait until it is in one of these phases, or has ended; give the phase."""

        def reached() -> str:
            state = self.state()
            is_there = state.get("phase") in phases and percent in (None, state.get("percent"))
            if not is_there and self.process.poll() is not None:
                raise NeverSeen(f"it ended with {self.process.returncode} before {phases}:\n{self.said()[-2000:]}")
            return str(state["phase"]) if is_there else ""

        deadline = time.monotonic() + seconds
        while not (phase := reached()):
            if time.monotonic() > deadline:
                raise NeverSeen(f"no {phases} within {seconds:g} s:\n{self.said()[-2000:]}")
            time.sleep(PHASE_POLL_SECONDS)
        return phase


def no_lock(stage: Stage) -> None:
    """Forget the rollouts before: their Lease would be gone on with, or told as another's."""
    stage.namespace.delete("Lease", LEASE)
    until(
        "no lock", lambda: all(each["metadata"]["name"] != LEASE for each in stage.namespace.find("Lease")), seconds=10
    )
