"""Triton's and KServe's own descriptors of the protocol: `python triton_messages.py WHOSE` writes them as JSON.

WHOSE is triton, kserve or ours. One process for each, since they claim the same names.
"""

import importlib
import json
import sys
from typing import Any

FILES = {
    "triton": ("tritonclient.grpc.service_pb2", "tritonclient.grpc.model_config_pb2"),
    "kserve": ("kserve.protocol.grpc.grpc_predict_v2_pb2",),
    "ours": ("serving.oip_pb2",),
}


def fields(message: Any) -> dict[str, list[Any]]:
    """The name, the type and the kind of each field, by its number."""
    return {str(field.number): [field.name, field.type, field.is_repeated, inner(field)] for field in message.fields}


def inner(field: Any) -> str:
    other = field.message_type or field.enum_type
    return other.full_name if other is not None else ""


def messages(found: Any) -> dict[str, Any]:
    described: dict[str, Any] = {}
    for message in found:
        described[message.full_name] = fields(message)
        described |= messages(message.nested_types)
    return described


def main() -> None:
    described: dict[str, Any] = {"messages": {}, "methods": {}, "enums": {}}
    for name in FILES[sys.argv[1]]:
        file = importlib.import_module(name).DESCRIPTOR
        described["messages"] |= messages(file.message_types_by_name.values())
        for enum in file.enum_types_by_name.values():
            described["enums"][enum.full_name] = {value.name: value.number for value in enum.values}
        for service in file.services_by_name.values():
            for method in service.methods:
                described["methods"][method.name] = [
                    *(method.input_type.full_name, method.output_type.full_name),
                    *(method.client_streaming, method.server_streaming),
                ]
    json.dump(described, sys.stdout)


if __name__ == "__main__":
    main()
