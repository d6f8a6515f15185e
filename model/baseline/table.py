"""A user's rows: arrays by name, from npz, CSV or Parquet.

Each array has a row per row of the data; text stays text, and what is empty in
a column of numbers is NaN. Says which file, which column and what was expected
where something is wrong. Which of the arrays a model takes is not known here.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from model.errors import BadRows

Array = npt.NDArray[Any]

FORMATS = (".npz", ".csv", ".parquet")
LABELS = "labels"
"""What the array or column of labels is called where nothing is said."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as they lie in the file, labels apart."""

    arrays: dict[str, Array]
    labels: Array | None
    is_columns: bool
    """Each array is one column of a table, as in CSV and Parquet; else arrays are inputs as they are."""

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))


def read(path: Path, labels_column: str | None) -> Table:
    """Read a file by the ending of its name; `labels_column` must be there where it is given."""
    if not path.is_file():
        raise BadRows(path, "there is no such file")
    if path.suffix not in FORMATS:
        raise BadRows(
            path, f"its name ends in {path.suffix or 'nothing'}, and what can be read is {', '.join(FORMATS)}"
        )
    arrays = _from_npz(path) if path.suffix == ".npz" else _from_columns(path)
    wanted = labels_column or LABELS
    if labels_column and labels_column not in arrays:
        raise BadRows(path, f"it has no column {labels_column!r}, only {', '.join(arrays)}")
    labels = arrays.pop(wanted, None)
    if not arrays:
        raise BadRows(path, "it holds nothing but labels" if labels is not None else "it holds no array")
    _same_length(path, arrays, labels, wanted)
    return Table(arrays, labels, is_columns=path.suffix != ".npz")


def _from_npz(path: Path) -> dict[str, Array]:
    if not zipfile.is_zipfile(path):
        raise BadRows(path, "it is no npz file, as numpy.savez writes them")
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: np.asarray(file[name]) for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, AttributeError) as error:
        raise BadRows(path, f"it cannot be read as npz: {_first_line(error)}") from error
    for name, array in arrays.items():
        if array.ndim == 0:
            raise BadRows(path, f"its array {name!r} is a single value, and a row for each row is expected")
    return arrays


def _from_columns(path: Path) -> dict[str, Array]:
    try:
        table = pyarrow.csv.read_csv(path) if path.suffix == ".csv" else pyarrow.parquet.read_table(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise BadRows(path, f"it cannot be read as {path.suffix[1:]}: {_first_line(error)}") from error
    names = table.column_names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadRows(path, f"it has more than one column {twice[0]!r}")
    return {name: _column(path, name, table.column(name)) for name in names}


def _column(path: Path, name: str, column: Any) -> Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_boolean(kind):
        column, kind = column.cast(pa.int8()), pa.int8()
    if pa.types.is_decimal(kind):
        column, kind = column.cast(pa.float64()), pa.float64()
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind):
        if column.null_count:
            column = column.cast(pa.float64())
        return np.asarray(column.to_numpy())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return np.array(["" if value is None else value for value in column.to_pylist()], dtype=object)
    raise BadRows(path, f"its column {name!r} holds {kind}, and numbers or text are expected")


def _same_length(path: Path, arrays: dict[str, Array], labels: Array | None, labels_name: str) -> None:
    first, *others = arrays.items()
    for name, array in (*others, *([] if labels is None else [(labels_name, labels)])):
        if len(array) != len(first[1]):
            raise BadRows(path, f"{first[0]!r} has {len(first[1]):,} rows and {name!r} {len(array):,}")
    if len(first[1]) == 0:
        raise BadRows(path, "it has no rows")


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
