"""The form of a profile: what is asked, how often, in which phases, and what must hold.

Read strictly: a key that nobody knows and a value out of range are refused, all
at once. Pure; `read.py` reads files and overrides.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, PrivateAttr, Tag, model_validator

from loadtests.measure.outcome import Outcome

Rate = Annotated[float, Field(gt=0, le=100_000)]
"""Requests a second, of all kinds together."""
Seconds = Annotated[float, Field(gt=0, le=7 * 86_400)]
WholeSeconds = Annotated[int, Field(ge=1, le=7 * 86_400)]
Share = Annotated[float, Field(ge=0, le=1)]
Rows = Annotated[int, Field(ge=1, le=65_536)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,40}$")]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True)


class Made(Part):
    """How values of an input are made, for a model of which no rows are at hand."""

    shape: tuple[Annotated[int, Field(ge=1)], ...] | None = None
    """Of one row; of a model without rows, the whole. Nothing takes the model's own, with 1 where it is open."""
    low: float | None = None
    """The least that is made, as `high` is the most."""
    high: float | None = None
    """Nothing takes 0 to 1 for numbers with a point, 0 to 255 for UINT8, 0 to 3 for other whole numbers."""
    words: tuple[str, ...] = ()
    """What strings are chosen from."""


class Stream(Part):
    """One kind of request."""

    name: Name
    """What gates, reports and `--set` call it."""
    protocol: Literal["v1", "v2", "grpc"]
    """V1 or V2 over REST, or V2 over gRPC."""
    format: Literal["json", "binary"] = "json"
    """V1 has JSON alone. For gRPC, json means typed contents, and binary raw contents."""
    share: Annotated[float, Field(gt=0)] = 1
    """Of all requests, in proportion to the other kinds'."""
    model: str = ""
    """Empty takes the one that the command line names."""
    rows: dict[Rows, Annotated[float, Field(gt=0)]] = {1: 1}
    """How many rows a request has: sizes with their shares."""
    requests_per_connection: Annotated[int, Field(ge=1)] | None = None
    """1 opens a connection for each request; nothing keeps each until its server ends it."""
    connections: Annotated[int, Field(ge=1, le=1000)] = 8
    """Of each worker, which take turns: a cluster's service chooses a pod for a connection and not for a request. More
    are opened where all are busy."""
    deadline_seconds: Seconds | None = None
    """Told to the server with each request."""
    inputs: dict[str, Made] = {}
    """How values are made, by the name of an input."""
    repeatable: bool | None = None
    """Whether the same question must be answered the same. Nothing finds out, and is no where there is a change."""
    classes: str = ""
    """The output that says of what class a row is; nothing takes the only one that can, `none` takes none."""


class Ramp(Part):
    """From one multiple of the profile's rate to another, in a straight line over the phase."""

    first: Annotated[float, Field(ge=0)]
    """When the phase begins."""
    last: Annotated[float, Field(ge=0)]
    """When it ends; a change that takes longer goes on with it."""


class Wave(Part):
    """A sine around a multiple of the profile's rate, that begins at its lowest point."""

    mean: Annotated[float, Field(gt=0)] = 1
    """Around which it swings."""
    swing: Share
    """Of the mean, up and down."""
    period_seconds: Seconds
    """From one low point to the next."""


def _kind_of_times(written: Any) -> str:
    """So that a mistake in one form is not told as a mistake in all of them."""
    if isinstance(written, Ramp) or (isinstance(written, dict) and written.keys() & {"first", "last"}):
        return "ramp"
    if isinstance(written, Wave | dict):
        return "wave"
    return "number"


class Phase(Part):
    """A stretch of the run that is summed up and judged by itself."""

    name: Name
    """What gates, reports and `--set` call it."""
    role: Literal["warm-up", "baseline", "load", "change", "after"]
    """warm-up is not judged; baseline is what others are compared with; a change is performed while `change` lasts."""
    seconds: WholeSeconds
    """A change lasts so long at least, until it is performed and `change.settle_seconds` have passed."""
    times: Annotated[
        Annotated[Annotated[float, Field(gt=0)], Tag("number")]
        | Annotated[Ramp, Tag("ramp")]
        | Annotated[Wave, Tag("wave")],
        Discriminator(_kind_of_times),
    ] = 1
    """What the profile's rate is multiplied with."""
    drift: Literal["", "inverted", "noisy", "dimmed"] = ""
    """What is done to pictures in this phase."""


