"""baseline.json: the form of the file that says what held-out data looks like.

Made by `model` and read by the server, which counts live rows in the bins that
stand here. Reading is strict: a file that is not exactly of this form, or was
changed since it was sealed, is refused in one sentence. Knows neither who makes
it nor who reads it.

Conventions, valid for every list in the file: bin i of a feature holds
edges[i-1] <= value < edges[i]; bucket i of confidence and margin holds
bounds[i-1] < value <= bounds[i]; values are taken as float64, and a feature's
moments are those of its values brought into its bounds.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, Protocol

from pydantic import Field, ValidationError, model_validator

from monitoring.contract.values import MOST_FEATURES, PROBABILITIES
from monitoring.features import Form, Input

SCHEMA_VERSION = 2
PLACE = "assets.extra/baseline.json"
"""Where the file lies in the folder of a SavedModel."""
MOST_BYTES = 4 * 1024 * 1024
MOST_BINS = 10
MOST_KNOTS = 20
FLOATING = ("FP16", "BF16", "FP32", "FP64")
OPEN = -1
"""A dimension that a model leaves open."""

Count = Annotated[int, Field(ge=0, le=2**53)]
Ratio = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Deviation = Annotated[float, Field(ge=0)]


class BaselineError(Exception):
    """The file cannot be used; the message is a sentence that says why."""


class TensorForm(Protocol):
    """What a model says of one of its inputs or outputs."""

    @property
    def datatype(self) -> str:
        """In V2's words."""
        ...

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Rows included, with -1 where it varies; None where the very number of dimensions does."""
        ...


class FeatureBaseline(Form):
    """One feature over the baseline's rows."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    unit: str
    definition: str
    edges: Annotated[tuple[float, ...], Field(min_length=1, max_length=MOST_BINS - 1)]
    counts: tuple[Count, ...]
    observations: Annotated[int, Field(ge=1)]
    missing: Count
    lower_bound: float
    upper_bound: float
    mean: float
    stddev: Deviation
    chi2_critical: Positive

    @model_validator(mode="after")
    def _agrees(self) -> "FeatureBaseline":
        if not all(low < high for low, high in pairwise(self.edges)):
            raise ValueError("edges do not ascend")
        if len(self.counts) != len(self.edges) + 1:
            raise ValueError(f"{len(self.counts)} counts do not fit {len(self.edges)} edges, one more was expected")
        if sum(self.counts) != self.observations:
            raise ValueError(f"counts add up to {sum(self.counts)}, and observations are {self.observations}")
        if self.lower_bound > self.upper_bound:
            raise ValueError("lower_bound is above upper_bound")
        # A mean is a sum divided, which may leave the bounds by its last digit.
        room = 1e-9 * max(1.0, abs(self.lower_bound), abs(self.upper_bound))
        if not self.lower_bound - room <= self.mean <= self.upper_bound + room:
            raise ValueError("mean is outside the bounds, into which values are brought first")
        return self


class Output(Form):
    """The output that holds a number for each class."""

    name: str
    kind: Literal["probabilities", "logits"]
    columns: Annotated[int, Field(ge=1)]
    """Numbers in a row; 1 is that of the second of two classes."""


class Classes(Form):
    """How the model divides the baseline's rows among its classes."""

    names: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=2)]
    predicted_counts: tuple[Count, ...]
    label_counts: tuple[Count, ...] | None = None
    chi2_critical: Positive

    @model_validator(mode="after")
    def _agrees(self) -> "Classes":
        if len(set(self.names)) < len(self.names):
            raise ValueError("two classes have one name")
        for counts in (self.predicted_counts, self.label_counts or self.predicted_counts):
            if len(counts) != len(self.names):
                raise ValueError(f"{len(counts)} counts do not fit {len(self.names)} classes")
        return self


class Probability(Form):
    """Confidence or margin over the baseline's rows."""

    bounds: tuple[float, ...]
    counts: tuple[Count, ...]
    mean: Ratio
    stddev: Deviation

    @model_validator(mode="after")
    def _agrees(self) -> "Probability":
        if self.bounds != PROBABILITIES:
            raise ValueError(f"bounds are {list(self.bounds)}, expected {list(PROBABILITIES)}")
        if len(self.counts) != len(self.bounds):
            raise ValueError(f"{len(self.counts)} counts do not fit {len(self.bounds)} bounds")
        return self


class ClassQuality(Form):
    name: str
    precision: Ratio
    recall: Ratio
    f1: Ratio
    rows: Count
    """Rows that truly are of this class."""


class Quality(Form):
    """How right the model is on the baseline's rows."""

    accuracy_ratio: Ratio
    macro_f1: Ratio
    expected_calibration_error: Ratio
    expected_calibration_error_bins: Annotated[int, Field(ge=1)]
    classes: tuple[ClassQuality, ...]


class Calibration(Form):
    """From confidence to the chance of being right: linear between knots, flat beyond them."""

    definition: str
    fitted_on: str
    rows: Annotated[int, Field(ge=1)]
    confidence: Annotated[tuple[Ratio, ...], Field(min_length=1, max_length=MOST_KNOTS)]
    probability_correct: tuple[Ratio, ...]
    expected_accuracy_ratio: Ratio
    gap_ratio: Annotated[float, Field(ge=-1, le=1)]

    @model_validator(mode="after")
    def _agrees(self) -> "Calibration":
        if len(self.probability_correct) != len(self.confidence):
            raise ValueError("confidence and probability_correct differ in length")
        if not all(low < high for low, high in pairwise(self.confidence)):
            raise ValueError("confidence does not ascend")
        if not all(low <= high for low, high in pairwise(self.probability_correct)):
            raise ValueError("probability_correct descends")
        return self


