"""What can be amiss with a new version, in the numbers of the world."""

from dataclasses import replace

from tests.rollout_study.world import CLASSES, Version

WELL = Version()

FAULTS = {
    "2 % errors": replace(WELL, errors=0.02),
    "5 % errors": replace(WELL, errors=0.05),
    "latency doubled": replace(WELL, median=2 * WELL.median),
    "stalls of 2 s, every 30 s": replace(WELL, stalls=1 / 30, stall_seconds=2.0),
    "10 % more wrong answers": replace(WELL, accuracy=WELL.accuracy - 0.1),
    "a class taken for another": replace(WELL, shares=(0.3, 0.0, *(0.7 / (CLASSES - 2),) * (CLASSES - 2))),
    "less sure": replace(WELL, confidence=(8.0, 1.0)),
    "memory grows 1 MiB a second": replace(WELL, growth=1.0),
}
