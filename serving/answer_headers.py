"""Which headers of a user's own code go out with an answer.

Over HTTP they are headers, over gRPC metadata, so what is passed on must be
valid as both. What frames the message or names the request is the server's own
to say. Pure.
"""

import re
from collections.abc import Mapping

NAME = re.compile(r"[a-z0-9_.-]+")
VALUE = re.compile(r"[ -~]*")

OURS = frozenset(
    ("connection", "content-encoding", "content-length", "content-type", "date", "keep-alive", "server", "te")
    + ("trailer", "transfer-encoding", "upgrade", "x-request-id", "inference-header-content-length", "prediction-id")
)


def passed_on(headers: Mapping[object, object]) -> dict[str, str]:
    """Give those that may go out, with their names in lower case."""
    texts = {str(name).lower(): str(value) for name, value in headers.items()}
    return {name: value for name, value in texts.items() if _is_free(name) and VALUE.fullmatch(value)}


def _is_free(name: str) -> bool:
    is_grpcs = name.startswith("grpc-") or name.endswith("-bin")
    return NAME.fullmatch(name) is not None and name not in OURS and not is_grpcs
