"""What whoever starts a rollout says of the way to share traffic; the command line's words, and what a state keeps."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wishes:
    """Nothing of it need be said where the cluster leaves one answer."""

    backend: str = "auto"
    """gateway, replicas, kserve-canary, kserve-knative, or auto."""
    to: str = ""
    """The side that is to get the traffic: State.canary of a rollout that goes on, else `--to`."""
    stable: str = ""
    """State.stable of a rollout that goes on; empty for one that begins."""
    grpc_route: str = ""
    """Another name than the HTTPRoute's."""
    storage_uri: str = ""
    """Of the canary that KServe is to make."""
    canary_name: str = ""
