"""The requests in docs/examples ask the same on each protocol, so that their answers can be compared."""

import base64
import json
from pathlib import Path
from typing import Any

EXAMPLES = Path("docs/examples")


def example(name: str) -> Any:
    return json.loads((EXAMPLES / name).read_text())


def test_the_three_sevens_are_one_picture() -> None:
    (v2,) = example("seven.json")["inputs"]
    (rows,) = example("seven-v1.json")["instances"]
    grpc = example("seven-grpc.json")
    assert v2["data"] == [pixel for row in rows for pixel in row]
    assert bytes(v2["data"]) == base64.b64decode(grpc["raw_input_contents"][0])
    assert grpc["inputs"] == [{name: v2[name] for name in ("name", "shape", "datatype")}]
