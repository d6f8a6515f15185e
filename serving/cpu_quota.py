"""How many processors this container may use.

The number of processors that the machine shows is the node's, not the
container's: TensorFlow would start a thread for each and be throttled. The
quota is read from the cgroup file system, version 2 or 1.
"""

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def cpu_quota(cgroup: Path = CGROUP, membership: Path = MEMBERSHIP) -> int:
    """Count whole processors, at least one: the quota, or those this process may run on.

    A group may lie within others, each with a quota of its own: the least counts.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    v1, v2 = _groups(membership)
    quotas = [_quota_v2(folder / "cpu.max") for folder in _upwards(cgroup, v2)]
    if not any(quotas):
        quotas = [_quota_v1(folder) for folder in _upwards(cgroup / "cpu", v1)]
    least = min(filter(None, quotas), default=None)
    return max(1, min(allowed, math.ceil(least))) if least else allowed


def _groups(membership: Path) -> tuple[str, str]:
    """Give the groups that hold this process, of version 1 and of version 2; a container mostly sees its own as `/`."""
    v1 = v2 = ""
    for line in _read(membership).splitlines():
        _, controllers, path = (line.split(":", 2) + ["", ""])[:3]
        if not controllers:
            v2 = path
        elif "cpu" in controllers.split(","):
            v1 = path
    return v1, v2


def _upwards(top: Path, path: str) -> list[Path]:
    """Give the folder of a group and of every group around it. Where it cannot be seen, the top is our own."""
    inside = Path(path.strip("/"))
    if ".." in inside.parts:
        return [top]
    return [top / inside, *(top / parent for parent in inside.parents)]


def _quota_v2(file: Path) -> float | None:
    """`cpu.max` holds microseconds of quota, or `max`, and of period."""
    words = _read(file).split()
    if len(words) != 2 or words[0] == "max":
        return None
    return int(words[0]) / int(words[1])


def _quota_v1(folder: Path) -> float | None:
    """A quota of -1 microseconds is none."""
    quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
    if not quota or not period or int(quota) <= 0:
        return None
    return int(quota) / int(period)


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
