"""`run.json`: a run and its verdict, from which every other report can be written again.

Compressed where it is large, and then called `run.json.gz`; reading takes both,
whatever they are called. Read strictly: a file that is not wholly one of ours is
refused in a sentence and not guessed at.
"""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import MISSING, fields
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, get_type_hints

import orjson
from pydantic import TypeAdapter, ValidationError

from loadtests.measure.histogram import Histogram
from loadtests.measure.run import SCHEMA_VERSION, Run
from loadtests.measure.timeline import Timeline
from loadtests.report.json_text import as_json
from loadtests.report.whole_file import replacing
from loadtests.verdict.result import Verdict

NAME = "run.json"
COMPRESSED_NAME = "run.json.gz"
LARGEST_PLAIN_BYTES = 4_000_000
BYTES_OF_A_CELL = 200
BYTES_OF_A_BUCKET = 11
"""About: a number of six digits and its count, with what stands around them."""

_CELLS_BEGIN, _CELLS_END = b',\n"timeline":[\n', b"\n]}}\n"
"""What stands around them. No text of JSON holds a line's end, so that neither is found elsewhere."""

GZIP = b"\x1f\x8b"
_SCHEMA = "schema_version"
Value = TypeVar("Value")


class BadRunFile(Exception):
    """The file is not a run that can be read; its words are a sentence."""


def write(run: Run, verdict: Verdict, folder: Path) -> Path:
    """Write the file, and give its path; raises OSError. Another of this folder's goes."""
    is_large = about_bytes(run.timeline) > LARGEST_PLAIN_BYTES
    name, other = (COMPRESSED_NAME, NAME) if is_large else (NAME, COMPRESSED_NAME)
    path = folder / name
    with replacing(path) as file:
        if is_large:
            # Without a time, so that the same run gives the same bytes.
            with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0, filename="") as packed:
                packed.writelines(_parts(run, verdict))
        else:
            file.writelines(_parts(run, verdict))
    (folder / other).unlink(missing_ok=True)
    return path


def find(path: Path) -> Path:
    """Give the file, where a folder is named that holds one; raises BadRunFile."""
    if not path.is_dir():
        return path
    for name in (NAME, COMPRESSED_NAME):
        if (path / name).exists():
            return path / name
    raise BadRunFile(f"{path} has no {NAME}")


def read(path: Path) -> tuple[Run, Verdict]:
    """Read what `write` wrote; raises BadRunFile."""
    written = _parsed(path)
    if not isinstance(written, dict) or _SCHEMA not in written:
        raise BadRunFile(f"{path} is not the run of a load test: it has no {_SCHEMA}")
    version = written[_SCHEMA]
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise BadRunFile(
            f"{path} is written in version {version!r} of its form, and this reads version {SCHEMA_VERSION}"
        )
    try:
        _demand(set(written), known={_SCHEMA, "run", "verdict"}, needed={"run", "verdict"})
        return _run(written["run"]), _valid(_VERDICT, "verdict", written["verdict"])
    except _OtherForm as sentence:
        raise BadRunFile(f"{path} is not the run of a load test: {sentence}") from None


def _parts(run: Run, verdict: Verdict) -> Iterator[bytes]:
    """Give the file in pieces, so that a long run is never in memory twice; a cell a line, for who looks inside."""
    seen = {field.name: getattr(run, field.name) for field in fields(run) if field.name != "timeline"}
    yield b'{"%s":%d,\n"verdict":' % (_SCHEMA.encode(), SCHEMA_VERSION)
    yield as_json(verdict)
    yield b',\n"run":' + as_json(seen)[:-1] + _CELLS_BEGIN
    separator = b""
    for (second, stream), cell in sorted(run.timeline.cells.items(), key=lambda item: item[0]):
        yield separator + as_json({"second": second, "stream": stream, **cell.to_wire()})
        separator = b",\n"
    yield _CELLS_END


