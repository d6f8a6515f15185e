"""What a model is, in the words of Triton's model configuration.

Clients of that extension read from it which inputs to send and how many rows
fit into a request: `perf_analyzer` does not start without. Said of what is
served, not read from a file: nobody configures us with it. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serving.signature import Signature, TensorSpec

BACKENDS = {"tensorflow_savedmodel": "tensorflow"}
"""Triton's name of the backend, by platform; any other platform is code of a user's own."""
USERS_CODE = "python"

MICROSECONDS = 1e6


@dataclass(frozen=True, slots=True)
class Batching:
    """How requests to a model are gathered."""

    max_rows: int
    preferred_rows: Sequence[int]
    max_wait_seconds: float


def describe(name: str, platform: str, signature: Signature, batching: Batching | None) -> dict[str, Any]:
    """Write the configuration as Triton's JSON has it. Without batching every dimension is the caller's."""
    config: dict[str, Any] = {
        "name": name,
        "platform": platform,
        "backend": BACKENDS.get(platform, USERS_CODE),
        "max_batch_size": 0 if batching is None else batching.max_rows,
        "input": [_tensor(spec, has_rows=batching is not None) for spec in signature.inputs],
        "output": [
            _tensor(spec, has_rows=batching is not None) | {"label_filename": "labels.txt" if signature.labels else ""}
            for spec in signature.outputs
        ],
        "model_transaction_policy": {"decoupled": False},
    }
    if batching is not None:
        config["dynamic_batching"] = {
            "preferred_batch_size": list(batching.preferred_rows),
            "max_queue_delay_microseconds": round(batching.max_wait_seconds * MICROSECONDS),
        }
    return config


def describe_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Write the configuration of a model of which nothing is known but its V2 metadata."""
    inputs, outputs = (_specs(metadata[side]) for side in ("inputs", "outputs"))
    signature = Signature("", inputs, outputs, is_batched=False)
    return describe(metadata["name"], metadata["platform"], signature, None)


def version_policy(policy: str) -> dict[str, Any]:
    """Say the setting `versions.policy` as Triton does."""
    kind, _, rest = policy.partition(":")
    if kind == "latest":
        return {"latest": {"num_versions": int(rest or 1)}}
    if kind == "specific":
        return {"specific": {"versions": [int(number) for number in rest.split(",")]}}
    return {"all": {}}


def _tensor(spec: TensorSpec, *, has_rows: bool) -> dict[str, Any]:
    shape = (-1,) if spec.shape is None else spec.shape
    dims = list(shape[1:] if has_rows else shape)
    # Triton has no tensor without a dimension: a lone number is a list of one.
    return {"name": spec.name, "data_type": _data_type(spec.datatype), "dims": dims or [1]}


def _data_type(datatype: str) -> str:
    return "TYPE_STRING" if datatype == "BYTES" else f"TYPE_{datatype}"


def _specs(described: Iterable[Mapping[str, Any]]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(each["name"], each["datatype"], tuple(each["shape"])) for each in described)
