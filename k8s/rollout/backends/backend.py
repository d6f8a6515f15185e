"""What every way to share traffic can do.

Each method may be called again after a kill at any point: what is done already
is left as it is. All raise k8s.api_server.ApiError where the API server gives
no way on, and Changed where somebody else has written in between.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from k8s.rollout.seen import Health, Traffic
from k8s.rollout.side import Side

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Refused(Exception):
    """This cannot be rolled out so; the message says why and what would be needed. Nothing was changed."""


class Changed(Exception):
    """Somebody else wrote at the same moment; to be tried again."""


class Backend(Protocol):
    """One rollout's way to share traffic."""

    name: str
    """As on the command line: gateway, replicas, kserve-canary, kserve-knative."""

    @property
    def target(self) -> str:
        """The object that holds the shares, as KIND/NAME; the lock and the events are on it."""

    def names(self) -> Mapping[Side, str]:
        """What the sides are called: kept in State.stable and State.canary, and handed in again by who goes on.

        Weights alone do not tell them apart once the canary has everything.
        """

    def matchers(self, side: Side) -> str:
        """What selects a side's series in PromQL, without braces: namespace="models",variant="blue-ecluse"."""

    def nearest(self, percent: float) -> float:
        """The share that can be made; replicas are coarse."""

    def check(self) -> list[str]:
        """Look whether it can be done at all; give sentences worth telling. Raises Refused."""

    def deploy(self) -> None:
        """Make the canary, with no traffic; where a person has deployed it already, do nothing."""

    def traffic(self) -> Traffic:
        """Read back how requests are shared."""

    def health(self, side: Side) -> Health:
        """Look at a side's pods."""

    def shift(self, percent: float) -> None:
        """Give the canary this share. 0 takes everything back."""

    def promote(self) -> None:
        """Make the canary the stable one. It has all the traffic where a backend can do that first."""

    def discard(self) -> None:
        """Take away what `deploy` made, once the canary has no traffic."""

    def ask(
        self, side: Side, path: str, body: bytes | None = None, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, bytes]:
        """Send one request straight to a side, past the shares; give status and body.

        POST where there is a body, else GET. A key goes as X-API-Key: the API server keeps Authorization to itself.
        """
