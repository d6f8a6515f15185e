"""Serve the whole zoo from one process: `python -m tests.contract.serve_zoo --model_dir ZOO`.

A process costs TensorFlow's import, so the models share one. All that one model
is set up with alone is written here.
"""

import sys

from serving import logs
from serving.options import load
from serving.settings import Batch, Settings

PAYLOAD_BYTES = 1024 * 1024
SLOW_QUEUE_ROWS = 4

PATIENT_ROWS = 8
PATIENCE_SECONDS = 10.0
"""`patient` waits this long for a batch of so many rows, which leaves at once when it is full."""

PLAIN = (
    *("dense", "image", "two_inputs", "echo", "text", "open_length", "fixed_matrix", "scalar", "mean", "constant"),
    *(
        "distinct",
        "any_rank_out",
        "any_rank_in",
        "one_word",
        "root",
        "positive",
        "broken",
        "lookup",
        "other_name",
        "two_signatures",
        "versions",
    ),
)
"""Models served by their own name with nothing set."""


def main() -> None:
    settings = load(["--limit_payload_bytes", str(PAYLOAD_BYTES), *sys.argv[1:]])
    logs.configure()

    from serving.predictor import Predictor, Server

    variants = {
        **{name: of(settings, name) for name in PLAIN},
        "double": of(settings, "two_signatures", signature_name="double"),
        "slow": of(settings, "slow", batch=Batch(max_rows=2, queue_rows=SLOW_QUEUE_ROWS)),
        "patient": of(settings, "root", batch=Batch(max_wait_seconds=PATIENCE_SECONDS, max_rows=PATIENT_ROWS)),
    }
    Server(settings).start(
        [Predictor(variant.model_copy(update={"model_name": name})) for name, variant in variants.items()]
    )


def of(settings: Settings, model: str, **others: object) -> Settings:
    return settings.model_copy(update={"model_dir": settings.model_dir / model, **others})


if __name__ == "__main__":
    main()
