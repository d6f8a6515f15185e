"""A broken new version tells what is wrong in a sentence, and never takes the old one down.

For each kind of trouble the chart is upgraded into it while callers go on asking;
the sentence is found where a user would look; then it is rolled back.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from k8s.wait.outcome import Exit
from tests.cluster import images
from tests.cluster.callers import Asking
from tests.cluster.conftest import Install
from tests.cluster.namespaces import Namespace
from tests.cluster.releases import Release
from tests.cluster.volumes import claimed_models
from tests.cluster.waiting import until
from tests.helm import REPOSITORY

pytestmark = pytest.mark.timeout(600)  # room for each of its waits to say what it saw

SENTENCE_SECONDS = 120
GONE_SECONDS = 60


@dataclass(frozen=True)
class Trouble:
    """What is asked for, and what must be said of it: by the waiter, and by events or the pod's log."""

    values: Mapping[str, Any]
    waiter: str
    event: str = ""
    log: str = ""


def claimed(folder: str) -> Mapping[str, Any]:
    return {"model": {"source": "existingClaim", "existingClaim": {"name": "models", "path": folder}}}


TROUBLES = {
    "an image that does not exist": Trouble(
        {"image": {"registry": "", "repository": "ecluse/serving", "tag": "nowhere"}},
        waiter="image ecluse/serving:nowhere of container",
        event='Failed to pull image "ecluse/serving:nowhere"',
    ),
    "a model that is missing": Trouble(claimed("empty"), waiter="it holds nothing", log="holds nothing"),
    "a model that is torn": Trouble(
        claimed("torn"), waiter="/mnt/models/1 cannot be loaded", log="/mnt/models/1 cannot be loaded"
    ),
    "a claim that does not exist": Trouble(
        {"model": {"source": "existingClaim", "existingClaim": {"name": "nobodys"}}},
        waiter='persistentvolumeclaim "nobodys" not found',
        event='persistentvolumeclaim "nobodys" not found',
    ),
    "no room on any node": Trouble(
        {"resources": {"requests": {"cpu": "1000"}}}, waiter="Insufficient cpu", event="Insufficient cpu"
    ),
}


@pytest.fixture(scope="module")
def claim(namespace: Namespace, image: object) -> Iterator[str]:
    with claimed_models(namespace, images.named("ECLUSE_IMAGE")) as claim:
        yield claim


OF_BOTH_MODES = ("an image that does not exist", "a model that is missing")
"""Tried through KServe too, whose pods are the same: one that never starts, one that ends again and again."""

CASES = [("plain", name) for name in TROUBLES] + [("kserve", name) for name in OF_BOTH_MODES]


@pytest.fixture(scope="module")
def release_in(namespace: Namespace, claim: str, install: Install) -> Callable[[str], Release]:
    """Give the release of a mode, installed when it is first asked for."""
    return cache(lambda mode: install(namespace, mode=mode, name=mode))


@pytest.mark.parametrize(("mode", "name"), CASES)
def test_a_broken_version_says_why_and_the_old_one_goes_on_answering(
    mode: str, name: str, release_in: Callable[[str], Release]
) -> None:
    release = release_in(mode)
    trouble = TROUBLES[name]
    old = names(release)
    with Asking(release.addresses) as asking:
        release.upgrade(trouble.values)
        until(
            f"the sentence {trouble.event or trouble.log!r}",
            lambda: is_told(release, trouble, old),
            seconds=SENTENCE_SECONDS,
        )
        assert trouble.waiter in waited(release)
        assert old <= names(release)
        release.rollback()
        until("the old version alone", lambda: names(release) == old, seconds=GONE_SECONDS)
    assert asking.failed == []
    assert asking.replies


def waited(release: Release) -> str:
    """What somebody is told who waits for the upgrade."""
    kind = "inferenceservice" if release.mode == "kserve" else "deployment"
    command = [sys.executable, "-m", "k8s.wait", f"{kind}/{release.full_name}", "--namespace", release.namespace.name]
    done = subprocess.run(
        [*command, "--fail-fast", "--patience", "0", "--timeout", str(SENTENCE_SECONDS)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == Exit.FAILED, done.stdout + done.stderr
    return done.stdout + done.stderr


def names(release: Release) -> set[str]:
    """The pods that are to stay."""
    return {pod["metadata"]["name"] for pod in release.pods() if "deletionTimestamp" not in pod["metadata"]}


def is_told(release: Release, trouble: Trouble, old: set[str]) -> bool:
    new = names(release) - old
    if trouble.event:
        return any(trouble.event in event for pod in new for event in release.namespace.events(pod))
    logs = (release.namespace.log(pod, previous=previous) for pod in new for previous in (False, True))
    return any(line.startswith("ecluse: ") and trouble.log in line for log in logs for line in log.splitlines())
