"""The gates of a plan that names none: what the promise of the service already says, in monitoring/slo.yaml.

What needs data that not every service has, as labels or classes, is optional.
"""

from k8s.rollout.plan.form import Gate
from monitoring.slo import Promise

FEW_MILLISECONDS = 0.002
"""By so much may a latency differ beside its factor: a bucket of the histogram is that wide where a model is quick."""
TIMES_THE_MEMORY = 1.5
MORE_MEMORY = 128 * 2**20
"""A new model may be larger; one that is half as large again, and by so much, was not meant to be."""
GROWTH_IN_AN_HOUR = 0.5
FEW_NONFINITE = 0.001


def defaults(promise: Promise) -> tuple[Gate, ...]:
    """Give the gates that hold a version to the promise, and to the one before it."""
    rollout, saturation = promise.rollout, promise.saturation
    factor = rollout.latency_factor
    return (
        Gate(
            measure="error_ratio",
            most=rollout.error_ratio,
            worse_times=rollout.error_factor,
            worse_by=round(1 - promise.availability.objective, 9),
        ),
        Gate(measure="within", least=promise.latency.objective),
        Gate(measure="p95", worse_times=factor, worse_by=FEW_MILLISECONDS),
        Gate(measure="p99", worse_times=factor, worse_by=FEW_MILLISECONDS),
        Gate(measure="queue_fill", most=saturation.queue_fill_ratio),
        Gate(measure="utilisation", most=saturation.utilisation_ratio),
        Gate(measure="restarts", most=0),
        Gate(measure="memory", worse_times=TIMES_THE_MEMORY, worse_by=MORE_MEMORY),
        Gate(measure="memory_share", most=saturation.memory_ratio, optional=True),
        Gate(measure="memory_growth", most=GROWTH_IN_AN_HOUR),
        Gate(measure="accuracy", worse_by=promise.quality.accuracy_drop, optional=True),
        Gate(measure="prediction_shift", worse_by=promise.drift.prediction_psi, optional=True),
        Gate(measure="confidence", worse_by=promise.drift.confidence_drop, optional=True),
        Gate(measure="nonfinite", worse_by=FEW_NONFINITE, optional=True),
    )
