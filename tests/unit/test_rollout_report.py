"""The report of a rollout: what it says, that it comes back from its JSON, and that a full disk costs nothing else."""

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import pytest

from k8s.rollout.gates.finding import Judgement
from k8s.rollout.machine.phase import Phase
from k8s.rollout.machine.state import Entry, State
from k8s.rollout.outcome import Exit
from k8s.rollout.plan.form import Plan, Step
from k8s.rollout.report import folder, json_text, markdown, picture, record_json
from k8s.rollout.report.__main__ import main
from k8s.rollout.report.record import MOST_STRETCHES, Record
from k8s.rollout.report.told import Heading, Told, duration
from k8s.rollout.report.wording import number
from k8s.rollout.seen import Traffic
from tests.rollout_doubles import finding

BEGAN = 1_800_000_000.0
PLAN = Plan(steps=(Step(percent=5), Step(percent=25, approval=True)))


def state(phase: Phase, step: int, percent: float) -> State:
    return State("one", "digest", BEGAN, "blue", "green", phase=phase, step=step, percent=float(percent))


def told(end: Exit = Exit.ABORTED, sentence: str = "p99 failed at 25 %") -> Told:
    """A rollout that failed in its second step, as it is recorded look by look."""
    record = Record()
    looks = (
        (0, Phase.PREFLIGHT, 0, 0, 0, None),
        (10, Phase.SHIFTING, 0, 5, 0, None),
        (12, Phase.SETTLING, 0, 5, 5, None),
        (72, Phase.ANALYSING, 0, 5, 5, Judgement.INCONCLUSIVE),
        (90, Phase.ANALYSING, 0, 5, 5, Judgement.PASSED),
        (105, Phase.ANALYSING, 0, 5, 5, Judgement.PASSED),
        (110, Phase.SHIFTING, 1, 25, 25, None),
        (180, Phase.ANALYSING, 1, 25, 25, Judgement.FAILED),
        (181, Phase.RESTORING, 1, 0, 25, None),
        (183, Phase.ENDED, 1, 0, 0, None),
    )
    for at, phase, step, meant, seen, judgement in looks:
        now = state(phase, step, meant)
        judged = None if judgement is None else (now, (finding(judgement, "p99"),))
        record = record.after(now, BEGAN + at, Traffic(float(seen)), judged)
    heading = Heading("httproute/mnist", "models", "gateway", "gateway, since it was asked for", "blue", "green")
    log = (Entry(BEGAN + 180, Phase.RESTORING, 25.0, "taking the traffic back: p99 | failed <b>"),)
    ended = replace(state(Phase.ENDED, 1, 0), exit=end, reason=sentence, log=log)
    return Told(heading, PLAN, ended, record, end, sentence, BEGAN + 183)


def test_looks_in_which_a_gate_says_the_same_are_one_stretch() -> None:
    stretches = [(each.judgement, each.began - BEGAN, each.ended - BEGAN) for each in told().record.stretches]
    assert stretches == [
        (Judgement.INCONCLUSIVE, 72, 72),
        (Judgement.PASSED, 90, 105),
        (Judgement.FAILED, 180, 180),
    ]


def test_the_last_word_of_each_step_is_kept() -> None:
    verdicts = [(each.step, each.percent, each.finding.judgement) for each in told().record.verdicts]
    assert verdicts == [(0, 5, Judgement.PASSED), (1, 25, Judgement.FAILED)]


def test_the_share_is_kept_as_it_was_seen() -> None:
    shares = [(each.at - BEGAN, each.meant, each.seen) for each in told().record.shares]
    assert shares == [(0, 0, 0), (10, 5, 0), (12, 5, 5), (110, 25, 25), (181, 0, 25), (183, 0, 0)]
    assert told().most_percent == 25


def test_a_record_stays_small_however_long_it_goes_on() -> None:
    record = Record()
    for look in range(5000):
        judgement = Judgement.PASSED if look % 2 else Judgement.INCONCLUSIVE
        now = state(Phase.ANALYSING, 0, look % 2)
        record = record.after(now, BEGAN + look, None, (now, (finding(judgement),)))
    assert len(record.stretches) == MOST_STRETCHES
    assert len(record_json.to_json(record)) < 100_000
    assert record.shares[0].at == BEGAN
    assert record.shares[-1].at == BEGAN + 4999


