"""Every command of docs/operate.md does what the page says, in the order in which it stands there.

The page's blocks are run as they are but for a few names, in one table: which
image, how small, which namespace and which Prometheus. Variables of one block are
known to the next, as in a person's shell.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.api import Api, Object
from tests.cluster.conftest import not_here
from tests.cluster.gateways import open_gateway
from tests.cluster.namespaces import Namespace, Namespaces
from tests.cluster.page_blocks import Block, blocks
from tests.cluster.prometheus import Prometheus
from tests.cluster.releases import SMALL, merged
from tests.cluster.two_versions import QUICK, QUICK_PLAN, both_are_seen, routes
from tests.cluster.waiting import until
from tests.helm import REPOSITORY, program

PAGE = REPOSITORY / "docs/operate.md"
BLOCKS = blocks(PAGE)
NOT_RUN = 4
"""Blocks that nobody can run here; each says why."""
BLOCK_SECONDS = 150


@dataclass
class Shell:
    """A person's terminal in a folder that looks like the repository, with one namespace as the default."""

    folder: Path
    names: Mapping[str, str]
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, text: str) -> str:
        for name, put in self.names.items():
            text = text.replace(name, put)
        after = self.folder / "variables"
        script = f"set -euo pipefail; set -a\n{text}\nenv -0 > {after}\n"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.variables,
            capture_output=True,
            text=True,
            timeout=BLOCK_SECONDS,
            check=False,
        )
        told = done.stdout + done.stderr
        assert done.returncode == 0, f"status {done.returncode} of\n{text}\nwhich said\n{told}"
        self.variables = dict(entry.split("=", 1) for entry in after.read_text().split("\0") if entry)
        return told


@pytest.fixture(scope="module")
def own(namespaces: Namespaces) -> Iterator[Namespace]:
    with namespaces.new("operate") as namespace:
        yield namespace


@pytest.fixture(scope="module")
def shell(
    cluster: Api,
    own: Namespace,
    image: Mapping[str, Any],
    other_image: Mapping[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Shell:
    folder = tmp_path_factory.mktemp("operate")
    for each in (".venv", "helm", "docs", "monitoring", "k8s", "model", "serving"):
        (folder / each).symlink_to(REPOSITORY / each)
    (folder / "bin").mkdir()
    for each in ("helm", "kubectl"):
        (folder / "bin" / each).symlink_to(program(each))
    (folder / "kubeconfig").write_text(yaml.safe_dump(in_namespace(own.name)))
    small = merged(merged(SMALL, image), QUICK)
    (folder / "small.yaml").write_text(yaml.safe_dump(small))
    (folder / "alone.yaml").write_text("replicas: 1\n")
    (folder / "plan.yaml").write_text(yaml.safe_dump(dict(QUICK_PLAN)))
    (folder / "routes.yaml").write_text(routes(cluster))
    new = other_image["image"]["tag"]
    names = {
        # What is installed small stays so: later upgrades keep its values.
        "install ecluse helm/ecluse": "install ecluse helm/ecluse -f small.yaml",
        "install blue helm/ecluse": "install blue helm/ecluse -f small.yaml",
        "install green helm/ecluse": "install green helm/ecluse -f small.yaml",
        "values-blue.yaml": "values-blue.yaml -f alone.yaml",
        "values-green.yaml": f"values-green.yaml -f alone.yaml --set image.tag={new}",
        "image.tag=demo-2": f"image.tag={new}",
        "k8s/examples/rollout/plan.yaml": "plan.yaml",
        "k8s/examples/rollout/routes.yaml": "routes.yaml",
        "ecluse.default.svc": f"ecluse.{own.name}.svc",
        "namespaces/default/": f"namespaces/{own.name}/",
        "namespace%3D%22default%22": f"namespace%3D%22{own.name}%22",
        "http://127.0.0.1:9090": os.environ.get("ECLUSE_PROMETHEUS", "http://127.0.0.1:30090"),
    }
    variables = {**os.environ, "KUBECONFIG": str(folder / "kubeconfig"), "PATH": f"{folder}/bin:{os.environ['PATH']}"}
    return Shell(folder, names, variables)


def in_namespace(namespace: str) -> Object:
    """The kubeconfig of these tests, with another default."""
    config: Object = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    for context in config["contexts"]:
        context["context"]["namespace"] = namespace
    return config


def tells_alerts(prometheus: Prometheus, namespace: Namespace) -> bool:
    """Whether it has read the release's rules, and not only what it was nudged with."""
    return any(group["name"].startswith("ecluse-") for group in prometheus.groups(namespace.name))


def test_what_is_not_run_has_a_reason_and_is_little() -> None:
    reasons = [block.not_run for block in BLOCKS if block.not_run]
    assert len(reasons) == NOT_RUN
    assert all(len(reason.split()) > 4 for reason in reasons)


def test_every_section_that_an_operator_looks_for_has_commands_that_are_run() -> None:
    run = {block.heading for block in BLOCKS if not block.not_run and not block.file}
    assert run >= {"Install", "Upgrade", "Roll back", "Roll out", "Scale", "Rotate keys", "Callers' keys"}
    assert run >= {"The certificate", "Read the dashboards", "The first five minutes of an incident"}


@pytest.mark.timeout(BLOCK_SECONDS + 60)
@pytest.mark.parametrize("block", [block for block in BLOCKS if not block.not_run], ids=str)
def test_a_block_does_what_it_says(
    block: Block, shell: Shell, own: Namespace, cluster: Api, request: pytest.FixtureRequest
) -> None:
    if block.file:
        (shell.folder / block.file).write_text(block.text)
        return
    if "gateway" in block.needs and open_gateway(cluster) is None:
        not_here("no gateway: the cluster has none that is open to every namespace", "gateway")
    if "prometheus" in block.needs:
        prometheus = request.getfixturevalue("prometheus")
        if "k8s.rollout" in block.text:
            prometheus.until("both versions", lambda: both_are_seen(prometheus, own) or None, own)
        if "rules?type=alert" in block.text:
            prometheus.until("the alerts", lambda: tells_alerts(prometheus, own) or None, own)
    told = shell.run(block.text)
    if "--dry-run" in block.text and "k8s.rollout" in block.text:
        assert "green-ecluse" in told
        assert "promoted" in told
    if "proxy/v2/models" in block.text:
        assert '"outputs"' in told


def test_the_namespace_is_left_with_nothing_of_the_release(shell: Shell, own: Namespace) -> None:
    """The last block has taken it away."""
    until("the end of the release", lambda: not own.find("Deployment", "app.kubernetes.io/instance=ecluse"), seconds=60)
