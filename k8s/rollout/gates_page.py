"""`python -m k8s.rollout.gates_page`: write docs/rollout-gates.md; `--check` says if it is stale.

Behind what is written by hand (`gates_page.md`): every measure with what it
takes, the gates of a plan that names none, and the PromQL. Exit status 1 where
the page is stale.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path

from k8s.rollout.gates.defaults import defaults
from k8s.rollout.gates.measures import MEASURES, Kind, Measure
from k8s.rollout.gates.promised import Promise, promised
from k8s.rollout.gates.questions import QUESTIONS
from k8s.rollout.gates.words import shown
from k8s.rollout.plan.form import Gate

PAGE = Path(__file__).parents[2] / "docs/rollout-gates.md"

_OPENING = Path(__file__).with_suffix(".md")


def main(arguments: Sequence[str], to: Path = PAGE) -> int:
    parser = ArgumentParser(prog="python -m k8s.rollout.gates_page", description="Write docs/rollout-gates.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is stale")
    if not parser.parse_args(arguments).check:
        to.write_text(page(), encoding="utf-8")
        return 0
    if to.exists() and to.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write(f"{to.name} is stale: run make generate, or python -m k8s.rollout.gates_page\n")
    return 1


def page() -> str:
    promise = promised()
    lines = [*_measures(promise), "", *_defaults(promise), "", *_questions()]
    return "\n".join([_OPENING.read_text(encoding="utf-8").rstrip(), "", *lines]) + "\n"


def _measures(promise: Promise) -> Iterator[str]:
    yield "## Measures"
    yield ""
    yield "| measure | what it is | unit | limits | passes from | needs |"
    yield "|---|---|---|---|---|---|"
    for name, measure in MEASURES.items():
        limits = ", ".join(f"`{limit}`" for limit in limits_of(name, measure))
        least = f"{measure.minimum(promise):,} {measure.of}"
        yield f"| `{name}` | {measure.says} | {measure.unit or 'a number'} | {limits} | {least} | {measure.needs} |"


def limits_of(name: str, measure: Measure) -> tuple[str, ...]:
    """The limits that a measure takes."""
    if measure.kind is Kind.CLASSES:
        return ("worse_by",)
    if measure.kind is Kind.GROWTH:
        return ("most",)
    if name == "query":
        return ("most", "least", "worse_by", "worse_times")
    return ("most" if measure.more_is_worse else "least", "worse_by", "worse_times")


def _defaults(promise: Promise) -> Iterator[str]:
    yield "## The gates of a plan that names none"
    yield ""
    yield "With `monitoring/slo.yaml` as it is shipped; of a promise of your own (`--slo`) they follow."
    yield ""
    yield "| measure | at most, at least | beside the stable version | optional |"
    yield "|---|---|---|---|"
    for gate in defaults(promise):
        unit = MEASURES[gate.measure].unit
        bound = next((shown(each, unit) for each in (gate.most, gate.least) if each is not None), "")
        yield f"| `{gate.measure}` | {bound} | {_beside(gate, unit)} | {'yes' if gate.optional else ''} |"


def _beside(gate: Gate, unit: str) -> str:
    times = f"{gate.worse_times:g} times" if gate.worse_times is not None else ""
    more = f"{shown(gate.worse_by, unit)} {'' if times else 'worse'}".strip() if gate.worse_by is not None else ""
    return " and ".join(filter(None, (times, more)))


def _questions() -> Iterator[str]:
    yield "## What is asked"
    yield ""
    yield (
        "`$side` selects the series of a version and `$other` those of the other, `$window` is the time since the "
        "step settled, `$errors` what counts as an error of ours, `$ago` and `$span` where a part of the window ends "
        "and how long it is."
    )
    for name, promql in QUESTIONS.items():
        users = ", ".join(f"`{measure}`" for measure, found in MEASURES.items() if name in found.asks) or "every gate"
        yield from ("", f"`{name}`, for {users}:", "", "```promql", promql, "```")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