def about_bytes(timeline: Timeline) -> int:
    buckets = sum(len(each.counts) for each in _histograms(timeline))
    return BYTES_OF_A_CELL * len(timeline.cells) + BYTES_OF_A_BUCKET * buckets


def _parsed(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            content = _unpacked(file)
    except EOFError:
        raise BadRunFile(f"{path} is cut off in the middle") from None
    except (zlib.error, gzip.BadGzipFile) as error:
        raise BadRunFile(f"{path} is damaged: {error}") from None
    except OSError as error:
        raise BadRunFile(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        return _document(content)
    except orjson.JSONDecodeError as error:
        if content.lstrip()[:1] == b"{" and error.pos >= len(content.decode(errors="replace")) - 1:
            raise BadRunFile(f"{path} is cut off in the middle") from None
        raise BadRunFile(f"{path} is no JSON: {error}") from None


def _document(content: bytes) -> Any:
    """Parse it: cells one after the other, where they stand as `write` puts them, which takes far less room."""
    begins, ends = content.find(_CELLS_BEGIN), len(content) - len(_CELLS_END)
    if begins < 0 or not content.endswith(_CELLS_END):
        return orjson.loads(content)
    written = orjson.loads(content[:begins] + b"}}")
    if isinstance(written.get("run"), dict):
        written["run"]["timeline"] = _cells(content, begins + len(_CELLS_BEGIN), ends)
    return written


def _cells(content: bytes, begins: int, ends: int) -> Iterator[Any]:
    lines = BytesIO(content)
    lines.seek(begins)
    while lines.tell() < ends:
        yield orjson.loads(lines.readline().rstrip(b",\n"))


def _unpacked(file: BinaryIO) -> bytes:
    is_packed = file.read(len(GZIP)) == GZIP
    file.seek(0)
    if not is_packed:
        return file.read()
    with gzip.GzipFile(fileobj=file) as packed:
        return packed.read()


class _OtherForm(Exception):
    """What is not as it should be."""


def _run(written: Any) -> Run:
    if not isinstance(written, dict):
        raise _OtherForm("run must hold keys and values")
    needed = {field.name for field in fields(Run) if field.default is MISSING and field.default_factory is MISSING}
    _demand(set(written), known={"timeline", *_ADAPTERS}, needed={"timeline", *needed}, where="run.")
    values = {
        name: _valid(adapter, f"run.{name}", written[name]) for name, adapter in _ADAPTERS.items() if name in written
    }
    return Run(**values, timeline=_timeline(written["timeline"]))


def _timeline(written: Any) -> Timeline:
    try:
        return Timeline.from_wire(written)
    except KeyError as missing:
        raise _OtherForm(f"run.timeline has no {missing}") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise _OtherForm(f"run.timeline has another form: {error}") from None


def _histograms(timeline: Timeline) -> Iterator[Histogram]:
    for cell in timeline.cells.values():
        yield from (*cell.responses.values(), cell.services, cell.lags)


def _demand(keys: set[str], *, known: set[str], needed: set[str], where: str = "") -> None:
    wrong = [
        *(f"{where}{key} is not known" for key in sorted(keys - known)),
        *(f"{where}{key} is missing" for key in sorted(needed - keys)),
    ]
    if wrong:
        raise _OtherForm(" and ".join(wrong))


def _valid(adapter: TypeAdapter[Value], where: str, written: Any) -> Value:
    try:
        # From JSON: there a list may stand for a tuple and a word for a member of an enumeration, and nothing else.
        return adapter.validate_json(orjson.dumps(written), strict=True)
    except ValidationError as mistakes:
        first = mistakes.errors()[0]
        place = ".".join(map(str, (where, *first["loc"])))
        raise _OtherForm(f"{place}: {first['msg'][0].lower()}{first['msg'][1:]}") from None


_VERDICT = TypeAdapter(Verdict)
_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    name: TypeAdapter(hint) for name, hint in get_type_hints(Run).items() if name != "timeline"
}
