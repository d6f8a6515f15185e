"""Whether what came is an answer to this very question: of this model, with these outputs, for these rows.

Runs for every answer of a load, and so does the least that tells. Everything
that a question expects is put together beforehand. Raises nothing, whatever
the bytes are.
"""

from collections.abc import Mapping, Sequence
from math import isfinite, prod
from typing import Any

import numpy as np

from loadtests.requests.answer import FAULTS, WHOLE, Answer, BadAnswer, Output, Read
from loadtests.requests.classes import ClassOutput
from loadtests.requests.datatypes import FLOATING
from loadtests.requests.expectation import Expectation
from loadtests.requests.question import Judgement, Reply
from loadtests.requests.target import UNKNOWN, Target, TensorForm

KINDS: Mapping[str, frozenset[type]] = {
    "BOOL": frozenset({bool}),
    "BYTES": frozenset({str, bytes}),
    **dict.fromkeys(FLOATING, frozenset({float, int})),
}
"""What an element in a list may be; of all other datatypes, a whole number."""


class Check:
    """The judge of one question."""

    __slots__ = ("_classes", "_expectation", "_forms", "_id", "_key", "_labels", "_model", "_read", "_rows")

    def __init__(
        self,
        read: Read,
        target: Target,
        rows: int,
        *,
        model: str = "",
        request_id: str = "",
        key: int = 0,
        labels: Sequence[int] = (),
        classes: ClassOutput | None = None,
        expectation: Expectation | None = None,
    ) -> None:
        """`model` and `request_id` are what an answer must repeat; `key` is the question's own in `expectation`."""
        self._read = read
        self._model = model
        self._rows = rows if target.is_batched else None
        self._id = request_id
        self._key = key
        self._labels = list(labels)
        self._classes = classes
        self._expectation = expectation
        self._forms = {form.name: form for form in target.outputs}

    def __call__(self, reply: Reply) -> Judgement:
        try:
            answer = self._read(reply)
            wrong = self._wrong(answer)
            if wrong:
                return Judgement(wrong, str(answer.version))
            version, labels = answer.version, self._labels
            if self._expectation is not None:
                wrong = self._expectation.differs(self._key, answer)
                if wrong:
                    return Judgement(wrong, version)
            if self._classes is None or not labels:
                return Judgement("", version)
            return Judgement("", version, len(labels), self._right(answer, self._classes))
        except BadAnswer as fault:
            return Judgement(f"the answer cannot be read: {fault}")
        except FAULTS as fault:
            return Judgement(f"the answer is not of the protocol's form: {type(fault).__name__}: {fault}"[:200])

    def read(self, reply: Reply) -> Answer | None:
        """Give what was answered; None where it is no answer to this question."""
        try:
            answer = self._read(reply)
            return None if self._wrong(answer) else answer
        except FAULTS:
            return None

    def _right(self, answer: Answer, classes: ClassOutput) -> int:
        for output in answer.outputs:
            if output.name == classes.name:
                return classes.count_right(output, self._labels)
        return 0

    def _wrong(self, answer: Answer) -> str:
        """Say in what this is no answer to the question; nothing where it is one."""
        if answer.model != self._model:
            return f"the answer is of model {answer.model!r}, asked was {self._model!r}"
        if type(answer.version) is not str:
            return f"the answer has the model_version {answer.version!r}, which is no string"
        if answer.id != self._id:
            return f"the answer has the id {answer.id!r}, sent was {self._id!r}"
        forms = self._forms
        names = {output.name for output in answer.outputs}
        if len(names) != len(answer.outputs):
            return "the answer has an output twice"
        if forms and names != forms.keys():
            return f"the answer has the outputs {sorted(names)}, the model promises {sorted(forms)}"
        if not names:
            return "the answer has no outputs"
        for output in answer.outputs:
            wrong = self._wrong_output(output, forms.get(output.name))
            if wrong:
                return wrong
        return ""

    def _wrong_output(self, output: Output, form: TensorForm | None) -> str:
        name, datatype, shape, values = output
        if form is not None:
            if datatype != form.datatype:
                return f"output {name!r} is {datatype}, the model promises {form.datatype}"
            if not _fits(shape, form):
                return f"output {name!r} has shape {list(shape)}, the model promises {list(form.shape)}"
        if self._rows is not None and (not shape or shape[0] != self._rows):
            return f"output {name!r} has shape {list(shape)}, and the question had {self._rows} rows"
        if len(values) != prod(shape):
            return f"output {name!r} has {len(values)} elements, and its shape is {list(shape)}"
        return _wrong_values(name, datatype, values)


def _fits(shape: tuple[int, ...], form: TensorForm) -> bool:
    if form.has_any_rank:
        return True
    wanted = form.shape
    if len(shape) != len(wanted):
        return False
    for want, came in zip(wanted, shape, strict=True):  # noqa: SIM110  (a generator costs as much again)
        if want not in (UNKNOWN, came):
            return False
    return True


def _wrong_values(name: str, datatype: str, values: Any) -> str:
    if isinstance(values, np.ndarray):
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            return f"output {name!r} holds NaN or an infinite number"
        return ""
    kinds = set(map(type, values))
    if datatype and not kinds <= KINDS.get(datatype, WHOLE):
        strange = sorted(kind.__name__ for kind in kinds - KINDS.get(datatype, WHOLE))
        told = "null" if strange == ["NoneType"] else strange[0]
        return f"output {name!r} is {datatype} and holds {told}"
    if datatype in FLOATING and not isfinite(sum(values)) and not all(map(isfinite, values)):
        return f"output {name!r} holds NaN or an infinite number"
    return ""
