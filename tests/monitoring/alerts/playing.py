"""Cases as files that `promtool test rules` plays.

All cases of a scene share its clock and its Prometheus. What fires is asked of
the series ALERTS, case by case, so that other cases do not matter.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from monitoring.rules.rendering import rendered
from monitoring.rules.rule import Group
from monitoring.slo import Promise
from tests.monitoring.alerts.case import SCENES, Case, Scene, Series


def write(cases: Sequence[Case], groups: Sequence[Group], promise: Promise, folder: Path) -> list[Path]:
    """Write a file of tests for each scene, with the rules that it needs; gives the files of tests."""
    return [_write(scene, cases, groups, promise, folder) for scene in SCENES]


def _write(scene: Scene, cases: Sequence[Case], groups: Sequence[Group], promise: Promise, folder: Path) -> Path:
    played = [case for case in cases if case.scene is scene]
    needed = [group for group in groups if scene.plays(group.name)]
    return play(
        scene,
        [(series, case.namespace) for case in played for series in case.series],
        [
            {
                "expr": f'group(ALERTS{{alertname="{case.alert}",alertstate="firing",namespace="{case.namespace}"}})',
                "eval_time": f"{minute}m",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
            for case in played
            for minute, fires in case.moments.items()
        ],
        needed,
        promise,
        folder,
    )


def play(
    scene: Scene,
    series: Iterable[tuple[Series, str]],
    questions: list[dict[str, Any]],
    groups: Sequence[Group],
    promise: Promise,
    folder: Path,
    **more: Any,
) -> Path:
    """Write one test: series, each in a namespace, and what the answers to questions are."""
    rules, tests = folder / f"{scene.name}.rules.yaml", folder / f"{scene.name}.test.yaml"
    rules.write_text(rendered(groups, promise))
    # The same series may be asked for by several parts of a case.
    inputs = {one.within(namespace): " ".join(one.values[: scene.samples]) for one, namespace in series}
    tests.write_text(
        yaml.dump(
            {
                "rule_files": [rules.name],
                "evaluation_interval": f"{scene.minutes}m",
                # Otherwise an alert may be asked before what it asks of is recorded.
                "group_eval_order": [group.name for group in groups],
                "tests": [
                    {
                        "interval": f"{scene.minutes}m",
                        "input_series": [{"series": name, "values": values} for name, values in inputs.items()],
                        "promql_expr_test": questions,
                        **more,
                    }
                ],
            },
            Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper),
            width=10**9,
        )
    )
    return tests
