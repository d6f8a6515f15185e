"""Between our requests and KServe's types.

KServe's InferRequest and InferResponse carry lists of Python numbers; ours are
arrays. Only models with code of their user's around them pay for the change.
"""

from typing import Any

import kserve
import numpy as np

from serving.datatypes import DTYPES, NAMES
from serving.errors import InvalidRequest
from serving.request import Request, all_outputs
from serving.signature import Signature, Tensors


def to_infer_request(request: Request, model_name: str) -> kserve.InferRequest:
    inputs = [
        kserve.InferInput(name, list(array.shape), _datatype(array), data=_elements(array))
        for name, array in request.tensors.items()
    ]
    return kserve.InferRequest(model_name, inputs, request_id=request.id or None)


def from_infer_request(payload: kserve.InferRequest, signature: Signature) -> Request:
    tensors: Tensors = {}
    for entry in payload.inputs:
        spec = signature.input(entry.name)
        spec.check(entry.datatype, entry.shape)
        tensors[spec.name] = as_array(entry)
    signature.check_complete(tensors)
    return Request(tensors, signature.rows(tensors), all_outputs(signature), id=payload.id or "")


def to_infer_response(outputs: Tensors, model_name: str, request_id: str) -> kserve.InferResponse:
    described = [
        kserve.InferOutput(name, list(array.shape), _datatype(array), data=_elements(array))
        for name, array in outputs.items()
    ]
    return kserve.InferResponse(response_id=request_id, model_name=model_name, infer_outputs=described)


def _datatype(array: np.ndarray) -> str:
    datatype = NAMES[array.dtype]
    if datatype == "BF16":
        raise InvalidRequest("kserve's types have no BF16, so a model with code of its user's around it takes none")
    return datatype


def _elements(array: np.ndarray) -> list[Any]:
    """List the elements as KServe does: text as str, bytes that are no text as they are."""
    elements: list[Any] = array.ravel().tolist()
    if array.dtype != np.object_:
        return elements
    try:
        return [element.decode() for element in elements]
    except UnicodeDecodeError:
        return elements


def as_array(tensor: Any) -> np.ndarray:
    """Read a tensor of KServe's, whose text elements may be str."""
    array: np.ndarray = np.asarray(tensor.as_numpy())
    if tensor.datatype == "BYTES":
        elements = [value.encode() if isinstance(value, str) else bytes(value) for value in array.ravel().tolist()]
        array = np.empty(len(elements), dtype=np.object_)
        array[:] = elements
        return array.reshape(tensor.shape)
    return array.astype(DTYPES[tensor.datatype], copy=False).reshape(tensor.shape)
