"""The baseline beside a model, as it is found when a version is loaded.

A server never depends on it: one that is not there, or cannot be used, is told
in one sentence, and the version is served without.
"""

from dataclasses import dataclass
from pathlib import Path

from monitoring import baseline
from monitoring.baseline import MOST_BYTES, Baseline, BaselineError
from serving.signature import Signature


@dataclass(frozen=True, slots=True)
class FoundBaseline:
    """What was found where a baseline should be."""

    baseline: Baseline | None
    """None where there is none to be used."""
    reason: str = ""
    """Why there is none."""
    is_broken: bool = False
    """Whether there is a file, which cannot be used."""


def read_baseline(path: Path, signature: Signature) -> FoundBaseline:
    """Read the baseline of a model of this signature."""
    try:
        # One byte more than is read tells a file that is too long from one that just fits.
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
        found = baseline.read(text)
        baseline.check_fits(found, signature.input_by_name, signature.output_by_name)
    except FileNotFoundError:
        return FoundBaseline(None, f"there is no baseline {path}")
    except OSError as error:
        return FoundBaseline(None, f"baseline {path} cannot be read: {error.strerror}", is_broken=True)
    except BaselineError as error:
        return FoundBaseline(None, f"{error} ({path})", is_broken=True)
    return FoundBaseline(found)
