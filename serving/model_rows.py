"""What is known of a version's rows before the first one comes: its baseline, and where its classes are.

Looked up once, when the version is loaded. Whatever is missing or wrong is told
in one line of the log, and the version is served all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from monitoring.baseline import Baseline, Calibration
from serving import logs
from serving.baseline_file import read_baseline
from serving.device import Run
from serving.prediction import Classifier, find_classifier
from serving.settings import Monitor
from serving.signature import Signature, Tensors
from serving.warm_up import synthetic

TRIED_VALUES = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class ModelRows:
    """What rows of a version are compared with, and which output names their class; None where it is not known."""

    baseline: Baseline | None = None
    classifier: Classifier | None = None

    @property
    def digest(self) -> str:
        """Of the baseline; empty where there is none."""
        return self.baseline.digest if self.baseline is not None else ""

    @property
    def calibration(self) -> Calibration | None:
        """From confidence to the chance of being right, where the baseline is of the output with the classes."""
        if self.baseline is None or self.baseline.output is None or self.classifier is None:
            return None
        return self.baseline.calibration if self.classifier.output == self.baseline.output.name else None


def look_up(name: str, version: str, folder: Path, signature: Signature, run: Run, wanted: Monitor) -> ModelRows:
    """Read the baseline, and try the model where that does not say which output has classes; never raises."""
    try:
        return _look_up(name, version, folder, signature, run, wanted)
    # A version is served, whatever is wrong with what it would be watched by.
    except Exception as error:  # noqa: BLE001
        logs.event("monitor_failed", level=logs.ERROR, error=error, model_name=name, model_version=version)
        return ModelRows()


def _look_up(name: str, version: str, folder: Path, signature: Signature, run: Run, wanted: Monitor) -> ModelRows:
    found = read_baseline(folder / wanted.baseline, signature)
    baseline = found.baseline
    is_told = baseline is not None and wanted.output in ("", baseline.output.name if baseline.output else "")
    tried = [] if is_told else _try(signature, run)
    classifier, note = find_classifier(signature, baseline, wanted.output, tried)
    logs.event(
        "rows_known",
        level=logs.WARNING if found.is_broken else logs.INFO,
        model_name=name,
        model_version=version,
        baseline=baseline.digest if baseline is not None else None,
        features=[feature.name for feature in baseline.features] if baseline is not None else None,
        classes_of=classifier.output if classifier is not None else None,
        reason="; ".join(filter(None, (found.reason, note))) or None,
    )
    return ModelRows(baseline, classifier)


def _try(signature: Signature, run: Run) -> Sequence[Tensors]:
    """Run made-up rows; a model may refuse them."""
    outputs = []
    for value in TRIED_VALUES:
        try:
            outputs.append(run(synthetic(signature, 1, value)))
        # Whatever it does with them is no reason not to serve it.
        except Exception:  # noqa: BLE001, S112
            continue
    return outputs