def test_a_record_comes_back_from_its_json() -> None:
    record = told().record
    assert record_json.from_json(record_json.to_json(record)) == record


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"shares": 1}'])
def test_what_is_no_record_is_told_as_such(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        record_json.from_json(text)


def test_a_report_comes_back_from_its_json() -> None:
    assert json_text.read(json_text.write(told())) == told()


def test_a_number_that_is_none_leaves_the_report_readable() -> None:
    endless = replace(finding(Judgement.FAILED, "p99"), canary=float("inf"), stable=float("nan"))
    now = state(Phase.ANALYSING, 0, 5)
    record = Record().after(now, BEGAN, None, (now, (endless,)))
    assert json_text.read(json_text.write(replace(told(), record=record))).record.verdicts[0].finding.canary is None


def test_every_file_is_written_again_from_the_json(tmp_path: Path) -> None:
    assert folder.write(told(), tmp_path) == []
    before = {name: (tmp_path / name).read_text() for name in folder.FORMS}
    for name in (folder.MARKDOWN, folder.PICTURE):
        (tmp_path / name).unlink()
    assert main([str(tmp_path)]) == 0
    assert {name: (tmp_path / name).read_text() for name in folder.FORMS} == before


@pytest.mark.parametrize(
    ("text", "words"), [("{", "it is no report"), ('{"form": 9}', "form 9"), ("[]", "it is no report")]
)
def test_what_is_no_report_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str) -> None:
    file = tmp_path / "report.json"
    file.write_text(text)
    assert main([str(file)]) == 1
    assert words in capsys.readouterr().err


def test_a_folder_that_takes_nothing_is_told_and_raises_nothing(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file where the folder is to be")
    troubles = folder.write(told(), taken / "report")
    assert len(troubles) == 3
    assert all("was not written" in each for each in troubles)


def test_the_page_of_a_job_gets_the_summary_after_what_is_there(tmp_path: Path) -> None:
    page = tmp_path / "summary"
    page.write_text("before\n")
    folder.write(told(), tmp_path / "report", page)
    assert page.read_text().startswith("before\n## ❌ Rollout of httproute/mnist: aborted")


def test_the_summary_says_in_a_sentence_how_far_it_came() -> None:
    words = markdown.write(told()).splitlines()[2]
    assert words == (
        "green of httproute/mnist in namespace models was taken back, having had at most 25 % of the traffic, "
        "after 3 min 3 s: p99 failed at 25 %"
    )


def test_steps_and_gates_are_told_in_tables() -> None:
    text = markdown.write(told())
    assert "| 1 | 5 % | 2 | - | ✅ all passed |" in text
    assert "| 2 | 25 % | 2 | approval | ❌ p99 |" in text
    assert "| 25 % | p99 | 2 % | 0.1 % | 1 % | 500 | ❌ failed | p99 failed |" in text


def test_what_servers_say_is_no_markup() -> None:
    assert "p99 \\| failed \\<b\\>" in markdown.write(told())


def test_the_chart_of_the_page_ends_where_the_share_does() -> None:
    line = next(each for each in markdown.write(told()).splitlines() if each.startswith("  line ["))
    values = [float(each) for each in line.removeprefix("  line [").removesuffix("]").split(", ")]
    assert (values[0], max(values), values[-1]) == (0, 25, 0)


def test_the_picture_stands_alone_and_names_the_gate_that_failed() -> None:
    root = ElementTree.fromstring(picture.draw(told()))
    words = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "p99 failed" in words
    assert {"blue → green", "aborted", "5 %", "25 %"} <= set(words)


def test_the_share_of_everything_stands_below_the_names_of_the_phases() -> None:
    everything = Record().after(state(Phase.SETTLING, 0, 100), BEGAN, Traffic(100.0), None)
    root = ElementTree.fromstring(picture.draw(replace(told(Exit.PROMOTED, ""), record=everything)))
    heights = {each.text: float(each.get("y", "")) for each in root.iter("{http://www.w3.org/2000/svg}text")}
    label = max(
        float(each.get("y", "")) for each in root.iter("{http://www.w3.org/2000/svg}text") if each.text == "100 %"
    )
    assert label >= heights["settling"] + 20


def test_names_are_no_markup_in_the_picture() -> None:
    heading = replace(told().heading, canary="<script>")
    assert "<script>" not in picture.draw(replace(told(), heading=heading))


def test_a_rollout_that_ended_before_anything_was_seen_has_a_report(tmp_path: Path) -> None:
    nothing = replace(told(), record=Record(), at=BEGAN)
    assert folder.write(nothing, tmp_path) == []
    assert "no gate was judged" in (tmp_path / folder.MARKDOWN).read_text()


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.0123, "ratio", "1.23 %"),
        (0.083, "seconds", "83 ms"),
        (1.5, "seconds", "1.5 s"),
        (3 * 2**20, "bytes", "3 MiB"),
        (7, "", "7"),
        (None, "ratio", "-"),
    ],
)
def test_numbers_are_told_in_their_unit(value: float | None, unit: str, words: str) -> None:
    assert number(value, unit) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (99, "99 s"), (120, "2 min"), (183, "3 min 3 s"), (7300, "2 h 1 min")]
)
def test_lengths_of_time_are_told_as_people_do(seconds: float, words: str) -> None:
    assert duration(seconds) == words
