"""What Grafana does to frames before it shows them. Pure; those that our dashboards use, and no other."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from monitoring.preview.frames import Column, Frame, Value


def transform(frames: list[Frame], steps: Sequence[Mapping[str, Any]]) -> list[Frame]:
    """Bring frames into shape, one step after the other."""
    for step in steps:
        if step.get("disabled"):
            continue
        known = STEPS.get(step["id"])
        if known is None:
            raise ValueError(f"the transformation {step['id']!r} is not known; known are {', '.join(sorted(STEPS))}")
        frames = known(frames, step.get("options", {}))
    return frames


def _merge(frames: list[Frame], _: Mapping[str, Any]) -> list[Frame]:
    """Rows of all queries in one frame, one where all that they share is equal."""
    frames = [frame for frame in frames if len(frame)]
    if len(frames) < 2:
        return frames
    names: dict[str, Column] = {}
    for frame in frames:
        for column in frame.columns:
            names.setdefault(column.name, column)
    shared = [name for name in names if all(frame.column(name) for frame in frames)]
    rows: dict[tuple[Value, ...], dict[str, Value]] = {}
    for frame in frames:
        for index in range(len(frame)):
            row = {column.name: column.values[index] for column in frame.columns}
            rows.setdefault(tuple(row[name] for name in shared), {}).update(row)
    merged = [
        Column(name, [row.get(name) for row in rows.values()], kind=column.kind) for name, column in names.items()
    ]
    return [Frame(frames[0].query, merged)]


def _organize(frames: list[Frame], options: Mapping[str, Any]) -> list[Frame]:
    """Columns left out, in another order, and under other names."""
    excluded, order = options.get("excludeByName", {}), options.get("indexByName", {})
    renamed = options.get("renameByName", {})

    def shown(frame: Frame) -> list[Column]:
        kept = [column for column in frame.columns if not excluded.get(column.name)]
        kept.sort(key=lambda column: order.get(column.name, len(order)))
        return [
            Column(renamed.get(column.name) or column.name, column.values, column.labels, column.kind)
            for column in kept
        ]

    return [Frame(frame.query, shown(frame)) for frame in frames]


def _sort(frames: list[Frame], options: Mapping[str, Any]) -> list[Frame]:
    """Rows in the order of one column."""
    by = options.get("sort", [{}])[0]
    return [sort_rows(frame, by.get("field", ""), descending=bool(by.get("desc"))) for frame in frames]


def sort_rows(frame: Frame, name: str, *, descending: bool) -> Frame:
    column = frame.column(name)
    if column is None:
        return frame
    order = sorted(range(len(frame)), key=lambda index: _key(column.values[index]), reverse=descending)
    return Frame(
        frame.query,
        [Column(each.name, [each.values[i] for i in order], each.labels, each.kind) for each in frame.columns],
    )


def _key(value: Value) -> tuple[int, float, str]:
    """Numbers by size, and text by its numbers where it is one."""
    if value is None:
        return (0, -math.inf, "")
    try:
        return (1, float(value), "")
    except ValueError:
        return (2, 0.0, str(value))


def _matrix(frames: list[Frame], options: Mapping[str, Any]) -> list[Frame]:
    """One column's values down, another's across, a third's in the cells."""
    down, across, inside = options["rowField"], options["columnField"], options["valueField"]
    empty: Value = {"zero": 0.0, "null": None, "empty": ""}.get(options.get("emptyValue", "empty"), "")
    made = []
    for frame in frames:
        columns = [frame.column(name) for name in (down, across, inside)]
        if None in columns or not len(frame):
            continue
        rows, heads, cells = ([*column.values] for column in columns if column is not None)
        content = {(row, head): cell for row, head, cell in zip(rows, heads, cells, strict=True)}
        names = list(dict.fromkeys(rows))
        first = Column(f"{down}\\{across}", names, kind="string")
        others = [
            Column(str(head), [content.get((row, head), empty) for row in names]) for head in dict.fromkeys(heads)
        ]
        made.append(Frame(frame.query, [first, *others]))
    return made


def _labels_to_fields(frames: list[Frame], _: Mapping[str, Any]) -> list[Frame]:
    """Labels of each series as columns beside its values."""
    made = []
    for frame in frames:
        columns = [column for column in frame.columns if column.kind != "number"]
        for column in frame.columns:
            if column.kind == "number":
                columns += [Column(name, [text] * len(frame), kind="string") for name, text in column.labels.items()]
                columns.append(Column(column.name, column.values))
        made.append(Frame(frame.query, columns))
    return made


def _rename(frames: list[Frame], options: Mapping[str, Any]) -> list[Frame]:
    """Names changed by a regular expression."""
    pattern, replacement = options.get("regex", ""), re.sub(r"\$(\d)", r"\\\1", options.get("renamePattern", ""))
    return [
        Frame(
            frame.query,
            [
                column
                if column.kind == "time"
                else Column(re.sub(pattern, replacement, column.name), column.values, column.labels, column.kind)
                for column in frame.columns
            ],
        )
        for frame in frames
    ]


STEPS = {
    "groupingToMatrix": _matrix,
    "labelsToFields": _labels_to_fields,
    "merge": _merge,
    "organize": _organize,
    "renameByRegex": _rename,
    "sortBy": _sort,
}
