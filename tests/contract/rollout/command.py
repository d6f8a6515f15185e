"""The command as a user has it: a process of its own, with a kubeconfig, a plan, and a folder for the report."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from k8s.rollout import lease
from k8s.rollout.__main__ import main
from k8s.rollout.lease import Sheet
from k8s.rollout.machine.phase import Phase
from tests.contract.rollout.fake_api_server import Answer, Asked, FakeApiServer, Object, listening
from tests.contract.rollout.fake_prometheus import FakePrometheus, answering
from tests.contract.rollout.made_up import release, roll_out, route, take_up

PLAN: Mapping[str, Any] = {
    "steps": [{"percent": 10, "windows": 1}, {"percent": 50, "windows": 1}],
    "gates": [{"measure": "error_ratio", "most": 0.01, "worse_by": 0.005}],
    "limits": {
        "settle_seconds": 0,
        "window_seconds": 1,
        "inconclusive_seconds": 30,
        "drain_seconds": 0.25,
        "verify_seconds": 0.5,
        "effective_seconds": 10,
        "ready_seconds": 20,
        "api_seconds": 5,
    },
}
LONGEST_SECONDS = 90.0
TARGET = "httproute/mnist"

METADATA = {
    "name": "mnist",
    "versions": ["1"],
    "platform": "tensorflow",
    "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}],
    "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 2]}],
}
ANSWER = {
    "model_name": "mnist",
    "outputs": [{"name": "y", "datatype": "FP32", "shape": [1, 2], "data": [0.25, 0.75]}],
}


def serve(asked: Asked) -> Answer:
    """Answer as a server behind the API server's proxy does."""
    path = asked.part.removeprefix("proxy")
    told: dict[str, Any] = {"/v2/health/ready": {}, "/v2/repository/index": [{"name": "mnist", "state": "READY"}]}
    told |= {"/v2/models/mnist": METADATA, "/v2/models/mnist/infer": ANSWER}
    return (200, told[path]) if path in told else (404, {"error": f"nothing is at {path}"})


@dataclass
class World:
    """A cluster, a Prometheus, and a place for files."""

    cluster: FakeApiServer
    prometheus: FakePrometheus
    address: str
    """Of Prometheus."""
    folder: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def end(self) -> None:
        """Leave no process behind."""
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.communicate()

    def start(self, *words: str, plan: Mapping[str, Any] = PLAN, target: str = TARGET) -> subprocess.Popen[str]:
        """Start the command that rolls out, or with a mode's word, what that word does."""
        file = self.folder / "plan.yaml"
        file.write_text(yaml.safe_dump(dict(plan)))
        is_beside = {"--status", "--abort", "--approve"} & set(words)
        rest = [] if is_beside else ["--plan", str(file), "--prometheus", self.address]
        return self.run_raw(target, *rest, "--out", str(self.folder / "report"), *words)

    def beside(self, *words: str) -> tuple[int, str, str]:
        """Do in this process what somebody does beside the command; give status, output and errors."""
        out, errors = io.StringIO(), io.StringIO()
        rest = ["--out", str(self.folder / "report"), "--kubeconfig", str(self.folder / "kubeconfig")]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
            status = main([TARGET, *words, *rest])
        return status, out.getvalue(), errors.getvalue()

    def run_raw(self, *words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "k8s.rollout", *words, "--kubeconfig", str(self.folder / "kubeconfig")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "GITHUB_STEP_SUMMARY": "", "PROMETHEUS_URL": ""},
        )
        self.processes.append(process)
        return process

    def sheet(self) -> Sheet | None:
        """What the Lease says."""
        name = lease.name_of(TARGET)
        with self.cluster._lock:  # noqa: SLF001
            found = [each for key, each in self.cluster.objects.items() if key[1] == "leases" and key[3] == name]
        return lease.read(found[0]) if found else None

    def when(self, phase: Phase, happens: Any, step: int | None = None) -> None:
        """Let something happen, once, as soon as a phase is written down, and before anything is done in it."""
        is_done = False

        def act(_: FakeApiServer, written: Object) -> None:
            nonlocal is_done
            notes = written["metadata"].get("annotations") or {}
            if is_done or written["kind"] != "Lease" or not notes.get(lease.STATE):
                return
            state = lease.read(written).state
            assert state is not None
            if state.phase is phase and step in (None, state.step):
                is_done = True
                happens()

        self.cluster.acts.append(act)

    def report(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.folder / "report" / "report.json").read_text())
        return told


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for the end, and give status, output and errors."""
    try:
        out, errors = process.communicate(timeout=LONGEST_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        out, errors = process.communicate()
        raise AssertionError(f"it did not end:\n{out}\n{errors}") from None
    assert "Traceback" not in errors, errors
    return process.returncode, out, errors


def made_up() -> FakeApiServer:
    """Two releases behind a route, of which blue has everything."""
    fake = FakeApiServer()
    release(fake, "blue")
    release(fake, "green")
    route(fake, "HTTPRoute")
    route(fake, "GRPCRoute")
    fake.acts += [take_up, roll_out]
    return fake


@contextmanager
def world(cluster: FakeApiServer, folder: Path) -> Iterator[World]:
    """Give a cluster that the command can reach, beside a Prometheus."""
    folder.mkdir(parents=True, exist_ok=True)
    cluster.behind = serve
    prometheus = FakePrometheus()
    with listening(cluster) as api, answering(prometheus) as address, contextlib.ExitStack() as stack:
        content = {
            "clusters": [{"name": "here", "cluster": {"server": api.address}}],
            "users": [{"name": "ci", "user": {"token": "a-token"}}],
            "contexts": [{"name": "it", "context": {"cluster": "here", "user": "ci", "namespace": "models"}}],
            "current-context": "it",
        }
        (folder / "kubeconfig").write_text(yaml.safe_dump(content))
        made = World(cluster, prometheus, address, folder)
        stack.callback(made.end)
        yield made
