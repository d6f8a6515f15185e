"""What a person at a terminal sees of one look."""

import io

from rich.console import Console

from k8s.wait.outcome import Exit, Outcome
from k8s.wait.progress import progress
from k8s.wait.screen import PODS_SHOWN, drawn, on_screen
from k8s.wait.troubles import Kind, Trouble
from k8s.wait.verdict import Waiting
from tests.rollouts import DEPLOYMENT, deployment, pod, ready_pod, seen


def text(verdict: Waiting) -> str:
    console = Console(file=io.StringIO(), width=100)
    with console.capture() as captured:
        console.print(drawn(DEPLOYMENT, verdict, 12))
    return captured.get()


def test_counts_pods_and_what_is_wrong_are_shown() -> None:
    of = deployment(replicas=2, available=1)
    counted = progress(seen(of, ready_pod(), pod("mnist-2-b")), of)
    told = text(Waiting(counted, counted.stage, Trouble(Kind.PROBE, "[bold]not[/bold] ready")))
    assert [line.rstrip() for line in told.splitlines()] == [
        "deployment/mnist  12 s  waiting for 1 pod of the current version to become ready",
        "2 of 2 updated, 1 available",
        "  mnist-2-a  Ready",
        "  mnist-2-b  NotReady",
        "[bold]not[/bold] ready",
    ], "words of others are shown as they are"


def test_of_many_pods_some_are_shown_and_the_rest_is_counted() -> None:
    of = deployment(replicas=PODS_SHOWN + 3)
    pods = [ready_pod(f"mnist-2-{number}") for number in range(PODS_SHOWN + 3)]
    told = text(Waiting(progress(seen(of, *pods), of), "nothing"))
    assert told.count("Ready") == PODS_SHOWN
    assert "and 3 more" in told


def test_the_screen_is_taken_down_before_the_end_is_told() -> None:
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=True)
    with on_screen(DEPLOYMENT, console) as screen:
        screen.waiting(Waiting(None, "the first look"), 0)
        screen.note("a right is missing")
        screen.ended(Outcome(Exit.ROLLED_OUT, "deployment/mnist is rolled out", 3))
    assert "note: a right is missing" in out.getvalue()
    assert "deployment/mnist is rolled out (3 s)" in out.getvalue().splitlines()[-1]
