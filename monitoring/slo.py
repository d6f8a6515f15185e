"""slo.yaml: what is promised, and from where on somebody is told.

Read strictly: a key that nobody knows, a number out of range or a threshold
that no histogram can tell is refused in a sentence, all at once. What a file
leaves out is as in the file beside this one. Knows no rule.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from monitoring.contract.values import LATENCY_SECONDS
from monitoring.strict_yaml import NoYaml, parse

SHIPPED = Path(__file__).with_name("slo.yaml")
LARGEST_BYTES = 256 * 1024
LONGEST_SHOWN = 80
SHORTEST_WINDOW_SECONDS = 300
SCRAPES_PER_WINDOW = 4


ADDRESS = re.compile(r"[^\s{}\"'<>\\`]+")


class BadPromise(Exception):
    """The file cannot be used; a sentence a line says why."""


def _bucket_bound(seconds: float) -> float:
    if seconds not in LATENCY_SECONDS:
        bounds = ", ".join(f"{bound:g}" for bound in LATENCY_SECONDS)
        raise ValueError(f"must be a bound of the latency histogram, which cannot tell others: {bounds}")
    return seconds


def _address(url: str) -> str:
    if not url.startswith(("https://", "http://")):
        raise ValueError("must be an address that begins with https:// or http://")
    if not ADDRESS.fullmatch(url):
        raise ValueError("must be an address without spaces, braces and quotes, since it stands in templates")
    return url.rstrip("/")


Ratio = Annotated[float, Field(gt=0, lt=1)]
Above = Annotated[float, Field(gt=0)]
Factor = Annotated[float, Field(ge=1)]
Objective = Annotated[float, Field(ge=0.5, le=0.99999)]
"""With more nines the budget is less than what rules round to."""
Count = Annotated[int, Field(ge=1, le=10**9)]
Days = Annotated[int, Field(ge=1, le=3650)]
Minutes = Annotated[int, Field(ge=1, le=10_080)]
Address = Annotated[str, AfterValidator(_address)]


class Part(BaseModel):
    """A mapping of the file; refuses what it does not know, and takes no text for a number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Availability(Part):
    objective: Objective
    shed: Literal["as_answered", "bad", "good"]


class Latency(Part):
    objective: Objective
    threshold_seconds: Annotated[float, AfterValidator(_bucket_bound)]


class Saturation(Part):
    queue_fill_ratio: Ratio
    rejected_ratio: Ratio
    utilisation_ratio: Ratio
    event_loop_lag_seconds: Above
    queue_oldest_seconds: Above
    client_error_ratio: Ratio
    memory_ratio: Ratio
    cpu_throttled_ratio: Ratio
    volume_free_ratio: Ratio


class Batching(Part):
    fill_ratio: Ratio
    timeout_ratio: Ratio
    queue_share: Ratio
    padding_ratio: Ratio


class Drift(Part):
    input_psi: Above
    prediction_psi: Above
    widespread_ratio: Ratio
    collapsed_ratio: Annotated[float, Field(ge=0.5, lt=1)]
    confidence_drop: Ratio
    outlier_ratio: Ratio
    missing_ratio: Ratio
    minimum_rows: Count
    rows_alike: Annotated[float, Field(ge=1, le=1000)]


class Quality(Part):
    accuracy_drop: Ratio
    recall: Ratio
    concept_gap: Ratio
    label_shift: Ratio
    minimum_labels: Count
    minimum_class_labels: Count
    minimum_concept_labels: Count


class Rollout(Part):
    error_factor: Factor
    error_ratio: Ratio
    latency_factor: Factor
    minimum_requests: Count
    stuck_minutes: Minutes


class Certificate(Part):
    warning_days: Days
    critical_days: Days


class Promise(Part):
    """The whole file."""

    window_days: Literal[7, 28, 30]
    availability: Availability
    latency: Latency
    minimum_requests: Count
    scrape_interval_seconds: Annotated[float, Field(gt=0, le=SHORTEST_WINDOW_SECONDS / SCRAPES_PER_WINDOW)]
    saturation: Saturation
    batching: Batching
    drift: Drift
    quality: Quality
    rollout: Rollout
    certificate: Certificate
    runbook_url: Address
    dashboard_url: Address
    left_out: Annotated[tuple[str, ...], Field(strict=False)]

    @model_validator(mode="after")
    def _warns_before_it_pages(self) -> Self:
        if self.certificate.critical_days >= self.certificate.warning_days:
            raise ValueError("certificate.critical_days must be fewer than certificate.warning_days")
        return self


def read(path: Path = SHIPPED) -> Promise:
    """Read a promise; raises BadPromise."""
    written = _mapping(path)
    if path != SHIPPED:
        written = _laid_over(_mapping(SHIPPED), written)
    try:
        return Promise.model_validate(written)
    except ValidationError as mistakes:
        raise BadPromise(
            "\n".join(f"{path}: {_sentence(mistake).strip()}" for mistake in mistakes.errors())
        ) from mistakes


def _mapping(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise BadPromise(f"{path} cannot be read: {error.strerror or error}") from error
    if len(content) > LARGEST_BYTES:
        raise BadPromise(f"{path} has more than {LARGEST_BYTES} bytes, which no promise needs")
    try:
        written = parse(content)
    except NoYaml as error:
        raise BadPromise(f"{path} {error}") from error
    if written is None:
        return {}
    if not isinstance(written, dict):
        raise BadPromise(f"{path} must hold keys and values, as availability: {{objective: 0.999}}")
    return {str(key): value for key, value in written.items()}


def _laid_over(shipped: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """What is written in `own`, and for the rest what is shipped."""
    merged = dict(shipped)
    for key, value in own.items():
        under = shipped.get(key)
        merged[key] = _laid_over(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def _sentence(mistake: ErrorDetails) -> str:
    *above, key = mistake["loc"] or ("",)
    where = ".".join(map(str, mistake["loc"]))
    if mistake["type"] == "extra_forbidden":
        keys = _keys(above)
        near = get_close_matches(str(key), keys, n=1)
        return (
            f"{where} is no key of a promise; {f'did you mean {near[0]}?' if near else 'there are ' + ', '.join(keys)}"
        )
    if mistake["type"] == "model_type":
        return f"{where} must hold keys and values: {', '.join(_keys(mistake['loc']))}"
    if mistake["type"] == "tuple_type":
        return f"{where} must be a list, as [EcluseTrafficDropped], and is {mistake['input']!r}"
    said = mistake["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    given = repr(mistake["input"])
    return f"{where} {said}" + (f", and is {given}" if where and len(given) <= LONGEST_SHOWN else "")


def _keys(path: Iterable[int | str]) -> list[str]:
    """What may stand there."""
    part: type[BaseModel] = Promise
    for step in path:
        part = cast(type[BaseModel], part.model_fields[str(step)].annotation)
    return list(part.model_fields)
