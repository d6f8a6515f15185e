"""The baseline beside a model, as it is found when a version is loaded.

A server never depends on it: one that is not there, or cannot be used, is told
in one sentence, and the version is served without.
"""

from pathlib import Path

from monitoring import baseline
from monitoring.baseline import MOST_BYTES, Baseline, BaselineError
from serving.signature import Signature


def read_baseline(path: Path, signature: Signature) -> tuple[Baseline | None, str]:
    """Read the baseline of a model of this signature; None, and why, where there is none to be used."""
    try:
        # One byte more than is read tells a file that is too long from one that just fits.
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
        found = baseline.read(text)
        baseline.check_fits(found, signature.input_by_name, signature.output_by_name)
    except FileNotFoundError:
        return None, f"there is no baseline {path}"
    except OSError as error:
        return None, f"baseline {path} cannot be read: {error.strerror}"
    except BaselineError as error:
        return None, f"{error} ({path})"
    return found, ""
