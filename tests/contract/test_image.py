"""What the image promises, as far as its Dockerfile can be held to it without Docker; tests/cluster runs it."""

import ast
import re
import subprocess
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from serving.settings import Settings
from tests.contract import dockerfile

ROOT = Path(__file__).parents[2]
ARGUMENTS, STAGES = dockerfile.read(ROOT / "serving/Dockerfile")
RUNTIME = STAGES["runtime"]
SLIM = (ROOT / "serving/slim.sh").read_text()
LOCKS = sorted((ROOT / "requirements").glob("serving*.lock"))
STRAY = [
    ".env",
    ".git/config",
    ".venv/bin/python",
    "models/other/1/saved_model.pb",
    "monitoring/__pycache__/contract.cpython-311.pyc",
    "serving/__pycache__/rest.cpython-311.pyc",
    "serving/keys.pem",
]


def tracked() -> list[str]:
    return subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()


def imports(file: Path) -> set[str]:
    """Everything that a file imports, wherever in it, as dotted names that may be modules."""
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def in_the_image() -> set[Path]:
    return {file for pattern in STAGES["application"].copied() for file in ROOT.glob(pattern)}


def pinned(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", lock.read_text(), re.MULTILINE))


def test_python_itself_is_the_first_process() -> None:
    assert RUNTIME.words("ENTRYPOINT") == ["python", "-m", "serving"]
    assert not any(stage.all("CMD") + stage.all("SHELL") for stage in STAGES.values())


def test_the_user_has_a_number_and_nothing_is_done_as_another_after_it() -> None:
    assert RUNTIME.all("USER") == ["65532:65532"]
    assert [STAGES[name].all("USER") for name in ("demo", "serving")] == [[], []]


def test_the_ports_are_the_servers_own() -> None:
    settings = Settings()
    assert RUNTIME.last("EXPOSE").split() == [str(settings.http_port), str(settings.grpc_port)]


def test_no_volume_is_needed_for_a_read_only_root() -> None:
    environment = RUNTIME.pairs("ENV")
    assert (environment["PYTHONDONTWRITEBYTECODE"], environment["TMPDIR"]) == ("1", "/dev/shm")
    assert not any(stage.all("VOLUME") for stage in STAGES.values())


def test_labels_are_those_of_the_oci() -> None:
    said = {"title", "description", "licenses", "version", "revision", "created", "source", "base.name"}
    assert set(RUNTIME.pairs("LABEL")) == {f"org.opencontainers.image.{each}" for each in said} | {"dev.ecluse.variant"}


def test_python_is_pinned_by_digest_and_every_stage_stands_on_it() -> None:
    assert re.fullmatch(r"python:3\.11-slim-bookworm@sha256:[0-9a-f]{64}", ARGUMENTS["PYTHON_IMAGE"])
    bases = {stage.base for stage in STAGES.values()} - set(STAGES)
    assert bases == {"${PYTHON_IMAGE}", "lock-${VARIANT}"}


def test_each_variant_has_its_lock() -> None:
    stages = {name: stage for name, stage in STAGES.items() if name.startswith("lock-")}
    assert f"lock-{ARGUMENTS['VARIANT']}" in stages
    assert sorted(ROOT / source for stage in stages.values() for source in stage.copied()) == LOCKS


def test_nothing_is_installed_without_its_hash() -> None:
    installs = [run for stage in STAGES.values() for run in stage.all("RUN") if " install " in run and "pip" in run]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_both_variants_run_the_same_versions(lock: Path) -> None:
    first, other = pinned(ROOT / "requirements/serving.lock"), pinned(lock)
    assert {name: first[name] for name in first.keys() & other.keys()} == {
        name: other[name] for name in first.keys() & other.keys()
    }


def test_every_module_that_the_server_imports_is_in_the_image() -> None:
    ours = {"serving", "monitoring", "model", "loadtests", "k8s"}
    wanted = {name for file in in_the_image() if file.suffix == ".py" for name in imports(file)}
    files = {
        ROOT / f"{name.replace('.', '/')}{ending}"
        for name in wanted
        if name.split(".")[0] in ours
        for ending in (".py", "/__init__.py")
    }
    assert {file for file in files if file.exists()} <= in_the_image()


def test_what_the_image_goes_without_is_imported_by_nothing_in_it() -> None:
    left_out = {
        name for names in re.findall(r'^(?:tools|keras|aio)="(.+)"$', SLIM, re.MULTILINE) for name in names.split()
    }
    assert left_out <= set(pinned(ROOT / "requirements/serving.lock"))
    distributions = packages_distributions()
    imported = {name.split(".")[0] for file in in_the_image() if file.suffix == ".py" for name in imports(file)}
    assert not {distribution for name in imported for distribution in distributions.get(name, [])} & left_out


def test_the_builds_context_holds_what_is_copied_and_nothing_else() -> None:
    sources = [source for stage in STAGES.values() for source in stage.copied() if "$" not in source]
    copied = {str(file.relative_to(ROOT)) for source in sources for file in ROOT.glob(source)}
    model = "models/mnist/1/saved_model.pb"
    assert dockerfile.let_in(ROOT / ".dockerignore", [*tracked(), *STRAY, model]) == copied | {model}
