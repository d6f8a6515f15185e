from pathlib import Path

import pytest

from k8s.rollout.plan.alone import alone
from k8s.rollout.plan.form import Gate, Plan, Step
from k8s.rollout.plan.read import BadPlan, digest, from_mapping, read

MEASURES = ("error_ratio", "p99", "query", "restarts")


def told(text: str, folder: Path) -> list[str]:
    path = folder / "plan.yaml"
    path.write_text(text)
    with pytest.raises(BadPlan) as error:
        read(path, MEASURES)
    return [line.removeprefix(f"{path}: ") for line in str(error.value).splitlines()]


def test_a_plan_that_says_nothing_is_the_plan_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text("# nothing yet\n")
    assert read(tmp_path / "plan.yaml") == read(None) == Plan()


def test_a_plan_is_read_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(
        "steps: [{percent: 5, windows: 1}, {percent: 50, approval: true}]\n"
        "gates: [{measure: p99, most: 0.2, worse_times: 1.2}]\n"
        "limits: {window_seconds: 30}\n"
        "on_abort: keep\n"
    )
    plan = read(tmp_path / "plan.yaml", MEASURES)
    assert plan.steps == (Step(percent=5, windows=1), Step(percent=50, approval=True))
    assert plan.gates == (Gate(measure="p99", most=0.2, worse_times=1.2),)
    assert plan.limits.window_seconds == 30
    assert plan.on_abort == "keep"


def test_the_spelling_of_the_chart_is_the_same_plan() -> None:
    chart = {"steps": [{"percent": 5, "pauseSeconds": 9}], "limits": {"windowSeconds": 30}, "stableMustPass": False}
    file = {"steps": [{"percent": 5, "pause_seconds": 9}], "limits": {"window_seconds": 30}, "stable_must_pass": False}
    assert from_mapping(chart, "rollout.plan") == from_mapping(file, "plan")


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        pytest.param(
            "limits: {windw_seconds: 3}",
            ["limits.windw_seconds is no field; did you mean window_seconds?"],
            id="a field that is nearly one",
        ),
        pytest.param(
            "steps: [{percent: 5%}]",
            ['steps.1.percent must be a number, and is "5%"'],
            id="a share with its sign",
        ),
        pytest.param(
            "steps: [{percent: 0}, {percent: 101}, {windows: 1}]",
            [
                "steps.1.percent must be more than 0, and is 0",
                "steps.2.percent must be 100 or less, and is 101",
                "steps.3.percent is missing",
            ],
            id="all mistakes at once",
        ),
        pytest.param(
            "steps: [{percent: 5}, {percent: 5}]",
            ["steps.2.percent must be more than 5, the step's before, and is 5"],
            id="steps that do not rise",
        ),
        pytest.param("steps: []", ["steps must have at least one item"], id="no steps"),
        pytest.param("steps: 5", ["steps must be a list, and is 5"], id="a step that is no list"),
        pytest.param(
            "gates: [{measure: p99}]",
            ["gates.1.measure p99 has no bound; give most, least, worse_by or worse_times"],
            id="a gate without a bound",
        ),
        pytest.param(
            "gates: [{measure: eror_ratio, most: 1}]",
            ["gates.1.measure eror_ratio is not known; did you mean error_ratio?"],
            id="a measure that is nearly one",
        ),
        pytest.param(
            "gates: [{measure: zzz, most: 1}]",
            ["gates.1.measure zzz is not known; there are error_ratio, p99, query, restarts"],
            id="a measure that is like none",
        ),
        pytest.param(
            "gates: [{measure: p99, most: 1}, {measure: p99, most: 2}]",
            ["gates: 2 have the name p99; give each a name of its own"],
            id="two gates of one name",
        ),
        pytest.param(
            "gates: [{measure: query, most: 1, query: up}]",
            ["gates.1.query must have {matchers} in it, or it cannot tell the versions apart"],
            id="a question that cannot tell the versions apart",
        ),
        pytest.param(
            "gates: [{measure: query, most: 1}, {measure: p99, most: 1, query: 'up{{matchers}}'}]",
            [
                "gates.1.query is missing, which the measure query asks",
                "gates.2.query is for the measure query, and this one is p99",
            ],
            id="a question missing or too much",
        ),
        pytest.param(
            'gates: [{measure: query, query: "gpu{{matchers}}", most: 1, least: 2}]',
            ["gates.1.least must be no more than most, 1, and is 2"],
            id="bounds that exclude each other",
        ),
        pytest.param(
            "steps: [{percent: 5, windows: 20}]",
            [
                "steps.1 cannot end: 20 windows of 60 s are 1200 s, and limits.inconclusive_seconds is 900",
            ],
            id="a step that cannot end",
        ),
        pytest.param("confidence: 1", ["confidence must be less than 1, and is 1"], id="certainty"),
        pytest.param("on_abort: burn", ['on_abort must be keep or discard, and is "burn"'], id="a word of few"),
        pytest.param("stable_must_pass: 1", ["stable_must_pass must be true or false, and is 1"], id="no number"),
        pytest.param("limits: {windowSeconds: 1, window_seconds: 2}", None, id="both spellings"),
        pytest.param("limits: {drain_seconds: .nan}", None, id="no number at all"),
        pytest.param("limits: ", ["limits must hold fields: ready_seconds"], id="nothing where fields are"),
        pytest.param("steps: [1", None, id="no YAML"),
        pytest.param("a: 1\na: 2", None, id="a key twice"),
        pytest.param("a: &x [1]\nb: *x", None, id="a reference"),
        pytest.param("[1, 2]", None, id="a list"),
        pytest.param("[" * 5000, None, id="deep"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_what_was_expected(
    text: str, sentences: list[str] | None, tmp_path: Path
) -> None:
    lines = told(text, tmp_path)
    if sentences is None:
        assert len(lines) == 1
        assert "Traceback" not in lines[0]
    else:
        assert [line[: len(sentence)] for line, sentence in zip(lines, sentences, strict=True)] == sentences


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "large").write_bytes(b" " * 300_000)
    for path, words in ((tmp_path / "none", "No such file"), (tmp_path / "binary", "UTF-8"), (tmp_path, "directory")):
        with pytest.raises(BadPlan, match=words):
            read(path)
    with pytest.raises(BadPlan, match="more than 65536 bytes"):
        read(tmp_path / "large")


def test_a_digest_is_of_the_plan_and_not_of_its_spelling() -> None:
    plan = from_mapping({"steps": [{"percent": 5}]}, "plan")
    assert digest(plan) == digest(from_mapping({"steps": [{"windows": 2, "percent": 5.0}], "gates": []}, "plan"))
    assert digest(plan) != digest(from_mapping({"steps": [{"percent": 6}]}, "plan"))


def test_alone_a_gate_keeps_its_absolute_bounds() -> None:
    gates = (Gate(measure="p99", most=1, worse_times=2), Gate(measure="error_ratio", worse_by=0.1))
    assert alone(gates) == (Gate(measure="p99", most=1),)
