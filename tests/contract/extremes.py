"""The smallest and the largest value of every datatype, where a careless path narrows them."""

from collections.abc import Mapping
from typing import Any

import ml_dtypes
import numpy as np

from tests.contract.zoo import NUMERIC

EXTREMES: Mapping[str, list[Any]] = {
    "BOOL": [True, False],
    "UINT8": [0, 2**8 - 1],
    "UINT16": [0, 2**16 - 1],
    "UINT32": [0, 2**32 - 1],
    "UINT64": [0, 2**64 - 1],
    "INT8": [-(2**7), 2**7 - 1],
    "INT16": [-(2**15), 2**15 - 1],
    "INT32": [-(2**31), 2**31 - 1],
    "INT64": [-(2**63), 2**63 - 1],
    "FP16": [-65504.0, 6.103515625e-05],
    "BF16": [-1.0, 3.3895313892515355e38],
    "FP32": [-1.1754943508222875e-38, 3.4028234663852886e38],
    "FP64": [5e-324, 1.7976931348623157e308],
}
DTYPES = {
    datatype: np.dtype(ml_dtypes.bfloat16) if datatype == "BF16" else np.dtype(name)
    for name, datatype in NUMERIC.items()
}
