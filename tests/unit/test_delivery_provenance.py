"""Who built it is told from GitHub's own variables, and a laptop is called one."""

import pytest

from delivery.provenance import LAPTOP, predicate

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "o/r",
    "GITHUB_REPOSITORY_ID": "1",
    "GITHUB_REPOSITORY_OWNER_ID": "2",
    "GITHUB_WORKFLOW_REF": "o/r/.github/workflows/release.yml@refs/tags/v1.2.3",
    "GITHUB_REF": "refs/tags/v1.2.3",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_RUN_ID": "7",
    "GITHUB_RUN_ATTEMPT": "2",
    "RUNNER_ENVIRONMENT": "github-hosted",
}


def test_a_release_names_its_commit_its_workflow_and_its_run() -> None:
    said = predicate(GITHUB, "c0ffee")
    workflow = said["buildDefinition"]["externalParameters"]["workflow"]
    assert workflow == {
        "ref": "refs/tags/v1.2.3",
        "repository": "https://github.com/o/r",
        "path": ".github/workflows/release.yml",
    }
    assert said["buildDefinition"]["resolvedDependencies"] == [
        {"uri": "git+https://github.com/o/r@refs/tags/v1.2.3", "digest": {"gitCommit": "c0ffee"}}
    ]
    assert said["runDetails"] == {
        "builder": {"id": "https://github.com/o/r/.github/workflows/release.yml@refs/tags/v1.2.3"},
        "metadata": {"invocationId": "https://github.com/o/r/actions/runs/7/attempts/2"},
    }


def test_a_laptop_passes_for_nothing_else() -> None:
    said = predicate({"GITHUB_REPOSITORY": "o/r"}, "c0ffee")
    assert said["runDetails"]["builder"]["id"] == LAPTOP
    assert said["buildDefinition"]["buildType"] == LAPTOP


def test_a_variable_that_is_missing_is_no_guess() -> None:
    with pytest.raises(KeyError, match="GITHUB_RUN_ID"):
        predicate({name: value for name, value in GITHUB.items() if name != "GITHUB_RUN_ID"}, "c0ffee")
