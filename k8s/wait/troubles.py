"""What can be wrong with a rollout, and who can mend it.

Each Kind has one row in MENDS, which decides how long it may last before
waiting is given up. The sentence of a Trouble is for a person; what its log
says is added by whoever can read logs. Pure.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum


class Mends(Enum):
    """Who can make a trouble go away."""

    NOBODY = "at once"
    """Nothing but a change of what was applied, so waiting is pointless."""

    PERSON = "after the grace"
    """A person or a script beside this one: a Secret is made, an image is pushed."""

    TIME = "after the patience"
    """It may pass by itself: a node is added, a quota frees, a registry or webhook comes back."""

    WAITING = "at the timeout"
    """It looks the same as a start that takes long, so only a limit can tell."""


class Kind(StrEnum):
    """What is wrong, in a word for machines."""

    ADMISSION = "admission"
    CANNOT_START = "cannot_start"
    CONFIG = "config"
    CRASH = "crash"
    CREATE_FAILED = "create_failed"
    DEADLINE = "progress_deadline"
    DELETED = "deleted"
    EVICTED = "evicted"
    HELD_BACK = "held_back"
    IMAGE = "image"
    IMAGE_NAME = "image_name"
    INIT_CONTAINER = "init_container"
    KSERVE_NOT_READY = "kserve_not_ready"
    KSERVE_REFUSES = "kserve_refuses"
    LINGERING = "lingering"
    NO_DEPLOYMENT = "no_deployment"
    NOT_CARRIED = "not_carried"
    PAUSED = "paused"
    PROBE = "probe"
    QUOTA = "quota"
    REGISTRY = "registry"
    SANDBOX = "sandbox"
    SCALED_TO_ZERO = "scaled_to_zero"
    SERVICE_ACCOUNT = "service_account"
    STOPPED = "stopped"
    UNSCHEDULABLE = "unschedulable"
    VOLUME = "volume"
    WEBHOOK = "webhook"


MENDS = {
    Kind.ADMISSION: Mends.PERSON,
    Kind.CANNOT_START: Mends.PERSON,
    Kind.CONFIG: Mends.PERSON,
    Kind.CRASH: Mends.PERSON,
    Kind.CREATE_FAILED: Mends.TIME,
    Kind.DEADLINE: Mends.NOBODY,
    Kind.DELETED: Mends.NOBODY,
    Kind.EVICTED: Mends.TIME,
    Kind.HELD_BACK: Mends.PERSON,
    Kind.IMAGE: Mends.PERSON,
    Kind.IMAGE_NAME: Mends.NOBODY,
    Kind.INIT_CONTAINER: Mends.PERSON,
    Kind.KSERVE_NOT_READY: Mends.TIME,
    Kind.KSERVE_REFUSES: Mends.PERSON,
    Kind.LINGERING: Mends.TIME,
    Kind.NO_DEPLOYMENT: Mends.TIME,
    Kind.NOT_CARRIED: Mends.TIME,
    Kind.PAUSED: Mends.PERSON,
    Kind.PROBE: Mends.WAITING,
    Kind.QUOTA: Mends.TIME,
    Kind.REGISTRY: Mends.TIME,
    Kind.SANDBOX: Mends.TIME,
    Kind.SCALED_TO_ZERO: Mends.PERSON,
    Kind.SERVICE_ACCOUNT: Mends.PERSON,
    Kind.STOPPED: Mends.PERSON,
    Kind.UNSCHEDULABLE: Mends.TIME,
    Kind.VOLUME: Mends.PERSON,
    Kind.WEBHOOK: Mends.TIME,
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something is wrong at this moment; the sentence says what, in words for a person."""

    kind: Kind
    sentence: str
    pod: str = ""
    container: str = ""
    log_is_of: str = ""
    """`previous` or `current`: which run of the container has words on it; empty where a log says nothing."""

    asks: str = ""
    """The port and path at which the container itself says why it is not ready, as `8080/v2/health/ready`."""

    revision: str = ""
    """Of the pod template: a trouble of the one before is another trouble."""

    @property
    def mends(self) -> Mends:
        return MENDS[self.kind]

    @property
    def key(self) -> tuple[str, str, str]:
        """Pods come and go, and a back-off has two names: what makes it the same trouble a second later."""
        return (self.kind, self.revision, self.container)
