"""`run.json` gives back what was written, and refuses in a sentence what is not one."""

import gzip
from dataclasses import fields
from pathlib import Path

import orjson
import pytest

from loadtests.measure.outcome import Outcome
from loadtests.measure.run import SCHEMA_VERSION, Run
from loadtests.report import run_file
from loadtests.report.run_file import BadRunFile
from loadtests.verdict.result import Status
from tests.reported_runs import a_run, a_verdict, seen


def same(one: Run, other: Run) -> bool:
    return one.timeline.cells == other.timeline.cells and all(
        getattr(one, field.name) == getattr(other, field.name) for field in fields(Run) if field.name != "timeline"
    )


def refusal(path: Path) -> str:
    with pytest.raises(BadRunFile) as refused:
        run_file.read(path)
    return str(refused.value)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return run_file.write(a_run(), a_verdict(), tmp_path)


def test_what_was_written_is_read(written: Path) -> None:
    run, verdict = run_file.read(written)

    assert same(run, a_run())
    assert verdict == a_verdict()


def test_a_run_of_nothing_is_written_and_read(tmp_path: Path) -> None:
    nothing = Run(profile={}, profile_name="", target={}, began_at="")

    run, verdict = run_file.read(run_file.write(nothing, a_verdict(Status.UNREACHABLE), tmp_path))

    assert same(run, nothing)
    assert verdict.status is Status.UNREACHABLE


def test_a_large_run_is_compressed_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_file, "LARGEST_PLAIN_BYTES", 1000)
    (tmp_path / run_file.NAME).write_text("of a smaller run")

    path = run_file.write(a_run(), a_verdict(), tmp_path)

    assert path.name == "run.json.gz"
    assert [each.name for each in tmp_path.iterdir()] == ["run.json.gz"]
    assert same(run_file.read(path)[0], a_run())


def test_the_same_run_gives_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_file, "LARGEST_PLAIN_BYTES", 0)
    first = run_file.write(a_run(), a_verdict(), tmp_path).read_bytes()

    assert run_file.write(a_run(), a_verdict(), tmp_path).read_bytes() == first


def test_json_that_others_have_laid_out_is_read_too(written: Path) -> None:
    written.write_bytes(orjson.dumps(orjson.loads(written.read_bytes()), option=orjson.OPT_INDENT_2))

    assert same(run_file.read(written)[0], a_run())


def test_a_cell_that_is_no_json_is_refused(written: Path) -> None:
    written.write_bytes(written.read_bytes().replace(b'{"second":3,"stream"', b'{"second":3"stream"'))

    assert "run.timeline has another form: " in refusal(written)


def test_words_that_are_no_text_cost_no_run(tmp_path: Path) -> None:
    run = a_run([seen(0, 1.0, Outcome.SERVER, words="half \ud800 a pair")], troubles=["and \udcff"])

    read, _ = run_file.read(run_file.write(run, a_verdict(), tmp_path))

    assert read.timeline.over(0, 1).examples == {Outcome.SERVER: ["half ? a pair"]}
    assert read.troubles == ["and ?"]
    assert read.spans == run.spans


def test_a_cell_has_a_line_of_its_own(written: Path) -> None:
    cells = [line for line in written.read_text().splitlines() if line.startswith('{"second"')]

    assert len(cells) == len(a_run().timeline.cells)


def test_a_bucket_takes_about_as_many_bytes_as_is_reckoned(tmp_path: Path) -> None:
    run = a_run([seen(second / 50, 0.002 + second % 977 / 10_000) for second in range(5000)])

    bytes_ = run_file.write(run, a_verdict(), tmp_path).stat().st_size

    assert bytes_ == pytest.approx(run_file.about_bytes(run.timeline), rel=0.5)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.json") == f"{tmp_path}/none.json cannot be read: No such file or directory"
    assert refusal(tmp_path) == f"{tmp_path} cannot be read: Is a directory"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off_is_told_from_another(written: Path, share: float) -> None:
    whole = written.read_bytes()
    written.write_bytes(whole[: int(len(whole) * share)])

    assert refusal(written) == f"{written} is cut off in the middle"


def test_a_compressed_file_that_is_cut_off_or_damaged_is_refused(written: Path) -> None:
    packed = gzip.compress(written.read_bytes())
    written.write_bytes(packed[: len(packed) // 2])
    assert refusal(written) == f"{written} is cut off in the middle"

    written.write_bytes(packed[:200] + b"\x00" * 50 + packed[250:])
    assert refusal(written).startswith(f"{written} is damaged: ")


@pytest.mark.parametrize("text", ["", "no json", "<html>", "[1, 2", '{"schema_version": 1,, }'])
def test_what_is_no_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)

    assert refusal(path).startswith(f"{path} is no JSON: ")


@pytest.mark.parametrize("text", ["1", "[]", "null", '{"run": {}}'])
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)

    assert refusal(path) == f"{path} is not the run of a load test: it has no schema_version"


@pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, 0, "1", True, None])
def test_another_version_is_refused(tmp_path: Path, version: object) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(orjson.dumps({"schema_version": version, "run": {}, "verdict": {}}))

    assert refusal(path) == (
        f"{path} is written in version {version!r} of its form, and this reads version {SCHEMA_VERSION}"
    )


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("verdict", "status"), 17, "verdict.status: input should be 0, 1, 2, 3, 4 or 130"),
        (("verdict", "gates", 0, "mark"), "good", "verdict.gates.0.mark: input should be"),
        (("run", "spans", 0, "began"), "now", "run.spans.0.began: input should be a valid integer"),
        (("run", "colour"), "red", "run.colour is not known"),
        (("run", "timeline", 0, "responses"), {"splendid": {"1": 1}}, "'splendid' is not a valid Outcome"),
        (("run", "timeline", 0, "responses"), {"ok": {"1": -1}}, "a bucket holds less than one"),
        (("run", "timeline"), [{"stream": "v2"}], "run.timeline has no 'second'"),
        (("run", "timeline"), 3, "run.timeline has another form"),
        (("run",), [], "run must hold keys and values"),
        (("notes",), "", "notes is not known"),
    ],
)
def test_another_form_is_refused_with_its_place(
    written: Path, place: tuple[str | int, ...], value: object, said: str
) -> None:
    whole = orjson.loads(written.read_bytes())
    inner = whole
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    written.write_bytes(orjson.dumps(whole))

    assert said in refusal(written)


def test_what_is_missing_is_named(written: Path) -> None:
    whole = orjson.loads(written.read_bytes())
    del whole["verdict"]
    written.write_bytes(orjson.dumps(whole))
    assert refusal(written).endswith("verdict is missing")

    whole["verdict"] = {"status": 0}
    del whole["run"]["target"]
    written.write_bytes(orjson.dumps(whole))
    assert refusal(written).endswith("run.target is missing")
