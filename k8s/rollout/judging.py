"""The gates of one rollout, asked of Prometheus as a look needs them: of both sides, or of one alone."""

from urllib.parse import urlsplit

from k8s.rollout.backends.backend import Backend
from k8s.rollout.gates.finding import Finding
from k8s.rollout.gates.promised import Promise
from k8s.rollout.gates_seen import look
from k8s.rollout.machine.needs import Needs
from k8s.rollout.plan.alone import alone
from k8s.rollout.plan.form import Plan
from k8s.rollout.prometheus import NoMetrics, Prometheus
from k8s.rollout.seen import Health
from k8s.rollout.side import Side


class Judge:
    """Judges by one plan, one promise and one Prometheus."""

    def __init__(self, prometheus: Prometheus, backend: Backend, plan: Plan, promise: Promise) -> None:
        self._prometheus = prometheus
        self._backend = backend
        self._plan = plan
        self._promise = promise

    def __call__(self, needs: Needs, canary: Health | None, stable: Health | None) -> tuple[Finding, ...]:
        """Judge what is needed. Raises NoMetrics."""
        try:
            return self._judged(needs, canary, stable)
        except NoMetrics as error:
            raise NoMetrics(with_hint(self._prometheus, error)) from error

    def _judged(self, needs: Needs, canary: Health | None, stable: Health | None) -> tuple[Finding, ...]:
        gates = self._plan.gates
        matchers = {side: self._backend.matchers(side) for side in Side}
        if len(needs.sides) == 1:
            # One side alone is held to absolute bounds.
            (side,) = needs.sides
            gates = alone(gates)
            matchers = {side: matchers[side]}
        return look(
            self._prometheus,
            gates,
            matchers,
            needs.window_seconds or self._plan.limits.window_seconds,
            needs.confidence or self._plan.confidence,
            canary,
            stable,
            promise=self._promise,
        )


def with_hint(prometheus: Prometheus, error: NoMetrics) -> str:
    """Say why there are no metrics, and what it often is where an address of this machine does not answer."""
    is_here = urlsplit(prometheus.url).hostname in ("localhost", "127.0.0.1", "::1")
    return f"{error}; does its port-forward still run?" if is_here and "cannot be asked" in str(error) else str(error)