class Search(Part):
    """In place of phases: the largest rate that holds the promise, step by step."""

    first: Rate
    """Of the first step. Where it does not hold, lower ones are tried by halving."""
    last: Rate
    """None above it is tried."""
    growth: Annotated[float, Field(gt=1, le=10)] = 1.5
    """From a step that held to the next."""
    step_seconds: WholeSeconds = 15
    """How long each rate is held."""
    refinements: Annotated[int, Field(ge=0, le=10)] = 2
    """Halvings between the last step that held and the first that did not."""
    warm_up_seconds: WholeSeconds = 10
    """Before the first step, at half its rate; not judged."""
    settle_seconds: WholeSeconds = 5
    """Between two steps at least, at half the largest rate that held; not judged."""


class Change(Part):
    """What is performed in the phase whose role is change."""

    command: tuple[str, ...] = ()
    """Run without a shell; the change is over when it ends, and failed where its status is not 0."""
    helm: str = ""
    """In its place, a release: `helm upgrade --reuse-values` is called with `helm_arguments`, and waited for."""
    helm_arguments: tuple[str, ...] = ()
    """The chart first, then what is set."""
    settle_seconds: Annotated[float, Field(ge=0)] = 10
    """How long the phase goes on after it."""
    most_seconds: Seconds = 900
    """A change that takes longer has failed."""


Measure = Literal[
    "p50",
    "p95",
    "p99",
    "p999",
    "error_ratio",
    "goodput_ratio",
    "within_ratio",
    "accuracy",
    "requests",
    "achieved_ratio",
    "versions",
]


class Gate(Part):
    """Something that must hold in each of its phases. Where it has several bounds, all must."""

    measure: Measure
    """What is looked at: the table above."""
    phases: tuple[str, ...] = ()
    """Empty means each phase that is judged."""
    stream: str = ""
    """Empty means all kinds together."""
    of: tuple[Outcome, ...] = ()
    """For error_ratio: which outcomes count; empty means all that the promise counts."""
    most: float | None = None
    """A number that it may not exceed: of latencies in seconds, of shares from 0 to 1."""
    least: float | None = None
    """A number that it must come to."""
    promised: bool = False
    """In place of a number: what slo.yaml promises."""
    times_baseline: Annotated[float, Field(gt=0)] | None = None
    """In place of a number: so many times what was seen in the baseline."""
    severity: Literal["fail", "warn"] = "fail"
    """Whether a run fails by it, or tells it and passes."""


class Generator(Part):
    """What is asked of the generator itself, for a verdict to count."""

    lag_p99_seconds: Seconds = 0.025
    """How late one request in a hundred may be sent."""
    achieved_ratio: Share = 0.98
    """How many of the planned requests must be sent."""
    busy_ratio: Share = 0.9
    """Of a core, over a phase."""
    most_in_flight: Annotated[int, Field(ge=1)] | None = None
    """Requests that wait at once, in all; nothing takes the rate times `timeout_seconds`, at most 10,000."""


class Profile(Part):
    """The whole file."""

    summary: str
    """The question it answers, in a sentence."""
    rate: Rate = 50
    """Requests a second, of all kinds together; phases multiply it."""
    arrivals: Literal["poisson", "constant"] = "poisson"
    """At random, as those of callers who know nothing of each other, or evenly."""
    trace: str = ""
    """In place of arrivals and rates: a file with one planned second a line, from 0."""
    seed: Annotated[int, Field(ge=0)] = 1
    """The same seed plans the same requests at the same moments, whoever sends them."""
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 10
    """A request without an answer for so long is over."""
    streams: Annotated[tuple[Stream, ...], Field(min_length=1)]
    """What is asked."""
    phases: tuple[Phase, ...] = ()
    """One after the other. Either these or a search."""
    search: Search | None = None
    """In place of phases."""
    change: Change | None = None
    """What is performed in the phase whose role is change; `--change COMMAND` is taken before it."""
    gates: tuple[Gate, ...] = ()
    """What must hold. Without any, a search holds each step to slo.yaml, and phases cannot fail."""
    generator: Generator = Generator()
    """What is asked of the load test itself."""
    _trace_seconds: tuple[float, ...] = PrivateAttr(())

    @property
    def trace_seconds(self) -> tuple[float, ...]:
        """What stands in the trace; empty where there is none, or it was not read."""
        return self._trace_seconds

    def with_trace(self, seconds: tuple[float, ...]) -> "Profile":
        """Give the same with what stands in its trace, which is no part of its JSON."""
        other = self.model_copy()
        other._trace_seconds = seconds  # noqa: SLF001 - of the same class
        return other

    @model_validator(mode="after")
    def _phases_or_search(self) -> Self:
        if bool(self.phases) == (self.search is not None):
            raise ValueError("must have phases, or a search in their place")
        return self
