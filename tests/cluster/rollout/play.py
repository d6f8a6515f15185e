"""Play one case: give the idle release its version, put on the load, start the tool, disturb it, keep what was seen."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from loadtests.measure.run import Run
from tests.cluster.prometheus import Prometheus
from tests.cluster.rolling.load import load, seen
from tests.cluster.rollout.cases import Around, Case
from tests.cluster.rollout.labels import Labels
from tests.cluster.rollout.proxy import Proxy
from tests.cluster.rollout.stage import BLUE, GREEN, Stage
from tests.cluster.rollout.tool import Tool, no_lock
from tests.cluster.rollout.verdict import Given, Verdict, judge
from tests.cluster.rollout.weight_watch import WeightWatch

AFTERWARDS_SECONDS = 3
"""What happened at the end is seen by callers a moment later."""


@dataclass(frozen=True)
class Played:
    """What was seen of one rollout."""

    case: Case
    exit: int
    verdict: Verdict
    given: list[Given]
    load: Run
    report: dict[str, Any]
    weights: dict[str, dict[str, int]]
    """Of both routes, at the end."""
    stable: str
    canary: str
    """The names of their Services."""
    told: list[str]
    seconds: float
    """Of the tool, from its first start to its last end."""
    labels_refused: list[str]

    @property
    def percents(self) -> set[float]:
        """What the routes give the new version at the end; one number where both agree."""
        return {100 * each.get(self.canary, 0) / sum(each.values()) for each in self.weights.values()}

    @property
    def sentence(self) -> str:
        """How the tool itself says that it ended."""
        return str(self.report.get("sentence", ""))


def play(stage: Stage, case: Case, prometheus: Prometheus, url: str, rate: float, folder: Path) -> Played:
    """Have one rollout from a stage at rest; afterwards the stage is at rest again."""
    folder.mkdir(parents=True, exist_ok=True)
    stable, canary = BLUE, GREEN
    no_lock(stage)
    stage.route(stable=stable, canary=canary)
    stage.deploy(canary, case.version, wait=case.version.starts)
    stage.wait_for_series(prometheus, canary if case.version.starts else stable)
    with proxied(url) as proxy:
        tool = Tool(stage, canary, proxy.url, folder / "rollout")
        with ExitStack() as beside, load(stage.addresses, rate, folder, stage.headers):
            watch = beside.enter_context(WeightWatch(stage, canary))
            labels = beside.enter_context(Labels(stage)) if case.has_labels else None
            around = Around(stage, tool.start(), proxy)
            began = time.monotonic()
            try:
                status = case.disturb(around)
            finally:
                if tool.process.poll() is None:
                    tool.kill()
            ended = time.monotonic()
            weights = stage.weights()
            time.sleep(AFTERWARDS_SECONDS)
    run, _ = seen(folder)
    zero = datetime.fromisoformat(run.began_at).timestamp() - time.time() + time.monotonic()
    given = [Given(share.at - zero, share.rest, share.grpc) for share in watch.shares]
    played = Played(
        case=case,
        exit=status,
        verdict=judge(run.timeline, given, case.version.number, began - zero, ended - zero),
        given=given,
        load=run,
        report=tool.report() if (tool.out / "report.json").exists() else {},
        weights=weights,
        stable=stage.service(stable),
        canary=stage.service(canary),
        told=around.told,
        seconds=ended - began,
        labels_refused=labels.refused if labels else [],
    )
    if case.version.hurts or not case.version.starts:
        stage.empty(canary)
    (folder / "case.json").write_text(json.dumps(facts(played), indent=1) + "\n")
    return played


def facts(played: Played) -> dict[str, Any]:
    """What is kept of it for tables."""
    verdict, version = played.verdict, played.case.version
    return {
        "case": played.case.name,
        "exit": played.exit,
        "sentence": played.sentence,
        "seconds": round(played.seconds, 1),
        "most_percent": verdict.most_percent,
        "requests": verdict.requests,
        "by_new": verdict.by_new,
        "hurt": verdict.hurt(version),
        "failed": verdict.failed,
        "failed_elsewhere": verdict.failed_elsewhere,
        "failed_words": verdict.failed_words,
        "wrong": verdict.wrong,
        "slow": verdict.slow,
        "p99_before": verdict.p99_before,
        "p99_during": verdict.p99_during,
        "stretches": [[each.percent, each.began, each.ended, each.requests, each.by_new] for each in verdict.stretches],
        "given": [list(each) for each in played.given],
        "told": played.told,
        "weights": played.weights,
    }


@contextmanager
def proxied(url: str) -> Iterator[Proxy]:
    parts = urlsplit(url)
    with Proxy((parts.hostname or "127.0.0.1", parts.port or 80)) as proxy:
        yield proxy
