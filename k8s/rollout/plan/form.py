"""The form of a plan: steps, pauses, gates and limits.

A plan is YAML, or the chart's value `rollout.plan`. What is left out is as it
stands here. All mistakes are told at once, each with its place.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Percent = Annotated[float, Field(ge=0, le=100)]
Seconds = Annotated[float, Field(ge=0, le=7 * 86400)]


class Strict(BaseModel):
    """Knows no other fields, and is never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Step(Strict):
    """A share of the traffic, and what must hold before the next."""

    percent: Annotated[float, Field(gt=0, le=100)]
    windows: Annotated[int, Field(ge=1, le=100)] = 2
    """Windows in a row in which no gate failed and all passed."""
    pause_seconds: Seconds = 0.0
    """After the gates have passed."""
    approval: bool = False
    """Wait for `python -m k8s.rollout TARGET --approve`."""


class Gate(Strict):
    """One thing that must hold: a measure, bounded absolutely, against the stable version, or both.

    Against the stable version the bound is its value times `worse_times`, and `worse_by`. Where less is worse, as of
    accuracy, both are of what is missing: of 95 % right, 5 % are wrong, and twice as many may be.
    """

    measure: str
    """One of k8s.rollout.gates.measures, or `query`."""
    name: str = ""
    """Nothing takes the measure's."""
    most: float | None = None
    least: float | None = None
    worse_by: float | None = None
    """The most that the canary may be worse than the stable one, in the measure's unit."""
    worse_times: Annotated[float, Field(gt=0)] | None = None
    """The same as a factor."""
    minimum: Annotated[int, Field(ge=1)] | None = None
    """Requests, labels or rows below which nothing is concluded. Nothing takes the measure's."""
    optional: bool = False
    """Whether a measure is left out while it has no data, as accuracy without labels, or less than its minimum."""
    query: str = ""
    """PromQL of your own, for the measure `query`; {matchers} and {window} are filled in."""


class Limits(Strict):
    """How long things may take."""

    ready_seconds: Seconds = 600.0
    """For the canary to become ready."""
    smoke_seconds: Seconds = 30.0
    """How long a smoke request that fails is sent again: a pod that is ready is not yet known to all."""
    unready_seconds: Seconds = 120.0
    """How long a canary with traffic may lack some of its pods, as while it is scaled; without any it ends at once."""
    restarts: Annotated[int, Field(ge=0)] = 0
    """Containers of the canary that start anew after it was ready, beyond which traffic is taken back."""
    effective_seconds: Seconds = 60.0
    """For a share to be taken up by those who route."""
    settle_seconds: Seconds = 60.0
    window_seconds: Annotated[float, Field(ge=1, le=86400)] = 60.0
    inconclusive_seconds: Seconds = 900.0
    """How long a step may go on without a conclusion; then traffic is taken back."""
    drain_seconds: Seconds = 60.0
    """Between the end of the canary's traffic and the end of the canary."""
    verify_seconds: Seconds = 300.0
    """How long the canary has everything and is judged, while the old version can still take it back."""
    approval_seconds: Seconds = 86400.0
    metrics_errors: Annotated[int, Field(ge=1)] = 4
    """Failed questions to Prometheus in a row before traffic is taken back."""
    api_seconds: Seconds = 120.0


class Plan(Strict):
    """A whole rollout."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1)] = tuple(
        Step(percent=percent) for percent in (1, 5, 10, 25, 50)
    )
    gates: tuple[Gate, ...] = ()
    """Nothing takes k8s.rollout.gates.defaults."""
    limits: Limits = Limits()
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.995
    """Of each conclusion that something is worse."""
    stable_must_pass: bool = True
    """Begin only where the stable version keeps the absolute bounds itself. Off for what mends one that does not."""
    on_abort: Literal["keep", "discard"] = "discard"
    """What becomes of a canary that `deploy` made."""
