"""Every case, and the scenes without a namespace."""

from tests.monitoring.alerts import (
    inputs_cases,
    platform_cases,
    predictions_cases,
    quality_cases,
    requests_cases,
    rollout_cases,
    saturation_cases,
)
from tests.monitoring.alerts.case import Case

CASES: tuple[Case, ...] = (
    *requests_cases.CASES,
    *saturation_cases.CASES,
    *inputs_cases.CASES,
    *predictions_cases.CASES,
    *quality_cases.CASES,
    *rollout_cases.CASES,
    *platform_cases.CASES,
)
