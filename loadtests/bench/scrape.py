"""What a scrape takes: our writing of the metrics beside prometheus_client's, in turn.

    python -m loadtests.bench.scrape [MODELS]

Both write one process's metrics with everything on: every family of the
contract, for a model of ten classes and seven features. Between two scrapes
every series changes, which is the worst a scrape can find. Times are the
processor's, so that a busy machine says the same. Like `bare_server.py` it
imports the server, of which it tries one part alone.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import cycle, product
from statistics import median
from time import thread_time

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import generate_latest

from monitoring.contract import CONTRACT
from monitoring.contract.metric import Kind
from monitoring.contract.values import CODES, FEEDBACK_RESULTS, MODEL, MONITORED, PROTOCOLS, SIDES
from serving.metrics import Metrics, ModelMetrics

TURNS = 30
TEN = [str(each) for each in range(10)]
LABELS: Mapping[str, Sequence[str]] = {
    "feature": [f"feature_{each}" for each in range(7)],
    "bin": [f"0{each}" for each in range(10)],
    "result": FEEDBACK_RESULTS,
    "side": SIDES,
    "part": MONITORED,
    **dict.fromkeys(("class", "actual", "predicted", "bucket"), TEN),
}
"""The values of labels that no series has before a model brings them."""


def metrics_of(models: int) -> Metrics:
    """Everything that a process with so many models exports."""
    metrics = Metrics()
    foreign = CollectorRegistry()
    preprocess, predict, postprocess, _ = (
        metrics.share(Histogram(f"request_{each}_seconds", "As KServe's.", ["model_name"], registry=foreign))
        for each in ("preprocess", "predict", "postprocess", "explain")
    )
    for name in [f"model_{number}" for number in range(models)]:
        metrics.announce(name)
        metrics.load_begins(name, "1")
        metrics.enter_state(name, "1", "READY")
        ModelMetrics(
            metrics,
            name,
            "1",
            preprocess=preprocess.labels(model_name=name),
            predict=predict.labels(model_name=name),
            postprocess=postprocess.labels(model_name=name),
        )
        for described in CONTRACT:
            if described.labels[:2] == MODEL and set(described.labels[2:]) <= LABELS.keys():
                for values in product(*(LABELS[label] for label in described.labels[2:])):
                    metrics[described.name].labels(name, "1", *values)
    return metrics


def change(metrics: Metrics, models: int, seconds: Iterator[float]) -> None:
    """Count something in every series that the server counts in."""
    for described in CONTRACT:
        if described.labels[:2] != MODEL or not set(described.labels[2:]) <= LABELS.keys() | {"protocol", "code"}:
            continue
        more = {**LABELS, "protocol": PROTOCOLS, "code": [str(code) for code in CODES]}
        names = [f"model_{number}" for number in range(models)]
        for values in product(names, ["1"], *(more[label] for label in described.labels[2:])):
            series, amount = metrics[described.name].labels(*values), next(seconds)
            match described.kind:
                case Kind.COUNTER:
                    series.inc(amount)
                case Kind.GAUGE:
                    series.set(amount)
                case Kind.HISTOGRAM:
                    series.observe(amount)


def taken(write: Callable[[], bytes]) -> float:
    began = thread_time()
    write()
    return thread_time() - began


def main(models: int) -> None:
    metrics = metrics_of(models)
    seconds = cycle([0.003, 0.02, 0.4, 1.25])
    ours, still, theirs = [], [], []
    for _ in range(TURNS):
        change(metrics, models, seconds)
        ours.append(taken(metrics.render))
        still.append(taken(metrics.render))
        theirs.append(taken(lambda: generate_latest(metrics.registry)))
    text = metrics.render()
    series = sum(not line.startswith(b"#") for line in text.splitlines())
    print(f"{series:,} series, {len(text):,} bytes; processor time in ms, least, median and most of {TURNS} turns")
    for title, times in (
        ("every series changed", ours),
        ("no series changed", still),
        ("prometheus_client's own", theirs),
    ):
        print(f"{title:25}" + "".join(f"{each * 1000:8.2f}" for each in (min(times), median(times), max(times))))
    print(f"ratio, old to new {median(theirs) / median(ours):17.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
