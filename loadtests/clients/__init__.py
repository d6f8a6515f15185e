"""How a request goes over the wire, under gevent: the only files beside `engine/` and `locustfile.py` that know it.

exchange.py   what a client promises; knows no gevent
address.py    where a target is, and what lets one in
rest.py, http1.py, rest_outcome.py                     REST
grpc.py, grpc_connection.py, grpc_outcome.py           gRPC
dial.py, wire.py, lost.py                              connections

`open_client` imports gevent when it is called, so that whoever needs the forms
alone is left as it is.
"""

from loadtests.clients.address import Access, BadAddress, read_grpc, read_url
from loadtests.clients.exchange import Client
from loadtests.profile.form import Stream

__all__ = ["Access", "BadAddress", "open_client"]

NOTHING_MORE = Access()


def open_client(stream: Stream, url: str, grpc: str, access: Access = NOTHING_MORE) -> Client:
    """Give a client for the requests of a stream; raises BadAddress.

    Nothing is connected yet. gRPC is secure where its address says grpcs://, or nothing and REST's says https://.
    """
    if stream.protocol == "grpc":
        from loadtests.clients.grpc import GrpcClient

        return GrpcClient(
            read_grpc(grpc, is_secure=url.startswith("https:")),
            access,
            connections=stream.connections,
            requests_per_connection=stream.requests_per_connection,
            deadline_seconds=stream.deadline_seconds,
        )
    from loadtests.clients.rest import RestClient

    return RestClient(
        read_url(url),
        access,
        connections=stream.connections,
        requests_per_connection=stream.requests_per_connection,
        deadline_seconds=stream.deadline_seconds,
    )
