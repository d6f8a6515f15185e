"""What was seen of a rollout at one moment: all that is decided on.

Everything is optional, since an API server or a Prometheus may not answer; what
was not seen is never taken for good.
"""

from dataclasses import dataclass

from k8s.rollout.gates.finding import Finding


@dataclass(frozen=True, slots=True)
class Health:
    """How the pods of one side are."""

    ready: bool
    """All that are wanted are there, of the newest revision, and ready."""
    sentence: str = ""
    """What is missing or wrong."""
    hopeless: bool = False
    """A trouble that only another version mends, as a crash at each start."""
    pods: int = 0
    """Ready ones."""
    restarts: int = 0
    """Of all containers, since the pods were made."""
    revision: str = ""
    """Changes where somebody changes the version in the middle."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """How the requests are shared, as the cluster tells it."""

    canary_percent: float
    """As it is written down."""
    effective: bool = True
    """Whether those who route have taken it up."""
    sentence: str = ""
    """What is not as it should be."""
    can_return: bool = True
    """Whether a share of 0 still brings everything back. False once a promotion has replaced the old version."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One look, at `now` seconds since the epoch."""

    now: float
    traffic: Traffic | None = None
    canary: Health | None = None
    stable: Health | None = None
    findings: tuple[Finding, ...] | None = None
    """One of each gate, of the window that was asked for; None where Prometheus did not answer or was not asked."""
    smoke: str | None = None
    """Empty where the smoke request was answered well, else what was wrong; None where it was not sent."""
    error: str = ""
    """Why something was not seen: of the API server."""
    metrics_error: str = ""
    """The same of Prometheus."""
    abort: str = ""
    """Who wants it to end, and why: a signal, `--abort`."""
    acted: bool = False
    """Whether this very process has carried out all acts of the decision before, without an error.

    What was decided by a process that is gone may never have been done.
    """
    approval: str = ""
    """Who has approved the step that waits for it (`--approve`), while it waits; whoever looks forgets older ones."""
