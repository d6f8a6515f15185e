"""What a rollout was begun with, kept beside its state: who goes on with it or aborts it need only name the target."""

import json
from dataclasses import asdict, dataclass

from k8s.rollout.backends.wishes import Wishes
from k8s.rollout.plan.form import Plan


@dataclass(frozen=True, slots=True)
class Terms:
    """Where to, by which way, and by which plan."""

    wishes: Wishes
    """With the backend that was chosen, and what it calls the sides."""
    plan: Plan
    why: str = ""
    """Why this backend."""

    def differences(self, asked: Wishes, plan: Plan | None) -> list[str]:
        """Say what another start asks for otherwise; what it leaves open is no difference."""
        pairs = (
            ("it goes to", self.wishes.to, asked.to),
            ("its backend is", self.wishes.backend, "" if asked.backend == "auto" else asked.backend),
            ("its GRPCRoute is", self.wishes.grpc_route, asked.grpc_route),
            ("its canary is", self.wishes.canary_name, asked.canary_name),
            ("its model is at", self.wishes.storage_uri, asked.storage_uri),
        )
        found = [
            f"{words} {mine or 'unnamed'}, not {theirs}" for words, mine, theirs in pairs if theirs not in ("", mine)
        ]
        if plan is not None and plan != self.plan:
            found.append("its plan is another")
        return found


def to_json(terms: Terms) -> str:
    """Write the terms down."""
    told = {
        "wishes": asdict(terms.wishes),
        "plan": terms.plan.model_dump(mode="json", exclude_defaults=True),
        "why": terms.why,
    }
    return json.dumps(told, separators=(",", ":"))


def from_json(text: str) -> Terms:
    """Read them again. Raises ValueError, KeyError, TypeError."""
    told = json.loads(text)
    return Terms(Wishes(**told["wishes"]), Plan.model_validate(told["plan"]), str(told.get("why", "")))
