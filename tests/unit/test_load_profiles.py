"""The profiles that are shipped, and the command that shows them."""

import io
import json
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from loadtests.__main__ import main
from loadtests.measure.run import Span
from loadtests.profile.course import Course
from loadtests.profile.outline import outline
from loadtests.profile.read import SHIPPED, names, read
from loadtests.profile.sketch import COLUMNS, sketch
from loadtests.verdict.limit import without_a_limit
from monitoring import slo

PROMISED = {
    "batch-sweep",
    "diurnal",
    "drift",
    "mixed-models",
    "overload",
    "rolling-update",
    "smoke",
    "soak",
    "spike",
    "steady",
    "step",
}


def test_all_that_is_promised_is_there() -> None:
    assert set(names()) >= PROMISED


@pytest.mark.parametrize("name", names())
def test_each_says_at_its_top_what_it_answers_and_how_long_it_takes(name: str) -> None:
    top = (SHIPPED / f"{name}.yaml").read_text().split("\nsummary:")[0]
    assert top.startswith("# Answers: ")
    assert "Takes " in top


@pytest.mark.parametrize("name", names())
def test_each_can_be_judged_by_the_promise_that_is_shipped(name: str) -> None:
    profile = read(name)
    assert profile.gates
    assert without_a_limit(profile, slo.read()) == []


@pytest.mark.parametrize("name", names())
def test_each_is_expected_to_last_as_long_as_its_course_does(name: str) -> None:
    profile = read(name)
    course = Course(profile)
    now = -3
    while not course.is_over:
        if course.awaited is not None and profile.search:
            course.judge(course.awaited.rate_at(0) < profile.search.last)
        course.advance(now, change_is_over=True)
        now += 1
    assert course.ends_at == pytest.approx(outline(profile).seconds, abs=1)


def test_smoke_takes_less_than_a_minute() -> None:
    assert outline(read("smoke")).seconds < 60


def test_a_rolling_update_allows_no_failure_of_any_kind() -> None:
    profile = read("rolling-update")
    forbidden = {
        outcome
        for gate in profile.gates
        if gate.measure == "error_ratio" and gate.most == 0 and not gate.phases and gate.severity == "fail"
        for outcome in gate.of
    }
    assert forbidden == {"shed", "deadline", "server", "client", "connection", "timeout", "wrong", "dropped"}
    assert {stream.requests_per_connection for stream in profile.streams} == {None, 1, 20}


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["profiles", *arguments]) == 0
    return capsys.readouterr().out


def test_the_list_names_each_with_its_question_and_its_length(capsys: pytest.CaptureFixture[str]) -> None:
    listed = told(capsys)
    assert listed == told(capsys, "list")
    for name in names():
        assert f"{name} " in listed
        assert read(name).summary in listed
    assert "40 s, about 940 requests" in listed
    assert "at least 105 s, at least 6,300 requests" in listed


@pytest.mark.parametrize("name", names())
def test_what_is_shown_is_the_same_profile(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "shown.yaml"
    path.write_text(told(capsys, "show", name, "--set", "rate=77"))
    assert read(str(path)) == read(name, ["rate=77"])


def test_a_profile_that_is_wrong_is_said_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "check", "smoke") == "smoke can be run: 40 s, about 940 requests\n"
    assert "It needs one thing more: what is changed is not told" in told(capsys, "check", "rolling-update")
    assert main(["profiles", "check", "smoke", "--set", "rat=1"]) == 2
    assert capsys.readouterr() == ("", "smoke: rat is no field; did you mean rate?\n")
    assert main(["profiles", "show", "smok"]) == 2
    assert "did you mean smoke?" in capsys.readouterr().err


def test_the_schema_takes_what_is_shipped_and_not_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads(told(capsys, "--schema"))
    check = jsonschema.Draft202012Validator(schema)
    for name in names():
        written = json.loads(json.dumps(yaml.safe_load((SHIPPED / f"{name}.yaml").read_text())))
        assert list(check.iter_errors(written)) == []
        assert list(check.iter_errors(written | {"rat": 5})) != []


def test_a_sketch_shows_the_rate_over_time() -> None:
    lines = sketch(outline(read("spike")))
    curve = [line[10:] for line in lines[:6]]
    assert lines[0].startswith("    200/s ")
    assert curve[0].strip() == "█" * round(COLUMNS / 6)
    assert "a warm-up   warm-up       10 s  40/s" in "\n".join(lines)
    assert all(len(line) <= 82 for line in lines[:7])


def test_a_terminal_that_knows_ascii_alone_is_drawn_for(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii", write_through=True))
    assert main(["profiles", "show", "diurnal"]) == 0
    drawn = [line[12:] for line in written.getvalue().decode("ascii").splitlines() if line.startswith("# ")]
    assert set(drawn[0]) == {" ", ".", ":", "#"}
    assert "#" * 20 in drawn[3]


def test_a_trace_is_drawn_by_its_requests(tmp_path: Path) -> None:
    (tmp_path / "trace.txt").write_text("".join(f"{second + part / 10}\n" for second in range(70) for part in range(5)))
    overrides = [f"trace={tmp_path / 'trace.txt'}", "phases.steady.seconds=60"]
    expected = outline(read("steady", overrides))
    assert expected.requests == 350
    assert "300 requests of the trace" in "\n".join(sketch(expected))
    with_trace = read("steady", overrides)
    assert sum(span.planned for span in _spans(Course(with_trace))) == 350


def _spans(course: Course) -> list[Span]:
    course.advance(-3)
    return course.spans(1000)
