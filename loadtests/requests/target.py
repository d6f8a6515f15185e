"""What a server tells of a model: what it takes, what it gives, and whether it takes rows.

Made from the V2 metadata of any server (Écluse, KServe, Triton, MLServer), in
JSON or as gRPC's messages become it, where whole numbers are strings and empty
lists are left out. The configuration of Triton's extension, where a server has
it, says whether rows may be put together. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from loadtests.requests.datatypes import DTYPES

UNKNOWN = -1
"""A dimension that the model leaves open."""

MOST_DIMENSIONS = 64
MOST_ELEMENTS = 2**40


class BadTarget(Exception):
    """No requests can be made for a model; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class TensorForm:
    """One input or output."""

    name: str
    datatype: str
    shape: tuple[int, ...]

    @property
    def counts_rows(self) -> bool:
        return bool(self.shape) and self.shape[0] == UNKNOWN

    @property
    def has_any_rank(self) -> bool:
        """A shape of which nothing is known is told as one open dimension, as a list of rows is."""
        return self.shape == (UNKNOWN,)


@dataclass(frozen=True, slots=True)
class Target:
    """One model."""

    name: str
    inputs: tuple[TensorForm, ...]
    """Empty where the server does not tell them."""
    outputs: tuple[TensorForm, ...]
    """Empty where the server does not tell them."""
    platform: str = ""
    versions: tuple[str, ...] = ()
    is_batched: bool = True
    """Whether each answer has a row for each row of its question, wherever both have rows."""

    @property
    def has_rows(self) -> bool:
        """Whether a request may have several rows: their number is the first dimension of every input."""
        return all(form.counts_rows for form in self.inputs)


def read_target(metadata: object, config: object = None) -> Target:
    """Make it of the JSON of `/v2/models/M`, and of `/v2/models/M/config` where there is one; raises BadTarget."""
    if not isinstance(metadata, Mapping):
        raise BadTarget("the model's metadata is not a JSON object")
    name = metadata.get("name", "")
    if not isinstance(name, str) or not name:
        error = metadata.get("error")
        raise BadTarget(f"the model's metadata has no name{f': {error}'[:300] if error else ''}")
    inputs = _forms(name, "input", metadata.get("inputs"))
    outputs = _forms(name, "output", metadata.get("outputs"))
    target = Target(name, inputs, outputs, str(metadata.get("platform") or ""), _versions(metadata.get("versions")))
    return Target(
        name, inputs, outputs, target.platform, target.versions, target.has_rows and _puts_together(outputs, config)
    )


def _forms(model: str, kind: str, described: object) -> tuple[TensorForm, ...]:
    if described is None:
        return ()
    if not isinstance(described, Sequence) or isinstance(described, str):
        raise BadTarget(f"the metadata of model {model!r} has {kind}s that are not a list")
    forms = tuple(_form(model, kind, each) for each in described)
    names = [form.name for form in forms]
    twice = sorted({each for each in names if names.count(each) > 1})
    if twice:
        raise BadTarget(f"the metadata of model {model!r} tells {kind} {twice[0]!r} twice")
    return forms


def _form(model: str, kind: str, described: object) -> TensorForm:
    if not isinstance(described, Mapping) or not isinstance(described.get("name"), str):
        raise BadTarget(f"the metadata of model {model!r} has an {kind} without a name")
    name, datatype = described["name"], described.get("datatype")
    if not isinstance(datatype, str) or datatype not in DTYPES:
        raise BadTarget(f"{kind} {name!r} of model {model!r} has datatype {datatype!r}, expected {', '.join(DTYPES)}")
    return TensorForm(name, datatype, _shape(f"{kind} {name!r} of model {model!r}", described.get("shape", ())))


def _shape(who: str, described: object) -> tuple[int, ...]:
    sizes = [_size(size) for size in described] if isinstance(described, list | tuple) else [0]
    if 0 in sizes:
        raise BadTarget(f"{who} has shape {described!r}, expected a list of whole numbers from 1, or -1")
    if len(sizes) > MOST_DIMENSIONS or prod(max(size, 1) for size in sizes) > MOST_ELEMENTS:
        raise BadTarget(f"{who} has a shape that no request can fill")
    return tuple(sizes)


def _size(told: object) -> int:
    """Read a dimension; 0 is none."""
    if isinstance(told, str) and told.removeprefix("-").isdecimal():
        told = int(told)
    return told if type(told) is int and told >= UNKNOWN else 0


def _versions(told: object) -> tuple[str, ...]:
    return tuple(str(each) for each in told) if isinstance(told, list | tuple) else ()


def _puts_together(outputs: Sequence[TensorForm], config: object) -> bool:
    """Say whether rows go through the model side by side: as the server configures it, else as shapes have it."""
    if not all(form.counts_rows for form in outputs):
        return False
    told: Any = config.get("max_batch_size") if isinstance(config, Mapping) else None
    return not (isinstance(told, int | str) and str(told) == "0")
