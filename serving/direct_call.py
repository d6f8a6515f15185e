"""A shorter way into a graph than the call that TensorFlow offers.

A signature's own call binds arguments, looks for tapes and captures, and packs
its outputs anew each time: about 110 µs of Python around a graph that may take
70. All of it comes out the same for every batch, so it is done once, and a run
is then the one call into TensorFlow's C++ that remains. That call is private to
TensorFlow: it is only used after its answer to made-up rows was the same as the
public one's, and whatever is strange about a model, or about the TensorFlow
installed, means that there is no direct call. Knows no queue.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from serving.datatypes import BYTES
from serving.signature import UNKNOWN, Tensors, TensorSpec

Call = Callable[[Tensors], Tensors]


def direct_call(public: Any, call_publicly: Call, inputs: Sequence[TensorSpec]) -> Call | None:
    """Give a call that answers as the signature `public` does, or None where that cannot be promised.

    It may be made from several threads at once; nobody may change a tensor while
    it runs.
    """
    # Anything may be missing from, or have changed in, what TensorFlow does not promise to keep.
    try:
        call = _bind(public, inputs)
        tried = _made_up(inputs)
        return call if _agree(call_publicly(tried), call(tried)) else None
    except Exception:  # noqa: BLE001
        return None


def _bind(public: Any, inputs: Sequence[TensorSpec]) -> Call:
    """Do once what TensorFlow does at each call; raises anything where it does it otherwise."""
    from tensorflow.python.eager import context as eager_context
    from tensorflow.python.eager import execute as eager_execute
    from tensorflow.python.framework import ops

    context = eager_context.context()
    execute, to_tensor = eager_execute.execute, ops.EagerTensor
    graph = public._inference_function  # noqa: SLF001
    captured = list(public.captured_inputs)
    if not all(isinstance(each, ops.EagerTensor) for each in captured):
        raise TypeError("the signature captures something that is looked up at each call")
    names = _order(public, inputs)
    outputs = sorted(public.structured_outputs)
    if len(outputs) != len(graph.function_type.flat_outputs) or len(names) != len(inputs):
        raise TypeError("the signature has other tensors than it says")
    function, count = graph.name.decode(), len(outputs)
    attributes = tuple(part for pair in context.function_call_options.as_attrs().items() for part in pair)

    def call(tensors: Tensors) -> Tensors:
        # `tf.constant` would copy each array first, for fear that its owner changes it. No device is named: the graph
        # takes its inputs to where it runs, and to be told twice costs 4 µs.
        arguments = [to_tensor(tensors[name], None, None) for name in names]
        results = execute(function, count, arguments + captured, attributes, context)
        return {name: as_array(result.numpy()) for name, result in zip(outputs, results, strict=True)}

    return call


def as_array(value: Any) -> np.ndarray:
    """Take a scalar like any other tensor: TensorFlow gives one of numbers as no array, and one of text as bytes."""
    return np.array(value, dtype=np.object_) if isinstance(value, bytes) else np.asarray(value)


def _order(public: Any, inputs: Sequence[TensorSpec]) -> list[str]:
    """Find out in which order the graph takes its inputs."""
    placed = {name: tf.constant(array) for name, array in _made_up(inputs).items()}
    bound = public.function_type.bind(**placed)
    flat = public.function_type.unpack_inputs(bound)
    return [next(name for name, tensor in placed.items() if tensor is each) for each in flat]


def _made_up(inputs: Sequence[TensorSpec]) -> Tensors:
    """Draw a row of small numbers, other ones for each input; ones that index a table are in it."""
    random = np.random.default_rng(0)
    tensors: Tensors = {}
    for spec in inputs:
        shape = [1 if size == UNKNOWN else size for size in spec.shape or ()]
        numbers = np.asarray(random.random(shape) if spec.dtype.kind in "fV" else random.integers(0, 2, shape))
        # By way of numpy's own strings, whose elements as objects are bytes.
        plain = numbers.astype(np.bytes_) if spec.datatype == BYTES else numbers
        tensors[spec.name] = plain.astype(spec.dtype)
    return tensors


def _agree(expected: Tensors, came: Tensors) -> bool:
    return expected.keys() == came.keys() and all(_same(expected[name], came[name]) for name in expected)


def _same(expected: np.ndarray, came: np.ndarray) -> bool:
    if expected.dtype != came.dtype or expected.shape != came.shape:
        return False
    if expected.dtype.kind not in "fV":
        return bool(np.array_equal(expected, came))
    # Threads of TensorFlow's may add up the same numbers in another order.
    one, other = expected.astype(np.float64), came.astype(np.float64)
    return bool(np.allclose(one, other, rtol=1e-3, atol=1e-6, equal_nan=True))
