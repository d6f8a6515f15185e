"""A body that is one tensor and nothing else: V2's raw binary request.

The header says that the JSON before the tensor has no length, so all that JSON
would say follows from the model: its only input, its datatype, and a shape of
which the length of the body leaves nothing open. Taken as one row where the
model has rows. The body is viewed, not copied.
"""

from math import prod

from serving import binary_tensor
from serving.datatypes import BYTES
from serving.errors import InvalidRequest
from serving.request import Request, all_outputs
from serving.signature import UNKNOWN, Signature, TensorSpec


def decode(body: bytes | memoryview, signature: Signature) -> Request:
    """Read the body as the model's one input; every output is wanted as a binary tensor."""
    if len(signature.inputs) != 1:
        raise InvalidRequest(
            f"a raw binary request needs a model of one input, this one has {len(signature.inputs)}: "
            "send JSON before the tensors, and its length in Inference-Header-Content-Length"
        )
    spec = signature.inputs[0]
    shape = _shape(spec, len(body), is_batched=signature.is_batched)
    if spec.datatype == BYTES:
        # One element, which is the body: what tells elements apart would be the first thing to get wrong.
        body = binary_tensor.LENGTH.pack(len(body)) + bytes(body)
    tensors = {spec.name: binary_tensor.to_array(spec, body, shape)}
    return Request(
        tensors,
        rows=signature.rows(tensors),
        outputs=all_outputs(signature, is_binary=True),
        is_binary=True,
    )


def _shape(spec: TensorSpec, size: int, *, is_batched: bool) -> list[int]:
    if spec.shape is None:
        raise InvalidRequest(f"a raw binary request needs a shape, and input {spec.name!r} may have any")
    shape = [1, *spec.shape[1:]] if is_batched else list(spec.shape)
    open_places = [place for place, length in enumerate(shape) if length == UNKNOWN]
    if spec.datatype == BYTES:
        shape = [1 if length == UNKNOWN else length for length in shape]
        if prod(shape) != 1:
            raise InvalidRequest(
                f"a raw binary request carries one element of BYTES, and input {spec.name!r} takes {list(spec.shape)}"
            )
        return shape
    if len(open_places) > 1:
        raise InvalidRequest(
            f"a raw binary request leaves at most one dimension open, and input {spec.name!r} takes {list(spec.shape)}"
        )
    known = prod(length for length in shape if length != UNKNOWN) * spec.dtype.itemsize
    for place in open_places:
        if not known or size % known:
            raise InvalidRequest(
                f"the body has {size} bytes, expected a multiple of {known} for input {spec.name!r}, "
                f"{spec.datatype} of shape {shape}"
            )
        shape[place] = size // known
    return shape
