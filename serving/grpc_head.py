"""What a call's header fields ask for: a method, a deadline, a compression.

Pure. What cannot be served is raised as Refused, with the fields that say so.
"""

from collections.abc import Mapping
from functools import partial
from math import inf
from typing import NamedTuple

from serving import grpc_wire
from serving.call import Call
from serving.grpc_method import CallFailed, Streaming, Unary
from serving.grpc_wire import Fields

Routes = Mapping[bytes, Unary | Streaming]
"""Methods by path, as it is on the wire."""

FIELDS_BYTES = 16 * 1024
"""What a caller's metadata may hold."""
FIELD_OVERHEAD_BYTES = 32
"""What HTTP/2 counts beside the text of a field."""

CONTENT_TYPE = b"application/grpc"


class Head(NamedTuple):
    """A call that can be served."""

    method: Unary | Streaming
    call: Call
    deadline: float
    encoding: bytes


class Refused(Exception):
    """The call is answered at once, whatever its body."""

    def __init__(self, fields: Fields) -> None:
        super().__init__(fields)
        self.fields = fields


def read_head(fields: Fields, routes: Routes) -> Head:
    """Raises Refused."""
    named = dict(fields)
    content_type = named.get(b"content-type", b"")
    if content_type != CONTENT_TYPE and not content_type.startswith((b"application/grpc+", b"application/grpc;")):
        raise Refused(grpc_wire.WRONG_CONTENT_TYPE_FIELDS)
    if named[b":method"] != b"POST":
        raise Refused(grpc_wire.WRONG_METHOD_FIELDS)
    call = None
    try:
        method = routes.get(named[b":path"])
        if method is None:
            shown = named[b":path"][:200].decode("latin-1")
            raise CallFailed("UNIMPLEMENTED", f"no method {shown} is served here", "unknown_route")
        size = sum(map(len, named.values())) + FIELD_OVERHEAD_BYTES * len(fields)
        if size > FIELDS_BYTES:
            raise CallFailed("RESOURCE_EXHAUSTED", f"the metadata has {size} bytes, and the limit is {FIELDS_BYTES}")
        encoding = named.get(b"grpc-encoding", b"identity")
        if encoding != b"identity":
            grpc_wire.check_encoding(encoding)
        timeout = named.get(b"grpc-timeout")
        seconds = inf if timeout is None else grpc_wire.read_timeout(timeout)
        call = Call(partial(grpc_wire.read_metadata, fields), seconds, named)
        if method.admit is not None:
            method.admit(call)
    except CallFailed as failure:
        told = call.answer_headers if call is not None else None
        raise Refused((*grpc_wire.ANSWER_FIELDS, *grpc_wire.failure_fields(failure, told))) from None
    return Head(method, call, call.deadline, encoding)
