"""Every command of docs/load-testing.md is one that make, the load tests, Helm and kubectl take."""

import re
import shlex
from argparse import ArgumentParser
from importlib import import_module
from pathlib import Path

import pytest

from loadtests.__main__ import COMMANDS
from loadtests.profile.read import read
from tests.helm import NoHelm, helm, program

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/load-testing.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
SCRIPTS = MAKEFILE + "".join(file.read_text() for file in (ROOT / "loadtests").glob("*.sh"))


def commands(beginning: str) -> list[list[str]]:
    """The page's commands that begin so, as words, without what follows on the beginning."""
    blocks = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    lines = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines() if line.strip()]
    first = beginning.split()
    return [line[len(first) :] for line in lines if line[: len(first)] == first]


def parsed(words: list[str]) -> None:
    """Raise SystemExit where the command line would refuse it, and BadProfile where its profile does."""
    parser = ArgumentParser()
    command = import_module(f"loadtests.commands.{words[0]}")
    command.add_options(parser)
    options = parser.parse_args(words[1:])
    if words[0] == "run":
        read(options.profile, options.overrides)


def test_every_command_is_of_a_program_that_is_looked_at_here() -> None:
    known = [*commands("make"), *commands(".venv/bin/python -m loadtests"), *commands("helm upgrade")]
    known += [*commands("kubectl logs"), *commands("docker run")]
    blocks = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    assert len(known) == sum(bool(line.strip()) for block in blocks for line in block.splitlines()) > 15


@pytest.mark.parametrize("words", commands("make"), ids=" ".join)
def test_make_has_its_targets_and_somebody_reads_its_variables(words: list[str]) -> None:
    for word in words:
        name, is_variable, _ = word.partition("=")
        if is_variable:
            assert re.search(rf"\$[({{]{name}\b|^{name} *\?=", SCRIPTS, re.MULTILINE), name
        else:
            assert re.search(rf"^{name}:.*## ", MAKEFILE, re.MULTILINE), name


@pytest.mark.parametrize("words", commands(".venv/bin/python -m loadtests"), ids=" ".join)
def test_the_load_tests_take_it(words: list[str]) -> None:
    assert words[0] in COMMANDS
    parsed(words)


def test_the_image_takes_it() -> None:
    (words,) = commands("docker run")
    parsed(words[words.index("ecluse/loadtests:dev") + 1 :])


def test_helm_takes_every_value_and_makes_the_job_that_is_followed() -> None:
    try:
        program("helm")
    except NoHelm as missing:
        pytest.skip(str(missing))
    for words in commands("helm upgrade"):
        options = [word for word in words if word not in ("ecluse", "helm/ecluse")]
        assert words.index("ecluse") < words.index("helm/ecluse")
        given = [options[place + 1] for place, word in enumerate(options) if word == "--set"]
        sets = [word for each in ("loadtest.enabled=true", *given) for word in ("--set", each)]
        made = helm("template", "ecluse", "helm/ecluse", *sets)
        (job,) = {words[-1].removeprefix("job/") for words in commands("kubectl logs")}
        assert (f"name: {job}\n" in made) == ("loadtest.enabled=false" not in given)


def test_every_profile_is_on_the_page() -> None:
    shipped = {file.stem for file in (ROOT / "loadtests/profiles").glob("*.yaml")}
    assert {name for name in shipped if f"`{name}`" not in PAGE} == set()


def test_all_that_it_leads_to_is_there() -> None:
    for link in re.findall(r"\]\(([^)#]+)", PAGE):
        assert (ROOT / "docs" / link).exists(), link
