"""The V2 datatypes and their numpy counterparts.

One table: the name on the wire, the dtype in memory. BYTES is an object array
whose elements are `bytes`; FP16 and BF16 are as wide as numpy and ml_dtypes
make them. Knows nothing of requests, models or TensorFlow.
"""

from collections.abc import Mapping
from types import MappingProxyType

import ml_dtypes
import numpy as np

BYTES = "BYTES"

DTYPES: Mapping[str, np.dtype] = MappingProxyType(
    {
        "BOOL": np.dtype(np.bool_),
        "UINT8": np.dtype(np.uint8),
        "UINT16": np.dtype(np.uint16),
        "UINT32": np.dtype(np.uint32),
        "UINT64": np.dtype(np.uint64),
        "INT8": np.dtype(np.int8),
        "INT16": np.dtype(np.int16),
        "INT32": np.dtype(np.int32),
        "INT64": np.dtype(np.int64),
        "FP16": np.dtype(np.float16),
        "BF16": np.dtype(ml_dtypes.bfloat16),
        "FP32": np.dtype(np.float32),
        "FP64": np.dtype(np.float64),
        BYTES: np.dtype(np.object_),
    }
)

NAMES: Mapping[np.dtype, str] = MappingProxyType({dtype: name for name, dtype in DTYPES.items()})
