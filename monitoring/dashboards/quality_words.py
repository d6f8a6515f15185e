"""What panels of quality ask, and what they say where it is not there yet."""

from monitoring.dashboards.query import VERSION

LABELS = "late labels are sent to /v1/feedback"
BASELINE = "the model has a baseline.json"
CLASSES = "the model tells classes"
WHICH = "{{model_name}} {{model_version}}"

HOURLY = f"version:ecluse_accuracy:ratio1h{{{VERSION}}}"
HOURLY_EXPECTED = f"version:ecluse_expected_accuracy:ratio1h{{{VERSION}}}"
ACCURACY = f"version:ecluse_accuracy:ratio24h{{{VERSION}}}"
EXPECTED = f"version:ecluse_expected_accuracy:ratio24h{{{VERSION}}}"
LABELLED = f"version:ecluse_labels:increase24h{{{VERSION}}}"
NO_LABELS = "No labels"
