"""Nothing is lost while a service is changed in every way there is; without its drain, something is."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.cluster import images
from tests.cluster.api import Api
from tests.cluster.conftest import KSERVE, not_here
from tests.cluster.namespaces import Namespace
from tests.cluster.releases import MODES
from tests.cluster.rolling import report
from tests.cluster.rolling.faults import FAULTS
from tests.cluster.rolling.run import Plan, run
from tests.cluster.rolling.verdict import Verdict

REPORTS = Path(os.environ.get("ROLLING_REPORTS", "build/rolling"))
"""Where summaries, pictures and all responses are left."""

REQUESTS = int(os.environ.get("ROLLING_REQUESTS", "25000"))
"""In each mode, at least."""
RATE = float(os.environ.get("ROLLING_RATE", "125"))

ALL_FAULTS_SECONDS = 900
WITHOUT_DRAIN_SECONDS = 600


@pytest.fixture
def two_images(image: object, other_image: object) -> tuple[str, str]:
    """The names of both; the fixtures have seen to it that there are such images."""
    return images.named("ECLUSE_IMAGE"), images.named("ECLUSE_IMAGE_2")


def judged(plan: Plan, namespace: Namespace, name: str) -> Verdict:
    return report.write(run(plan, namespace, REPORTS / name), REPORTS / name)


def told(name: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((REPORTS / name / "summary.json").read_text())
    return facts


@pytest.mark.timeout(ALL_FAULTS_SECONDS)
@pytest.mark.parametrize("mode", MODES)
def test_no_request_is_lost_whatever_is_changed(
    mode: str, own_namespace: Namespace, cluster: Api, two_images: tuple[str, str]
) -> None:
    if mode == "kserve" and not cluster.knows(KSERVE):
        not_here(f"no KServe: the cluster does not serve {KSERVE}", "kserve")
    plan = Plan(mode, *two_images, faults=FAULTS, rate=RATE, least_requests=REQUESTS)
    verdict = judged(plan, own_namespace, mode)
    assert told(mode)["load_test"] == "passed"
    assert verdict.objections == []
    assert verdict.lost == 0, (REPORTS / mode / "summary.txt").read_text()
    assert verdict.requests >= REQUESTS


@pytest.mark.timeout(WITHOUT_DRAIN_SECONDS)
def test_without_the_drain_requests_are_lost(own_namespace: Namespace, two_images: tuple[str, str]) -> None:
    # A version that takes another's place inside the server ends no pod.
    faults = [fault for fault in FAULTS if fault.name != "version"]
    plan = Plan("plain", *two_images, faults=faults, replicas=2, rate=RATE, has_drain=False)
    verdict = judged(plan, own_namespace, "without-drain")
    assert verdict.lost > verdict.overload, "nothing was lost: the callers would not have seen a loss"
    assert verdict.calm.lost == 0, "what is lost is lost to the faults"
    assert not told("without-drain")["is_proof"]
    assert told("without-drain")["load_test"] == "failed"
