"""Numbers as people read them, in findings."""

from k8s.rollout.gates.subject import Subject


def shown(value: float, unit: str) -> str:
    """A number with its unit."""
    match unit:
        case "ratio":
            return f"{100 * value:.3g} %"
        case "seconds":
            return f"{1000 * value:.3g} ms" if abs(value) < 1 else f"{value:.3g} s"
        case "bytes":
            return f"{value / 2**20:,.0f} MiB"
    return f"{value:.4g}"


def too_few(subject: Subject, count: float, side: str) -> str:
    """Why nothing is concluded yet."""
    seen = "" if side == subject.here.side else f" to the {side} version, {round(count):,}"
    return f"too few {subject.measure.of}{seen}: {subject.minimum:,} are needed"
