"""Ids for the predictions of every model of one process: who signs them, and what is known of their classes.

There is none where no keys are given. Made before the models are, so that each
version that opens gets its issuer here, and has its series from then on.
"""

import time
from collections.abc import Callable

from monitoring.baseline import Calibration
from serving import feedback_keys
from serving.class_names import KnownNames
from serving.feedback_keys import SigningKeys
from serving.feedback_series import FeedbackSeries
from serving.id_issuer import IdIssuer, can_issue
from serving.key_file import KeyFile
from serving.metrics import Metrics
from serving.prediction import Classifier
from serving.settings import Settings


class PredictionIds:
    """What is shared by those who give ids and those who are shown them again."""

    def __init__(self, keys: KeyFile[SigningKeys], metrics: Metrics, *, clock: Callable[[], float] = time.time) -> None:
        self.keys = keys
        self._clock = clock
        self.names = KnownNames()
        self.series = FeedbackSeries(metrics)
        self.start = keys.start
        self.stop = keys.stop

    def issuer(
        self, model_name: str, model_version: str, classifier: Classifier | None, calibration: Calibration | None
    ) -> IdIssuer | None:
        """Give a version that begins to answer what its answers get ids of; None where it puts rows into no classes."""
        if classifier is None or not can_issue(model_version, classifier):
            return None
        classes = self.names.learn(classifier.names)
        self.series.begin((model_name, model_version), classes, is_calibrated=calibration is not None)
        return IdIssuer(model_name, model_version, classifier, calibration, self.keys, clock=self._clock)


def signing_keys_of(settings: Settings) -> KeyFile[SigningKeys] | None:
    """Read the file that the settings name; raises StartupError where it cannot be used."""
    path = settings.feedback.keys_file
    return KeyFile(path, feedback_keys.parse) if path is not None else None


def prediction_ids_of(settings: Settings, metrics: Metrics) -> PredictionIds | None:
    """Make what the settings ask for; raises StartupError."""
    keys = signing_keys_of(settings)
    return PredictionIds(keys, metrics) if keys is not None else None
