"""The accuracy that a model is known for, as its server tells it among its metrics. Pure.

A server of ours whose model has a baseline exports what the model reached on
rows that it was never trained on. Of any other server nothing is known.
"""

from collections.abc import Collection

from prometheus_client.parser import text_string_to_metric_families

NAME = "ecluse_baseline_accuracy_ratio"


def known_accuracy(page: str, models: Collection[str]) -> float | None:
    """Give the least that is told of these models and their versions; None unless something is told of each."""
    lines = "".join(f"{line}\n" for line in page.splitlines() if line.startswith(NAME))
    try:
        told = [
            (sample.labels.get("model_name", ""), sample.value)
            for family in text_string_to_metric_families(lines)
            for sample in family.samples
            if sample.name == NAME
        ]
    except ValueError:
        return None
    if set(models) - {name for name, _ in told}:
        return None
    return min((value for name, value in told if name in models and 0 < value <= 1), default=None)
