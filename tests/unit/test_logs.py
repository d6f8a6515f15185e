"""A record is one line of JSON, whatever it holds."""

import json
import logging
import sys
from pathlib import Path

import orjson
import pytest

from serving.logs import JsonLine


def record(
    message: str = "ready", *, name: str = "ecluse", fields: dict[str, object] | None = None
) -> logging.LogRecord:
    made = logging.LogRecord(name, logging.WARNING, "file.py", 1, message, None, None)
    made.created = 1700000000.25
    if fields is not None:
        made.fields = fields
    return made


def test_an_event_of_ours_is_its_time_its_level_its_name_and_its_fields() -> None:
    line = JsonLine().format(record(fields={"port": 8080, "note": None}))
    assert orjson.loads(line) == {
        "time": "2023-11-14T22:13:20.250+00:00",
        "level": "warning",
        "event": "ready",
        "port": 8080,
    }


def test_a_record_of_a_library_names_it() -> None:
    made = logging.LogRecord("uvicorn.error", logging.ERROR, "file.py", 1, "took %d s", (3,), None)
    line = orjson.loads(JsonLine().format(made))
    assert (line["logger"], line["event"], line["level"]) == ("uvicorn.error", "took 3 s", "error")


def test_a_traceback_stays_on_its_line() -> None:
    made = record("failed")
    try:
        raise KeyError("seven")
    except KeyError:
        made.exc_info = sys.exc_info()
    line = JsonLine().format(made)
    assert "\n" not in line
    assert orjson.loads(line)["traceback"].endswith("KeyError: 'seven'\n")


@pytest.mark.parametrize(
    ("field", "written"),
    [
        pytest.param("two\nlines", "two\nlines", id="a line break"),
        pytest.param(Path("/models/1"), "/models/1", id="a path"),
        pytest.param({1: "a"}, {"1": "a"}, id="keys that are numbers"),
        pytest.param(float("nan"), None, id="no number"),
        pytest.param(logging.WARNING, 30, id="a number"),
        pytest.param(ValueError("x"), "x", id="an exception"),
        pytest.param(2**70, 2**70, id="a number beyond 64 bits"),
        pytest.param("\udcff", "\udcff", id="a file name that is no UTF-8"),
    ],
)
def test_any_field_can_be_written(field: object, written: object) -> None:
    line = JsonLine().format(record(fields={"field": field}))
    assert "\n" not in line
    assert json.loads(line)["field"] == written
