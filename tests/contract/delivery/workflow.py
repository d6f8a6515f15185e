"""Runs a workflow of this repository in a throw-away clone, by act, with the workflow's own steps.

Steps run on this machine as they stand in the files; actions that would be fetched, and programs that would leave the
machine, are stand-ins. Artifacts are handed from job to job through a folder, and each job has a clone of its own.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.contract.delivery import standins
from tests.servers import ROOT

ACT = ROOT / ".venv" / "bin" / "act"
USES = re.compile(r"uses: ([\w.-]+/[\w.-]+)(/[\w./-]+)?@([0-9a-f]{40})")
COPIED = (
    *(".ci", ".github", ".gitignore", ".python-version", "CHANGELOG.md", "LICENSE", "Makefile", "delivery", "helm"),
    *("requirements/*.lock", "requirements/*.sh", "serving/__init__.py", "serving/*.sh", "serving/Dockerfile"),
    *("loadtests/Dockerfile", "k8s/*.py", "k8s/rollout", "k8s/Dockerfile", "docs/examples", "tests/helm.py"),
)
"""What the steps use. Each job has a copy of its own, so that all of it would cost minutes."""


@dataclass(frozen=True)
class Ran:
    """How a workflow ended."""

    jobs: Mapping[str, bool]
    """Which were run, by their names in the file, and whether they succeeded; a skipped one is not here."""
    said: str
    """What the steps printed, each line after its job's name."""


class Workplace:
    """A clone at a version of its own, and the stand-ins around it."""

    def __init__(self, folder: Path) -> None:
        self.clone = folder / "clone"
        self.standins = folder / "standins"
        standins.put(self.standins)
        (self.standins / "told").touch()
        self._home = folder / "home"
        self._copy()

    def _copy(self) -> None:
        named = self._git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *COPIED)
        for name in filter(None, named.split("\0")):
            source, target = ROOT / name, self.clone / name
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        self._git(self.clone, "init", "--quiet", "--initial-branch=main")
        self._git(self.clone, "remote", "add", "origin", "https://github.com/Owner/Ecluse.git")

    def commit(self) -> None:
        self._git(self.clone, "add", "--all")
        self._git(
            self.clone, "-c", "user.name=n", "-c", "user.email=n@e", "commit", "--quiet", "--allow-empty", "-m", "x"
        )

    @property
    def head(self) -> str:
        return self._git(self.clone, "rev-parse", "HEAD").strip()

    @staticmethod
    def _git(folder: Path, *words: str) -> str:
        return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout

    def told(self) -> list[str]:
        """Give how the stand-ins were called, in order."""
        return (self.standins / "told").read_text().splitlines()

    def fail(self, pattern: str) -> None:
        """Have each call that matches fail."""
        (self.standins / "fails").write_text(f"{pattern}\n")

    def run(
        self,
        workflow: str,
        event: str,
        *,
        ref: str = "refs/heads/main",
        inputs: Mapping[str, str] = {},
        secrets: Mapping[str, str] = {},
        variables: Mapping[str, str] = {},
        job: str = "",
    ) -> Ran:
        """Run a workflow, or one job with all that it needs, and wait for its end."""
        payload = self.standins / "event.json"
        payload.write_text(json.dumps({"ref": ref, "inputs": dict(inputs)}))
        command: list[str | Path] = [ACT, event, "--workflows", f".github/workflows/{workflow}.yml"]
        command += ["--eventpath", payload, "--no-cache-server", "--json", "--container-daemon-socket", "-"]
        for runner in ("ubuntu-24.04", "ubuntu-24.04-arm"):
            command += ["--platform", f"{runner}=-self-hosted"]
        for action, _, commit in set(USES.findall(self._workflows())):
            if (self.standins / "actions" / action).exists():
                command += ["--local-repository", f"{action}@{commit}={self.standins / 'actions' / action}"]
        for name, value in {"GITHUB_TOKEN": "token", **secrets}.items():
            command += ["--secret", f"{name}={value}"]
        for name, value in variables.items():
            command += ["--var", f"{name}={value}"]
        # What GitHub gives each job and act does not.
        given = {
            "GITHUB_WORKFLOW_REF": f"Owner/Ecluse/.github/workflows/{workflow}.yml@{ref}",
            "GITHUB_REPOSITORY_ID": "1",
            "GITHUB_REPOSITORY_OWNER_ID": "2",
            "RUNNER_ENVIRONMENT": "github-hosted",
        }
        for name, value in given.items():
            command += ["--env", f"{name}={value}"]
        if job:
            command += ["--job", job]
        environment = {name: value for name, value in os.environ.items() if name not in {"CI", "KUBECONFIG", "HELM"}}
        environment |= standins.environment(self.standins) | {
            "HOME": str(self._home),
            "XDG_CACHE_HOME": str(self._home / "cache"),
            "PATH": f"{self.standins / 'programs'}:{os.environ['PATH']}",
        }
        self._home.mkdir(exist_ok=True)
        done = subprocess.run(
            command, cwd=self.clone, env=environment, capture_output=True, text=True, check=False, timeout=100
        )
        return self._ended(done.stdout + done.stderr)

    def _workflows(self) -> str:
        return "".join(file.read_text() for file in (self.clone / ".github" / "workflows").glob("*.yml"))

    @staticmethod
    def _ended(output: str) -> Ran:
        jobs: dict[str, bool] = {}
        said = []
        for line in output.splitlines():
            entry = json.loads(line) if line.startswith("{") else {"msg": line, "level": "error"}
            if "jobResult" in entry:
                name = entry["jobID"]
                jobs[name] = jobs.get(name, True) and entry["jobResult"] == "success"
            if entry.get("raw_output") or entry["level"] == "error" or entry.get("stepResult") == "failure":
                said.append(f"{entry.get('jobID', 'act')}: {entry['msg'].rstrip()}")
        return Ran(jobs, "\n".join(said))
