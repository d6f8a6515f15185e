"""What came back of a panel's queries, as Grafana's frames: columns with names.

Lines have a frame for each series, tables one for each query. Pure.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitoring.preview.prometheus import Answer

Value = float | str | None


@dataclass(slots=True)
class Column:
    """One field of a frame: numbers, text, or times."""

    name: str
    values: list[Value]
    labels: Mapping[str, str] = field(default_factory=dict)
    kind: str = "number"


@dataclass(slots=True)
class Frame:
    """Columns of one length, which a query gave."""

    query: str
    columns: list[Column]

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def __len__(self) -> int:
        return len(self.columns[0].values) if self.columns else 0


def lines(target: Mapping[str, Any], answers: Sequence[Answer]) -> list[Frame]:
    """A frame for each series: its times and its values, under the name that the legend gives it."""
    ordered = sorted(answers, key=lambda answer: sorted(answer.labels.items()))
    return [
        Frame(
            target["refId"],
            [
                Column("Time", list(answer.times), kind="time"),
                Column(legend(target.get("legendFormat", ""), answer.labels), list(answer.values), answer.labels),
            ],
        )
        for answer in (answers if target.get("instant") else ordered)
    ]


def table(target: Mapping[str, Any], answers: Sequence[Answer], *, alone: bool) -> Frame:
    """One frame of rows: a column for the time, each label, and the value."""
    names = sorted({name for answer in answers for name in answer.labels})
    columns = [Column("Time", [answer.times[-1] for answer in answers], kind="time")]
    columns += [Column(name, [answer.labels.get(name, "") for answer in answers], kind="string") for name in names]
    value = "Value" if alone else f"Value #{target['refId']}"
    columns.append(Column(value, [_there(answer.values[-1]) for answer in answers]))
    return Frame(target["refId"], columns)


def _there(value: float) -> float | None:
    return None if math.isnan(value) else value


def legend(form: str, labels: Mapping[str, str]) -> str:
    """The name of a series, as `{{label}}` in the legend's form says."""
    if form and form != "__auto":
        return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: labels.get(match[1], ""), form)
    pairs = ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items()) if name != "__name__")
    return labels.get("__name__", "") + (f"{{{pairs}}}" if pairs else "") or "Value"
