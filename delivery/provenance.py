"""Who built it, from which commit and how: `python3 -m delivery.provenance COMMIT >predicate.json`.

The predicate of SLSA's provenance, version 1, from the variables that GitHub gives each job. cosign binds it to a
digest and signs it with the job's own identity, which nobody on a laptop has; there, the builder is named as a laptop.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from os import environ
from typing import Any

ACTIONS = "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1"
LAPTOP = "urn:ecluse:laptop"


def predicate(given: Mapping[str, str], commit: str) -> dict[str, Any]:
    """Give the predicate for a job with these variables."""
    if given.get("GITHUB_ACTIONS") != "true":
        return {
            "buildDefinition": {
                "buildType": LAPTOP,
                "externalParameters": {},
                "resolvedDependencies": [{"uri": "git", "digest": {"gitCommit": commit}}],
            },
            "runDetails": {"builder": {"id": LAPTOP}},
        }
    source = f"{given['GITHUB_SERVER_URL']}/{given['GITHUB_REPOSITORY']}"
    # OWNER/REPOSITORY/.github/workflows/release.yml@refs/tags/v1.2.3
    path = given["GITHUB_WORKFLOW_REF"].partition("@")[0].split("/", 2)[2]
    return {
        "buildDefinition": {
            "buildType": ACTIONS,
            "externalParameters": {
                "workflow": {"ref": given["GITHUB_REF"], "repository": source, "path": path},
            },
            "internalParameters": {
                "github": {
                    "event_name": given["GITHUB_EVENT_NAME"],
                    "repository_id": given["GITHUB_REPOSITORY_ID"],
                    "repository_owner_id": given["GITHUB_REPOSITORY_OWNER_ID"],
                    "runner_environment": given["RUNNER_ENVIRONMENT"],
                },
            },
            "resolvedDependencies": [
                {"uri": f"git+{source}@{given['GITHUB_REF']}", "digest": {"gitCommit": commit}},
            ],
        },
        "runDetails": {
            "builder": {"id": f"{given['GITHUB_SERVER_URL']}/{given['GITHUB_WORKFLOW_REF']}"},
            "metadata": {
                "invocationId": "{}/actions/runs/{}/attempts/{}".format(
                    source, given["GITHUB_RUN_ID"], given["GITHUB_RUN_ATTEMPT"]
                ),
            },
        },
    }


def main(arguments: Sequence[str]) -> int:
    """Print the predicate, and give the exit status."""
    if len(arguments) != 1:
        sys.stderr.write("provenance: expected one commit\n")
        return 1
    try:
        said = predicate(environ, arguments[0])
    except KeyError as error:
        sys.stderr.write(f"provenance: GitHub's variable {error.args[0]} is not set\n")
        return 1
    sys.stdout.write(json.dumps(said, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
