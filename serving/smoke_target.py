"""Where a server is that is to be tried, and what is shown to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_SECONDS = 30.0
"""How long one answer may take."""


class SmokeFailure(Exception):
    """The server did not do what it should; the message says what, in a sentence."""


@dataclass(frozen=True)
class Target:
    """One server, by its address and its model's name."""

    host: str
    http_port: int
    grpc_port: int
    model_name: str
    api_key: str = ""
    trust: Path | None = None
    """Certificates to trust, in PEM; without it, plain text is spoken."""
    certificate: Path | None = None
    """The certificate to show where the server asks for one, and its key."""
    key: Path | None = None

    @property
    def headers(self) -> Mapping[str, str]:
        """What goes with every request, as headers and as metadata alike."""
        return {"authorization": f"Bearer {self.api_key}"} if self.api_key else {}
