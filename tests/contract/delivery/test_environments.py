"""What stands in delivery/environments/ is taken by those who read it: the shell, the chart and the rollout."""

import subprocess
from pathlib import Path

import pytest
import yaml

from k8s.rollout.plan.read import read
from tests.helm import one, render
from tests.servers import ROOT

ENVIRONMENTS = sorted(ROOT.glob("delivery/environments/*/"))


def setting(environment: Path, name: str) -> str:
    script = f'. "{environment}/settings.sh" && printf %s "${{{name}:-}}"'
    return subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True).stdout


def test_those_that_can_be_deployed_to_are_those_that_there_are() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())
    offered = workflow[True]["workflow_dispatch"]["inputs"]["environment"]["options"]
    assert sorted(offered) == [environment.name for environment in ENVIRONMENTS]


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda environment: environment.name)
def test_the_chart_takes_the_values_and_names_its_objects_as_the_scripts_expect(environment: Path) -> None:
    for release in (setting(environment, "RELEASE") or setting(environment, "RELEASES")).split():
        manifests = render(
            files=[environment / "values.yaml"], release=release, api_versions=["monitoring.coreos.com/v1/PodMonitor"]
        )
        one(manifests, "Deployment", release if "ecluse" in release else f"{release}-ecluse")


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda environment: environment.name)
def test_a_canary_has_a_plan_that_can_be_read(environment: Path) -> None:
    plan = environment / "plan.yaml"
    assert plan.exists() is (setting(environment, "STRATEGY") == "canary")
    if plan.exists():
        assert read(plan).steps[0].percent <= 5


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "deploy: ENVIRONMENT is ''; it can be one of: production staging\n"),
        ({"ENVIRONMENT": "moon"}, "deploy: ENVIRONMENT is 'moon'; it can be one of: production staging\n"),
        (
            {"ENVIRONMENT": "staging", "STRATEGY": "yolo"},
            "deploy: STRATEGY is 'yolo'; it can be rolling or canary\n",
        ),
        (
            {"ENVIRONMENT": "staging", "KUBECTL": "no-kubectl"},
            "deploy: no-kubectl is not installed\n",
        ),
    ],
    ids=["none", "unknown", "no strategy", "no kubectl"],
)
def test_what_cannot_be_deployed_to_is_a_sentence(given: dict[str, str], said: str) -> None:
    done = subprocess.run(
        ["sh", "delivery/deploy.sh"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "PYTHON": str(ROOT / ".venv/bin/python"), "HELM": "helm", **given},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
