"""`python -m monitoring.metrics_page`: write docs/metrics.md from the contract; `--check` says if it is stale.

Behind what is written by hand (`metrics_page.md`): the questions that operators
ask, with their PromQL, and every metric in its group, with its labels, their
values and its buckets. Exit status 1 where the page is stale.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from pathlib import Path

from monitoring.contract import CONTRACT
from monitoring.contract.labels import BOUNDED, bounded, closed
from monitoring.contract.load_tests import LOAD_TESTS
from monitoring.contract.metric import Metric
from monitoring.contract.values import MODEL
from monitoring.indicators import INDICATORS

PAGE = Path(__file__).parents[1] / "docs/metrics.md"

_OPENING = Path(__file__).with_suffix(".md")
"""What is told before the first metric, written by hand."""

_GROUPS = (
    (
        "Requests",
        "How many there are, how they end, how long they take and how large they are.",
        (
            "requests_total",
            "request_",
            "response_",
            "inflight_",
            "http_",
            "grpc_",
            "connections_",
            "rejected_",
            "stage_",
        ),
    ),
    (
        "Batches and queues",
        "What waits, what runs together, and how busy the device is.",
        ("batch", "executor_", "device_", "queue_"),
    ),
    ("Lives of models", "Which versions there are, and since when.", ("model_", "warmup_")),
    (
        "The process",
        "What runs, in which phase, and what it costs to be told.",
        ("build_", "phase", "draining", "start_", "event_", "metrics_", "tls_", "trace_", "capture_"),
    ),
    (
        "Predictions",
        "What the model says. Classes are there for models whose output holds a number for each of them.",
        ("predictions_", "prediction_", "expected_", "nonfinite_"),
    ),
    (
        "Inputs",
        "What the model is asked, in the features of its baseline. There for models with a `baseline.json`.",
        ("input_", "drift_observations", "feature_offset"),
    ),
    (
        "The baseline",
        "What held-out rows looked like, as constants: PromQL compares with them.",
        ("drift_", "feature_lower", "feature_upper", "baseline_"),
    ),
    ("Late labels", "What rows turned out to be, told afterwards with the id of their prediction.", ("feedback_",)),
    (
        "What looking at rows costs",
        "Looking goes on beside serving, and gives way where it does not keep up.",
        ("monitor_",),
    ),
)
"""Titles, what is told below them, and how the names begin; the first that fits takes a metric."""

_LOAD_TESTS = (
    "What `python -m loadtests run --metrics-port PORT` tells while it makes load: no server exports these. "
    "They count from when a request was due, and so hold what a caller waits for that no server sees. "
    "Beside the server's own numbers they show where time is lost on the way."
)


def page() -> str:
    parts = [_OPENING.read_text(encoding="utf-8").rstrip(), _indicators()]
    for title, about, _ in _GROUPS:
        metrics = [metric for metric in CONTRACT if group_of(metric) == title]
        parts.append("\n\n".join([f"## {title}", about, *map(_section, metrics)]))
    parts.append("\n\n".join(["## Load tests", _LOAD_TESTS, *map(_section, LOAD_TESTS)]))
    return "\n\n".join([*parts, _labels()]) + "\n"


def group_of(metric: Metric) -> str:
    """Name the part of the page that a metric stands in."""
    name = metric.name.removeprefix("ecluse_")
    return next(title for title, _, beginnings in _GROUPS if name.startswith(beginnings))


def main(arguments: Sequence[str]) -> int:
    parser = ArgumentParser(prog="python -m monitoring.metrics_page", description="Write docs/metrics.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the page is stale")
    if not parser.parse_args(arguments).check:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        sys.stderr.write(f"{PAGE} is stale: run make generate, or python -m monitoring.metrics_page\n")
        return 1
    return 0


def _indicators() -> str:
    rows = [
        f"| {each.asked} | {_listed(each.metrics)} | {'<br>'.join(_code(query) for query in each.queries)} |"
        for each in INDICATORS
    ]
    about = (
        "Names with colons are recording rules of `monitoring/generated/rules`, over an hour or a day. "
        "Those of features, classes and labels need a baseline or labels, and give nothing without."
    )
    return "\n".join(
        ["## What is asked, and where it is", "", about, "", "| asked | made of | PromQL |", "|---|---|---|", *rows]
    )


def _section(metric: Metric) -> str:
    facts = [f"*{metric.kind}*. {metric.help}"]
    told = [label for label in metric.labels if label not in MODEL]
    if metric.labels[:2] == MODEL:
        facts.append("By model and version" + (", and by:" if told else "."))
    elif told:
        facts.append("By:")
    lines = [f"- `{label}`: {_values(metric, label)}" for label in told]
    if metric.buckets:
        lines.append(f"- buckets: {' '.join(f'{bound:.10g}' for bound in metric.buckets)}")
    lines.append(f"- read by: {metric.reader}")
    return "\n".join([f"### `{metric.name}`", "", " ".join(facts), "", *lines])


def _values(metric: Metric, label: str) -> str:
    values = closed(metric, label)
    return bounded(metric, label) if values is None else _listed(values)


def _labels() -> str:
    rows = [f"| `{label}` | {words} |" for label, words in BOUNDED.items()]
    return "\n".join(
        [
            "## Labels",
            "",
            "Those with a closed list are told with their metrics; the others are bounded by:",
            "",
            "| label | values |",
            "|---|---|",
            *rows,
        ]
    )


def _listed(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" if word else "empty" for word in words)


def _code(query: str) -> str:
    return "`" + query.replace("|", "\\|") + "`"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
