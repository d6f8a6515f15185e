"""What Triton's own client sends for tensors of each datatype, as JSON: for the tests, which may not import gevent.

    python -m tests.contract.loadtests.triton_bodies FILE.npz

The file holds an array under each datatype's name.
"""

import base64
import json
import sys
from typing import Any

import ml_dtypes
import numpy as np
import tritonclient.http as triton


def main(path: str) -> None:
    written: dict[str, Any] = {}
    with np.load(path, allow_pickle=True) as arrays:
        for datatype in arrays.files:
            array = arrays[datatype]
            if datatype == "BF16":
                array = array.astype(ml_dtypes.bfloat16)
            tensor = triton.InferInput("x", list(array.shape), datatype)
            tensor.set_data_from_numpy(array, binary_data=True)
            body, head_bytes = triton.InferenceServerClient.generate_request_body([tensor], request_id="q-1")
            written[datatype] = [base64.b64encode(body).decode(), head_bytes]
    sys.stdout.write(json.dumps(written))


if __name__ == "__main__":
    main(sys.argv[1])
