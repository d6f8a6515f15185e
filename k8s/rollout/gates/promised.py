"""The promise that gates go by: monitoring/slo.yaml, or a file of the operator's own."""

from pathlib import Path

from monitoring.slo import SHIPPED, BadPromise, Promise, read

__all__ = ["BadPromise", "Promise", "promised"]


def promised(path: str | Path | None = None) -> Promise:
    """Read it; raises BadPromise, whose text is a sentence a line."""
    return read(Path(path) if path else SHIPPED)
