"""Where a target is, and what it takes to be let in: read once from the command line, told to every connection.

Pure: no name is looked up here. A mistake is a BadAddress, whose words name what
came and what was expected.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

REST_PORTS = {"http": 80, "https": 443}
SECURE = frozenset({"https", "grpcs"})
INSECURE = frozenset({"http", "grpc"})

AUTHORITY = ":authority"
_NAME = re.compile(r":authority|[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class BadAddress(ValueError):
    """Its words are for whoever typed it."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a target asks for beside a request."""

    ca: Path | None = None
    """A file of certificates to trust, in PEM; None trusts what the system does."""
    insecure: bool = False
    """Believe any certificate."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with each request: a key, or the Host by which a gateway chooses. Over gRPC, the metadata. `:authority` is
    that of gRPC alone, since gateways know each protocol by a name of its own."""

    def __post_init__(self) -> None:
        for name, value in self.headers.items():
            if not _NAME.fullmatch(name):
                raise BadAddress(f"the header {name!r} has a character that no name of a header may have")
            if not _VALUE.fullmatch(value):
                raise BadAddress(f"the header {name} has a character that no header may have, such as a line's end")

    @property
    def rest_headers(self) -> dict[str, str]:
        """Those of requests over REST."""
        return {name: value for name, value in self.headers.items() if name != AUTHORITY}

    @property
    def metadata(self) -> dict[str, str]:
        """Those of calls over gRPC, without the name that they call the server by."""
        return {name: value for name, value in self.rest_headers.items() if name.lower() != "host"}

    def authority(self, address: "Address") -> str:
        """Give the name that calls over gRPC call the server by."""
        host = next((value for name, value in self.headers.items() if name.lower() == "host"), address.authority)
        return self.headers.get(AUTHORITY, host)


@dataclass(frozen=True, slots=True)
class Address:
    """One end of the connections of a client."""

    host: str
    port: int
    is_secure: bool = False
    prefix: str = ""
    """What comes before the path of each request, without a slash at its end."""

    @property
    def authority(self) -> str:
        """What a request calls the server."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == REST_PORTS["https" if self.is_secure else "http"] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_url(url: str) -> Address:
    """Read the address of REST."""
    expected = f"the address {url!r} must be as http://HOST:PORT or https://HOST:PORT"
    parts = urlsplit(url)
    if parts.scheme not in REST_PORTS:
        raise BadAddress(expected)
    if parts.username or parts.query or parts.fragment:
        raise BadAddress(f"{expected}, without a user, a question or a fragment; a key is given as a header")
    host, port = _host_and_port(parts.netloc, expected)
    prefix = parts.path.rstrip("/")
    if not prefix.isascii() or any(character <= " " for character in prefix):
        raise BadAddress(f"{expected}, and its path of printable ASCII")
    return Address(host, port or REST_PORTS[parts.scheme], parts.scheme in SECURE, prefix)


def read_grpc(address: str, *, is_secure: bool = False) -> Address:
    """Read the address of gRPC, which `is_secure` where REST is, unless it says so itself."""
    expected = f"the gRPC address {address!r} must be as HOST:PORT, grpc://HOST:PORT or grpcs://HOST:PORT"
    scheme, separator, rest = address.rpartition("://")
    if separator:
        if scheme not in SECURE | INSECURE:
            raise BadAddress(expected)
        is_secure = scheme in SECURE
    host, port = _host_and_port(rest.rstrip("/"), expected)
    if port is None:
        raise BadAddress(f"{expected}; the port is missing")
    return Address(host, port, is_secure)


def _host_and_port(text: str, expected: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise BadAddress(expected) from None
    if not host or parts.path or parts.query or parts.username or not host.isascii() or " " in host or port == 0:
        raise BadAddress(expected)
    return host, port
