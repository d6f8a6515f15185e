"""The nightly job: labels from a file, batches to the server, an exit status that a scheduler can trust."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.contract.values import FEEDBACK_RESULTS
from monitoring.feedback import labels_file
from monitoring.feedback.__main__ import main
from monitoring.feedback.labels_file import BadLine, LabelsFileError, LateLabel
from monitoring.feedback.report import MEANINGS, report
from monitoring.feedback.sending import TRIES, NotTaken, Outcome, Refused, Unreachable, send_all


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "labels.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


class TestFile:
    def test_a_line_is_a_label_of_a_row(self, tmp_path: Path) -> None:
        path = written(tmp_path, 'id,row,label\nabc,2,7\n\n"def",,"seven, or so"\n')
        assert list(labels_file.read(path)) == [
            LateLabel(2, "abc", 2, "7"),
            LateLabel(4, "def", 0, "seven, or so"),
        ]

    @pytest.mark.parametrize("header", ["id,label", "\ufeffLabel , ID,order".replace("Label , ID", "id,label")])
    def test_a_row_and_other_columns_are_not_needed(self, tmp_path: Path, header: str) -> None:
        path = written(tmp_path, f"{header}\nabc,7,x\n")
        assert list(labels_file.read(path)) == [LateLabel(2, "abc", 0, "7")]

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            ("", "is empty, expected a header with the columns id, label and, if need be, row"),
            (
                "id;label\n",
                "has no column 'id' and no column 'label': its first line has 'id;label', expected id, label",
            ),
            ("id,lable\n", "has no column 'label': its first line has 'id', 'lable', expected id, label"),
            ("id,label\nä,7".encode("latin-1"), "is not UTF-8: invalid continuation byte"),
            ('id,label\n"abc,7\n', "is not CSV: line 2: unexpected end of data"),
        ],
    )
    def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(
        self, tmp_path: Path, content: str | bytes, sentence: str
    ) -> None:
        with pytest.raises(LabelsFileError) as refused:
            labels_file.check(written(tmp_path, content))
        assert str(refused.value).startswith(f"{tmp_path / 'labels.csv'} {sentence}")

    def test_a_file_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(LabelsFileError, match="cannot be read: No such file or directory"):
            labels_file.check(tmp_path / "nothing.csv")

    def test_a_line_that_says_nothing_is_told_by_its_number(self, tmp_path: Path) -> None:
        path = written(tmp_path, "id,row,label\nabc,x,7\n,1,7\nabc,1\nabc,-1,7\nabc,²,7\n")
        assert list(labels_file.read(path)) == [
            BadLine(2, "row is 'x', expected a number from 0"),
            BadLine(3, "the line has no id"),
            BadLine(4, "the line has no label"),
            BadLine(5, "row is '-1', expected a number from 0"),
            BadLine(6, "row is '²', expected a number from 0"),
        ]

    @given(st.binary(max_size=200))
    def test_whatever_a_file_holds_is_read_or_refused(
        self, tmp_path_factory: pytest.TempPathFactory, more: bytes
    ) -> None:
        path = written(tmp_path_factory.mktemp("labels"), b"id,label\n" + more)
        try:
            lines = list(labels_file.read(path))
        except LabelsFileError:
            return
        assert len(lines) <= len(more)


Answer = Callable[[list[Any]], httpx.Response]


def told(counts: dict[str, int], *refused: tuple[int, str, str]) -> httpx.Response:
    whole = dict.fromkeys(FEEDBACK_RESULTS, 0) | counts
    named = [{"index": index, "result": result, "reason": reason} for index, result, reason in refused]
    return httpx.Response(200, json={"counts": whole, "refused": named})


def all_accepted(labels: list[Any]) -> httpx.Response:
    return told({"accepted": len(labels)})


class Server:
    """Answers as it is told, request after request, and then accepts everything."""

    def __init__(self, *answers: Answer | Exception) -> None:
        self.asked: list[list[Any]] = []
        self.pauses: list[float] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(json.loads(request.content)["labels"])
        answer = self._answers.pop(0) if self._answers else all_accepted
        if isinstance(answer, Exception):
            raise answer
        return answer(self.asked[-1])

    def send(self, lines: Sequence[LateLabel | BadLine], at_once: int = 1000) -> Outcome:
        outcome = Outcome()
        with httpx.Client(transport=httpx.MockTransport(self), base_url="http://server") as client:
            send_all(lines, client, outcome, at_once=at_once, sleep=self.pauses.append)
        return outcome


def labels(count: int) -> list[LateLabel]:
    return [LateLabel(number + 2, f"id{number}", 0, "7") for number in range(count)]


def busy(status: int, seconds: str = "") -> Answer:
    return lambda _: httpx.Response(
        status, json={"error": "later"}, headers={"retry-after": seconds} if seconds else {}
    )


class TestSending:
    def test_labels_go_in_batches(self) -> None:
        server = Server()
        outcome = server.send(labels(25), at_once=10)
        assert [len(batch) for batch in server.asked] == [10, 10, 5]
        assert server.asked[0][1] == {"id": "id1", "row": 0, "label": "7"}
        assert (outcome.counts["accepted"], outcome.not_counted) == (25, 0)

    @pytest.mark.parametrize(
        "trouble", [busy(503), busy(429), busy(502), httpx.ConnectError("refused"), httpx.ReadTimeout("slow")], ids=str
    )
    def test_a_server_that_is_busy_or_away_is_asked_again(self, trouble: Answer | Exception) -> None:
        server = Server(trouble, trouble)
        assert server.send(labels(3)).counts["accepted"] == 3
        assert len(server.asked) == 3
        assert server.pauses[0] < server.pauses[1]

    def test_a_server_says_how_long_to_wait(self) -> None:
        server = Server(busy(503, "7"))
        server.send(labels(1))
        assert server.pauses == [7.0]

    def test_a_server_that_stays_away_ends_the_job_with_what_was_counted(self) -> None:
        away = [httpx.ConnectError("connection refused")] * TRIES
        server = Server(all_accepted, *away)
        outcome = Outcome()
        gives_up = pytest.raises(Unreachable, match=f"could not be asked in {TRIES} tries: connection refused")
        with httpx.Client(transport=httpx.MockTransport(server), base_url="http://server") as client, gives_up:
            send_all(labels(20), client, outcome, at_once=10, sleep=server.pauses.append)
        assert outcome.counts == Counter(dict.fromkeys(FEEDBACK_RESULTS, 0) | {"accepted": 10})

    @pytest.mark.parametrize(
        ("answer", "sentence"),
        [
            (httpx.Response(401, json={"error": "this server takes a key"}), "answered 401: this server takes a key"),
            (httpx.Response(404, text="<html>"), "answered 404: Not Found"),
            (httpx.Response(200, text="<html>"), "is it Écluse?"),
            (httpx.Response(200, json=[]), "is it Écluse?"),
        ],
    )
    def test_a_server_that_takes_no_labels_is_not_asked_again(self, answer: httpx.Response, sentence: str) -> None:
        server = Server(lambda _: answer)
        with pytest.raises(NotTaken, match=sentence.replace("?", r"\?")):
            server.send(labels(1))
        assert len(server.asked) == 1

    def test_a_refused_label_is_told_by_its_line(self) -> None:
        server = Server(all_accepted, lambda _: told({"accepted": 1, "expired": 1}, (1, "expired", "too old")))
        outcome = server.send([*labels(2), BadLine(4, "the line has no id"), *labels(2)], at_once=2)
        assert outcome.refused == [Refused(4, "not_sent", "the line has no id"), Refused(3, "expired", "too old")]
        assert outcome.not_counted == 2

    def test_what_was_counted_before_is_no_fault(self) -> None:
        server = Server(lambda _: told({"accepted": 1, "duplicate": 1}, (0, "duplicate", "again")))
        outcome = server.send(labels(2))
        assert (outcome.not_counted, outcome.refused) == (0, [])


def test_every_result_has_a_meaning() -> None:
    assert set(MEANINGS) == {*FEEDBACK_RESULTS, "not_sent"}


def test_a_report_has_counts_and_the_first_refusals() -> None:
    outcome = Outcome(Counter(accepted=12_345, expired=30))
    for line in range(30):
        outcome.refuse(line, "expired", "too old")
    text = report(outcome)
    assert "accepted            12,345  counted\n" in text
    assert "line 19: expired: too old\n" in text
    assert text.endswith("and 10 more\n")


class TestCommand:
    @pytest.mark.parametrize("to", ["host:8080", "ftp://host", "http://", "http://[::1", ""])
    def test_an_address_that_is_none_is_told(self, tmp_path: Path, to: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([str(written(tmp_path, "id,label\na,1\n")), "--to", to]) == 2
        assert capsys.readouterr().err.startswith(f"--to is {to!r}, expected an address as http://host:8080")

    def test_a_file_that_cannot_be_used_ends_the_job_before_anything_is_sent(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main([str(tmp_path / "none.csv"), "--to", "http://server"]) == 2
        assert capsys.readouterr().err == f"{tmp_path / 'none.csv'} cannot be read: No such file or directory\n"

    @pytest.mark.parametrize("content", ["", "two\nlines\n"])
    def test_a_key_that_is_none_is_told(self, tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "key").write_text(content)
        path = written(tmp_path, "id,label\na,1\n")
        assert main([str(path), "--to", "http://server", "--key-file", str(tmp_path / "key")]) == 2
        assert "holds no key: expected one line" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("option", "value", "sentence"),
        [
            *(("--at-once", value, f"it is '{value}', expected a number from 1") for value in ("0", "ten", "-1")),
            *(("--timeout", value, f"it is '{value}', expected a number of seconds") for value in ("0", "nan", "x")),
        ],
    )
    def test_a_number_that_is_none_is_told(
        self, option: str, value: str, sentence: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as ended:
            main(["labels.csv", "--to", "http://server", f"{option}={value}"])
        assert ended.value.code == 2
        assert sentence in capsys.readouterr().err

    def test_a_file_without_labels_is_all_counted(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([str(written(tmp_path, "id,label\n")), "--to", "http://server"]) == 0
        assert capsys.readouterr().out.split() == ["accepted", "0", "counted"]
