"""`python -m tests.contract.chart.keep_schema VERSION DEFINITION...`: keep what a custom resource may be.

A definition is a CustomResourceDefinition as its project publishes it. What is
kept beside this file, in `schemas/`, is its newest served version without its
prose and without the parts that no chart of ours makes. Objects are closed, as
they are for `kubectl --validate=strict`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

SCHEMAS = Path(__file__).parent / "schemas"

LEFT_OUT = {
    "InferenceService": {
        *("explainer", "transformer", "canary", "workerSpec", "status", "sklearn", "xgboost", "tensorflow", "pytorch"),
        *("triton", "onnx", "huggingface", "pmml", "lightgbm", "paddle"),
    },
    "ServingRuntime": {"workerSpec", "status"},
    "HTTPRoute": {"status"},
    "GRPCRoute": {"status"},
    "PodMonitor": {"status"},
    "ServiceMonitor": {"status"},
    "PrometheusRule": {"status"},
    "ScaledObject": {"status"},
    "GrafanaDashboard": {"status"},
}
"""Properties that are not kept: with them, what one uses would drown in what one does not."""


def keep(definition: dict[str, Any], version: str) -> tuple[str, dict[str, Any]]:
    """Give the name to keep a definition under, and what to keep of it."""
    spec = definition["spec"]
    kind = spec["names"]["kind"]
    served = [entry for entry in spec["versions"] if entry["served"]]
    newest = next(entry for entry in served if entry["storage"])
    schema = _closed(newest["schema"]["openAPIV3Schema"], LEFT_OUT[kind])
    schema["properties"]["metadata"] = {"type": "object"}
    return f"{spec['group']}-{newest['name']}-{kind}.json", {
        "$comment": f"{definition['metadata']['name']} of {version}, Apache-2.0; made by keep_schema.py",
        **schema,
    }


def _closed(node: Any, left_out: set[str]) -> Any:
    if isinstance(node, list):
        return [_closed(entry, left_out) for entry in node]
    if not isinstance(node, dict):
        return node
    kept = {
        name: _closed(value, left_out)
        for name, value in node.items()
        # A property may be called "description" too, and is a mapping then.
        if not (name in ("description", "example") and isinstance(value, str))
        and not name.startswith("x-kubernetes-")
        and name not in ("default", "format")
    }
    if isinstance(kept.get("properties"), dict):
        kept["properties"] = {name: value for name, value in kept["properties"].items() if name not in left_out}
        if "x-kubernetes-preserve-unknown-fields" not in node and "type" in kept:
            kept.setdefault("additionalProperties", False)
    return kept


def main(version: str, *files: str) -> None:
    SCHEMAS.mkdir(exist_ok=True)
    for file in files:
        # Some charts put templates around the definition; those lines are no YAML.
        text = "\n".join(line for line in Path(file).read_text().splitlines() if not line.startswith("{{"))
        name, schema = keep(next(document for document in yaml.safe_load_all(text) if document), version)
        (SCHEMAS / name).write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
