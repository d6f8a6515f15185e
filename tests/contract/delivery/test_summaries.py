"""Each workflow's last job is the one that branch protection, or a person, looks at: whatever failed fails it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.contract.delivery.workflow import Workplace
from tests.servers import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SUMMARIES = {
    "change": "every",
    "cluster": "clusters",
    "deploy": "deployment",
    "load": "load",
    "locks": "locks",
    "release": "release",
}


def read(workflow: Path) -> dict[str, Any]:
    # YAML takes the key `on` for a truth.
    loaded: dict[Any, Any] = yaml.safe_load(workflow.read_text())
    return {"on" if key is True else str(key): value for key, value in loaded.items()}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda workflow: workflow.stem)
def test_a_workflow_has_no_rights_of_its_own_and_ends_in_time(workflow: Path) -> None:
    read_in = read(workflow)
    assert read_in["permissions"] == {}
    assert "group" in read_in["concurrency"]
    for name, job in read_in["jobs"].items():
        assert "permissions" in job, name
        assert "uses" in job or job["timeout-minutes"] <= 350, name


def test_what_a_change_needs_is_every_workflow_that_checks() -> None:
    called = {workflow.stem for workflow in WORKFLOWS if "workflow_call" in read(workflow)["on"]}
    jobs = read(ROOT / ".github/workflows/change.yml")["jobs"]
    assert {name for name, job in jobs.items() if "uses" in job} == called
    assert set(jobs["every"]["needs"]) == called


@pytest.mark.parametrize(("workflow", "summary"), SUMMARIES.items())
def test_the_last_job_waits_for_all_others(workflow: str, summary: str) -> None:
    jobs = read(ROOT / ".github/workflows" / f"{workflow}.yml")["jobs"]
    after = {name for name, job in jobs.items() if summary in job.get("needs", ())}
    assert set(jobs[summary]["needs"]) == set(jobs) - {summary} - after
    assert jobs[summary]["if"] == "${{ always() }}"


def with_jobs_that(workplace: Workplace, workflow: str, failing: str) -> None:
    """Put a step that passes in place of what each job but the last ones does, and one that fails in one of them.

    What they do is tried by others; a called workflow that fails would end act there and then.
    """
    file = workplace.clone / ".github" / "workflows" / f"{workflow}.yml"
    loaded = read(file)
    for name, job in loaded["jobs"].items():
        if name not in {SUMMARIES[workflow], "staging"}:
            kept = {key: job[key] for key in ("if", "needs") if key in job}
            loaded["jobs"][name] = kept | {
                "runs-on": "ubuntu-24.04",
                "steps": [{"run": "false" if name == failing else "true"}],
            }
    file.write_text(yaml.safe_dump(loaded))
    workplace.commit()


@pytest.mark.parametrize("failing", ["", "chart"])
def test_a_check_that_fails_fails_the_required_job_and_asks_for_no_deployment(
    failing: str, workplace: Workplace
) -> None:
    with_jobs_that(workplace, "change", failing)
    ran = workplace.run("change", "push", variables={"STAGING": "true"})
    assert ran.jobs["every"] is (not failing), ran.said
    asked = "gh workflow run deploy.yml --ref main --field environment=staging"
    assert (asked in workplace.told()) is (not failing)


@pytest.mark.parametrize(
    ("workflow", "event", "failing"),
    [
        ("cluster", "workflow_dispatch", "image"),
        ("load", "schedule", ""),
    ],
)
def test_a_job_that_fails_fails_the_last_one(workflow: str, event: str, failing: str, workplace: Workplace) -> None:
    with_jobs_that(workplace, workflow, failing)
    ran = workplace.run(workflow, event)
    assert ran.jobs[SUMMARIES[workflow]] is (not failing), ran.said
