"""Values for a model of which no rows are at hand: made from what its metadata tells, the same for the same seed.

Numbers with a point lie between 0 and 1, whole ones are small, since they are
often indexes into a table; a profile may say otherwise of each input. A
dimension that the model leaves open is 1 long, where the profile does not say.
"""

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from loadtests.profile.form import Made
from loadtests.requests.datatypes import BF16, BYTES, DTYPES, Array, Arrays, to_bf16
from loadtests.requests.target import UNKNOWN, BadTarget, Target, TensorForm

STEPS = 10_000
"""Four decimals: what a picture that is scaled to one looks like in JSON."""
LARGEST_INDEX = 3
BRIGHTEST = 255
WORDS = ("sluice", "weir", "lock", "mill", "canal", "barge", "heron", "reed")
NOTHING_SAID = Made()


def make(target: Target, rows: int, said: Mapping[str, Made], random: np.random.Generator) -> Arrays:
    """Fill every input of a request of so many rows."""
    return {
        form.name: _values(form, shape_of(form, rows, target, said), said.get(form.name, NOTHING_SAID), random)
        for form in target.inputs
    }


def check_said(target: Target, said: Mapping[str, Made]) -> None:
    """Raise BadTarget where a profile speaks of inputs that a model does not have."""
    names = [form.name for form in target.inputs]
    strange = sorted(said.keys() - set(names))
    if strange:
        raise BadTarget(
            f"the profile speaks of input {strange[0]!r}, and model {target.name!r} has {', '.join(map(repr, names))}"
        )


def shape_of(form: TensorForm, rows: int, target: Target, said: Mapping[str, Made]) -> tuple[int, ...]:
    """Close a shape: the rows, then what the profile says of one row or of the whole of a model without rows."""
    head, open_shape = ((rows,), form.shape[1:]) if target.has_rows else ((), form.shape)
    wanted = said.get(form.name, NOTHING_SAID).shape
    if wanted is None:
        return (*head, *(1 if size == UNKNOWN else size for size in open_shape))
    fits = len(wanted) == len(open_shape) and all(
        want in (UNKNOWN, size) for want, size in zip(open_shape, wanted, strict=True)
    )
    if not fits and not form.has_any_rank:
        raise BadTarget(f"the profile gives input {form.name!r} the shape {list(wanted)}, expected {list(open_shape)}")
    return (*head, *wanted)


def _values(form: TensorForm, shape: Sequence[int], said: Made, random: np.random.Generator) -> Array:
    if form.datatype == BYTES:
        return _strings(shape, said, random)
    dtype = DTYPES[form.datatype]
    if dtype.kind == "b":
        return random.integers(0, 1, size=shape, endpoint=True).astype(dtype)
    if dtype.kind == "f":
        low, high = said.low if said.low is not None else 0.0, said.high if said.high is not None else 1.0
        _check_range(form, low, high)
        # Neither end: zero has no logarithm.
        share = random.integers(1, STEPS, size=shape) / STEPS
        numbers = low + share * (high - low)
        return to_bf16(numbers) if form.datatype == BF16 else numbers.astype(dtype)
    usual = BRIGHTEST if form.datatype == "UINT8" else LARGEST_INDEX
    bounds = np.iinfo(dtype)
    least, most = int(said.low) if said.low is not None else 0, int(said.high) if said.high is not None else usual
    _check_range(form, least, most)
    if least < bounds.min or most > bounds.max:
        raise BadTarget(f"the profile asks for {least} to {most} of input {form.name!r}, which is {form.datatype}")
    return random.integers(least, most, size=shape, endpoint=True, dtype=dtype)


def _check_range(form: TensorForm, low: float, high: float) -> None:
    if low > high:
        raise BadTarget(f"the profile asks for numbers from {low:g} to {high:g} of input {form.name!r}")


def _strings(shape: Sequence[int], said: Made, random: np.random.Generator) -> Array:
    words = [word.encode() for word in said.words]
    count = prod(shape)
    if words:
        elements = [words[index] for index in random.integers(0, len(words), size=count).tolist()]
    else:
        picks = random.integers(0, len(WORDS), size=count).tolist()
        numbers = random.integers(0, STEPS, size=count).tolist()
        elements = [f"{WORDS[pick]} {number}".encode() for pick, number in zip(picks, numbers, strict=True)]
    made = np.empty(count, dtype=np.object_)
    made[:] = elements
    return made.reshape(shape)
