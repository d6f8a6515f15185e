"""What a workflow runs is a make target, and what the page of the delivery line tells to type is there."""

import re
from collections.abc import Iterator

import pytest
import yaml

from tests.servers import ROOT

TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
NOT_MAKE = (
    "sudo ",  # what Debian has and a laptop's owner has installed
    "rm -rf build/load/main ",  # what GitHub keeps from run to run
    "mkdir -p build && git diff ",  # what one job hands to another
    "UV_EXCLUDE_NEWER=",
    "test ",
    "case ",
)


def steps() -> Iterator[tuple[str, str]]:
    for file in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        for job in yaml.safe_load(file.read_text())["jobs"].values():
            for step in job.get("steps", ()):
                if "run" in step:
                    yield file.stem, step["run"]


@pytest.mark.parametrize(("workflow", "command"), list(steps()))
def test_a_step_is_a_make_target(workflow: str, command: str) -> None:
    assert command.startswith(("make ", *NOT_MAKE)), workflow
    if command.startswith("make "):
        words = command.partition(" #")[0].split()[1:]
        named = [word for word in words if not word.startswith("-") and "=" not in word and '"' not in word]
        assert set(named) <= TARGETS


def test_each_command_of_the_page_is_a_target() -> None:
    page = (ROOT / "docs" / "delivery.md").read_text()
    commands = re.findall(r"make ((?:[a-z][a-z-]* ?)+)", " ".join(re.findall(r"`[^`]+`", page)))
    named = {word for command in commands for word in command.split()}
    assert named
    assert named <= TARGETS