class Baseline(Form):
    """The whole file. Without `input` there are no features; without `output` the model classifies nothing."""

    digest: str
    schema_version: Literal[2]
    tool: str
    rows: Annotated[int, Field(ge=1)]
    rows_are: str
    input: Input | None = None
    features: Annotated[tuple[FeatureBaseline, ...], Field(max_length=MOST_FEATURES)] = ()
    outlier_ratio: Ratio = 0.0
    output: Output | None = None
    classes: Classes | None = None
    confidence: Probability | None = None
    margin: Probability | None = None
    quality: Quality | None = None
    calibration: Calibration | None = None

    @model_validator(mode="after")
    def _agrees(self) -> "Baseline":
        expected = [feature.name for feature in self.input.features] if self.input is not None else []
        found = [feature.name for feature in self.features]
        if found != expected:
            raise ValueError(f"features are {_quoted(found)}, and the input has {_quoted(expected)}")
        for feature in self.features:
            if feature.observations + feature.missing != self.rows:
                raise ValueError(
                    f"feature {feature.name!r} has {feature.observations} observations and {feature.missing} missing, "
                    f"and rows are {self.rows}"
                )
        answers = {"classes": self.classes, "confidence": self.confidence, "margin": self.margin}
        for name, part in answers.items():
            if (part is None) is not (self.output is None):
                raise ValueError(f"output and {name} go together, and one of them is missing")
        if self.output is None and (self.quality is not None or self.calibration is not None):
            raise ValueError("quality and calibration need an output")
        if self.output is not None and self.classes is not None:
            _check_classes(self.output, self.classes)
        return self


def read(text: bytes) -> Baseline:
    """Read the file's content; raises BaselineError."""
    if len(text) > MOST_BYTES:
        raise BaselineError(f"baseline is {len(text)} bytes long, and at most {MOST_BYTES} are read")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise BaselineError("baseline is no JSON") from None
    if not isinstance(content, dict):
        raise BaselineError("baseline is no JSON object")
    version = content.get("schema_version")
    if version != SCHEMA_VERSION:
        raise BaselineError(
            f"baseline has schema_version {version!r}, expected {SCHEMA_VERSION}: make it anew with python -m "
            "model.baseline"
        )
    try:
        sealed = Baseline.model_validate_json(text)
    except ValidationError as error:
        raise BaselineError(f"baseline is not valid: {_first(error)}") from None
    if sealed.digest != digest(content):
        raise BaselineError(f"baseline was changed since it was made: its digest is not {sealed.digest}")
    return sealed


def seal(content: Mapping[str, Any]) -> dict[str, Any]:
    """Add version and digest to the content of a file, as it is to be written; raises BaselineError."""
    whole = {"schema_version": SCHEMA_VERSION} | {name: part for name, part in content.items() if name != "digest"}
    whole = {"digest": digest(whole)} | whole
    read(json.dumps(whole, allow_nan=False).encode())
    return whole


def digest(content: Mapping[str, Any]) -> str:
    """SHA-256 of the file's content but for the digest itself, keys sorted and without spaces."""
    rest = {name: part for name, part in content.items() if name != "digest"}
    canonical = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def check_fits(baseline: Baseline, inputs: Mapping[str, TensorForm], outputs: Mapping[str, TensorForm]) -> None:
    """Raise BaselineError where the baseline is of another model than the one with these inputs and outputs."""
    if baseline.input is not None:
        for name, shape in baseline.input.shapes.items():
            is_output = name in baseline.input.outputs
            kind, does = ("output", "gives") if is_output else ("input", "takes")
            form = _of_model(kind, name, outputs if is_output else inputs)
            if form.datatype == "BYTES":
                raise BaselineError(f"baseline reads {kind} {name!r} as numbers, and the model {does} BYTES there")
            _check_shape(kind, name, shape, form)
    if baseline.output is not None:
        form = _of_model("output", baseline.output.name, outputs)
        if form.datatype not in FLOATING:
            raise BaselineError(f"baseline reads output {baseline.output.name!r} as scores, and it is {form.datatype}")
        _check_shape("output", baseline.output.name, (baseline.output.columns,), form)


def _of_model(kind: str, name: str, forms: Mapping[str, TensorForm]) -> TensorForm:
    if name not in forms:
        raise BaselineError(
            f"baseline is of another model: it reads {kind} {name!r}, and the model has {_quoted(forms)}"
        )
    return forms[name]


def _check_shape(kind: str, name: str, shape: tuple[int, ...], form: TensorForm) -> None:
    if form.shape is None:
        return
    declared = form.shape[1:]
    fits = len(form.shape) > 0 and len(declared) == len(shape)
    if not fits or not all(want in (OPEN, came) for want, came in zip(declared, shape, strict=True)):
        raise BaselineError(
            f"baseline is of another model: rows of its {kind} {name!r} have shape {list(shape)}, "
            f"and the model's {list(declared)}"
        )


def _check_classes(output: Output, classes: Classes) -> None:
    expected = max(output.columns, 2)
    if len(classes.names) != expected:
        raise ValueError(f"{len(classes.names)} classes do not fit an output of {output.columns} columns")


def _first(error: ValidationError) -> str:
    """Say the first mistake only, and where it is."""
    told = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in told["loc"])
    what = told["msg"].removeprefix("Value error, ")
    what = what[:1].lower() + what[1:] if told["type"] != "value_error" else what
    return f"{where}: {what}" if where else what


def _quoted(names: Sequence[str] | Mapping[str, object]) -> str:
    return ", ".join(repr(name) for name in names) or "none"
