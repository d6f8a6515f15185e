"""The versions that are rolled out: one good, seven bad ones, and how each is known to callers.

What is wrong with each is in `make_versions.py`, which runs inside the cluster.
"""

from dataclasses import dataclass
from pathlib import Path

from tests.cluster.rollout.make_versions import NUMBERS

MAKE = Path(__file__).with_name("make_versions.py")


@dataclass(frozen=True)
class Version:
    """One that is to take the first one's place."""

    name: str
    """Of its folder in the library."""
    title: str
    starts: bool = True
    """Whether its pods ever become ready."""
    hurts: str = ""
    """What it does to a request that it answers: failed, wrong or slow; nothing is told of those it harms otherwise."""

    @property
    def number(self) -> str:
        """What callers are told by its answers."""
        return str(NUMBERS[self.name])


FIRST = Version("first", "the version that has the traffic")
GOOD = Version("good", "a good version")
BAD = (
    Version("errors", "2 % of its requests fail with 500", hurts="failed"),
    Version("slow", "one answer in 25 takes 60 ms of a processor more", hurts="slow"),
    Version("wrong", "every digit is taken for the next one", hurts="wrong"),
    Version("leaking", "keeps 4 MB of each request"),
    Version("drifted", "takes 1 for 7 and 4 for 9", hurts="wrong"),
    Version("torn", "crashes at each start", starts=False),
    Version("silent", "never becomes ready", starts=False),
)
BY_NAME = {version.name: version for version in (FIRST, GOOD, *BAD)}
