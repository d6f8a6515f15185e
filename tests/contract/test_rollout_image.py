"""What the image of rollouts promises, as far as its Dockerfile can be held to it without Docker."""

import ast
import subprocess
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.contract import dockerfile

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "k8s"
ARGUMENTS, STAGES = dockerfile.read(FOLDER / "Dockerfile")
RUNTIME = STAGES["rollout"]
OURS = {"serving", "monitoring", "model", "loadtests", "k8s"}


def tracked() -> list[str]:
    return subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()


def let_in() -> set[str]:
    return dockerfile.let_in(FOLDER / "Dockerfile.dockerignore", tracked())


def imported() -> set[str]:
    """Everything that the files in the image import, as dotted names that may be modules."""
    names = set()
    for path in let_in():
        if path.endswith(".py"):
            for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    names |= {alias.name for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module:
                    names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_python_itself_is_the_first_process_and_has_no_rights() -> None:
    assert RUNTIME.words("ENTRYPOINT") == ["python", "-m", "k8s.rollout"]
    assert RUNTIME.all("USER") == ["65532:65532"]
    assert RUNTIME.all("WORKDIR") == ["/results"]
    assert not any(stage.all("CMD") + stage.all("SHELL") + stage.all("VOLUME") for stage in STAGES.values())


def test_it_stands_on_the_same_python_as_the_server_by_digest() -> None:
    servers, _ = dockerfile.read(ROOT / "serving/Dockerfile")
    assert ARGUMENTS["PYTHON_IMAGE"] == servers["PYTHON_IMAGE"]
    assert {stage.base for stage in STAGES.values()} - set(STAGES) == {"${PYTHON_IMAGE}"}


def test_nothing_is_installed_without_its_hash() -> None:
    (install,) = [run for stage in STAGES.values() for run in stage.all("RUN") if " install " in run]
    assert "--require-hashes" in install
    assert "/k8s.lock" in install


def test_every_module_of_ours_that_it_imports_is_in_it() -> None:
    files = {
        f"{name.replace('.', '/')}{ending}"
        for name in imported()
        if name.split(".")[0] in OURS
        for ending in (".py", "/__init__.py")
    }
    assert {file for file in files if (ROOT / file).exists()} <= let_in()


def test_all_packages_that_it_imports_are_in_its_lock() -> None:
    lock = (ROOT / "requirements/k8s.lock").read_text()
    pinned = {line.partition("==")[0].partition("[")[0] for line in lock.splitlines()}
    distributions = packages_distributions()
    wanted = {name.split(".")[0] for name in imported()} - OURS
    found = {name: {each.lower().replace("_", "-") for each in distributions.get(name, [])} for name in wanted}
    assert {name for name, packages in found.items() if packages and not packages & pinned} == set()


def test_what_it_goes_without_is_imported_by_nothing_in_it() -> None:
    slim = (FOLDER / "slim.sh").read_text()
    assert not [name for name in imported() if name.startswith(("kubernetes.aio", "aiohttp"))]
    assert "aiohttp" in slim


def test_what_is_copied_is_let_in_and_nothing_that_is_not_used() -> None:
    for stage in STAGES.values():
        for source in stage.copied():
            copied = {str(file.relative_to(ROOT)) for file in ROOT.glob(source)}
            assert any(path in copied or path.startswith(f"{source}/") for path in let_in()), source
    stray = [".env", "k8s/examples/secure/values.yaml", "serving/keys.pem"]
    assert dockerfile.let_in(FOLDER / "Dockerfile.dockerignore", [*tracked(), *stray]) == let_in()
