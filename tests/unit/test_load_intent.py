"""A run says beforehand what it is going to do, in three lines."""

from pathlib import Path
from typing import Any

import pytest

from loadtests.engine.assignment import Addresses
from loadtests.engine.change_words import words_of
from loadtests.engine.intent import intent
from loadtests.engine.order import Order
from loadtests.profile.form import Change, Phase, Profile, Ramp, Search, Stream, Wave
from monitoring import slo


def order(*, processes: int = 1, expected_workers: int = 0, grpc: str = "", **fields: Any) -> Order:
    if "search" not in fields:
        fields.setdefault("phases", (Phase(name="steady", role="load", seconds=5),))
    streams = (Stream(name="v2", protocol="v2"), Stream(name="other", protocol="v1", model="iris"))
    return Order(
        profile=Profile(summary="Is it well?", streams=streams, **fields),
        profile_name="smoke",
        promise=slo.read(),
        addresses=Addresses("http://here:8080", grpc),
        headers={"Authorization": "Bearer s3cret"},
        model="mnist",
        out=Path("build/load/smoke"),
        processes=processes,
        expected_workers=expected_workers,
    )


def test_three_lines_say_the_question_the_load_and_the_target() -> None:
    assert intent(order(grpc="here:8081", rate=80, seed=7)) == [
        "smoke: Is it well?",
        "80 requests a second, poisson, in steady (5 s) of v2, other; seed 7",
        "to iris, mnist at http://here:8080 and here:8081 (gRPC), by 1 process; reports go to build/load/smoke",
    ]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"processes": 3}, "by 3 processes;"),
        ({"expected_workers": 2}, "by 2 workers that come to port 5557;"),
        ({"search": Search(first=10, last=90)}, "steps of 15 s from 10 to at most 90 requests a second of"),
        ({"phases": (Phase(name="up", role="load", seconds=5, times=Ramp(first=1, last=3)),)}, "up (5 s, 1 to 3 times"),
        (
            {"phases": (Phase(name="day", role="load", seconds=5, times=Wave(swing=0.5, period_seconds=5)),)},
            "day (5 s, 0.5 to 1.5 times that)",
        ),
        ({"phases": (Phase(name="much", role="load", seconds=5, times=10),)}, "much (5 s, 10 times that)"),
        (
            {
                "phases": (Phase(name="during", role="change", seconds=5),),
                "change": Change(command=("kubectl", "rollout", "restart", "deployment/a b")),
            },
            "; changed by `kubectl rollout restart 'deployment/a b'`",
        ),
    ],
    ids=["processes", "workers", "search", "ramp", "wave", "times", "change"],
)
def test_what_is_not_usual_is_said(asked: dict[str, Any], words: str) -> None:
    assert words in "\n".join(intent(order(**asked)))


def test_no_key_is_said() -> None:
    assert "s3cret" not in "\n".join(intent(order()))


def test_a_release_is_upgraded_by_helm_and_waited_for() -> None:
    change = Change(helm="mnist", helm_arguments=("helm/ecluse", "--set", "image.tag=2"), most_seconds=90)
    assert words_of(change) == [
        *("helm", "upgrade", "mnist", "helm/ecluse", "--set", "image.tag=2"),
        *("--reuse-values", "--wait", "--timeout", "90s"),
    ]
