"""One look at a rollout: what is needed is read, and what cannot be read is told as such."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from k8s.api_server import ApiError
from k8s.rollout.backends.backend import Backend, Changed, Refused
from k8s.rollout.gates.finding import Finding
from k8s.rollout.machine.needs import Needs
from k8s.rollout.prometheus import NoMetrics
from k8s.rollout.seen import Health, Seen, Traffic
from k8s.rollout.side import Side

NEVER_ASKED = "no Prometheus is asked here"


class Judging(Protocol):
    """What asks Prometheus and judges."""

    def __call__(self, needs: Needs, canary: Health | None, stable: Health | None) -> Sequence[Finding]:
        """Judge each gate over the window, the sides and with the confidence that are asked for. Raises NoMetrics."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is known without looking at the cluster: what people want, and what this process has done."""

    abort: str = ""
    approval: str = ""
    acted: bool = False


class Looker:
    """Looks at the two sides of one rollout."""

    def __init__(self, backend: Backend, judging: Judging | None, smoke: Callable[[], str] | None) -> None:
        self._backend = backend
        self._judging = judging
        self._smoke = smoke

    def look(self, needs: Needs, now: float, beside: Beside, keep: Callable[[], None]) -> Seen:
        """Read what is needed; `keep` is called in between, since reads may take long."""
        errors: list[str] = []
        traffic: Traffic | None = None
        health: dict[Side, Health] = {}
        try:
            if needs.traffic:
                traffic = self._backend.traffic()
            for side, is_needed in ((Side.CANARY, needs.canary), (Side.STABLE, needs.stable)):
                if is_needed:
                    health[side] = self._backend.health(side)
        except (ApiError, Changed, Refused) as error:
            errors.append(str(error))
        keep()
        canary, stable = health.get(Side.CANARY), health.get(Side.STABLE)
        findings, metrics_error = self._findings(needs, canary, stable, errors)
        keep()
        return Seen(
            now=now,
            traffic=traffic,
            canary=canary,
            stable=stable,
            findings=findings,
            smoke=self._asked(errors) if needs.smoke else None,
            error="; ".join(errors),
            metrics_error=metrics_error,
            abort=beside.abort,
            approval=beside.approval,
            acted=beside.acted,
        )

    def _findings(
        self, needs: Needs, canary: Health | None, stable: Health | None, errors: list[str]
    ) -> tuple[tuple[Finding, ...] | None, str]:
        if needs.window_seconds is None:
            return None, ""
        if self._judging is None:
            return None, NEVER_ASKED
        try:
            return tuple(self._judging(needs, canary, stable)), ""
        except NoMetrics as error:
            return None, str(error)
        except (ApiError, Changed, Refused) as error:
            # Whose series they are could not be read of the cluster, which is no fault of Prometheus.
            errors.append(str(error))
            return (), ""

    def _asked(self, errors: list[str]) -> str | None:
        if self._smoke is None:
            return ""
        try:
            return self._smoke()
        except ApiError as error:
            errors.append(str(error))
            return None
