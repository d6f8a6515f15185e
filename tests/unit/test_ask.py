"""What a person sees who asks a running server."""

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from serving import ask

SEVEN: dict[str, Any] = {
    "model_name": "mnist",
    "outputs": [
        {"name": "probabilities", "shape": [1, 10], "datatype": "FP32", "data": [0.0] * 7 + [0.9, 0.1, 0.0]},
        {"name": "digit", "shape": [1], "datatype": "INT64", "data": [7]},
    ],
}
DIGITS: dict[str, Any] = {"inputs": [{"name": "image", "shape": [-1, 28, 28]}]}
WHERE = Namespace(host="127.0.0.1", http_port=8080, model_name="mnist", request=Path("docs/examples/seven.json"))


def picture(*rows: list[int]) -> dict[str, Any]:
    return {
        "datatype": "UINT8",
        "shape": [1, len(rows), len(rows[0])],
        "data": [pixel for row in rows for pixel in row],
    }


def test_two_rows_of_pixels_make_a_line() -> None:
    assert ask.draw(picture([0, 255, 255], [0, 255, 0])) == [" #:"]


def test_an_odd_last_row_is_drawn_above_nothing() -> None:
    assert ask.draw(picture([0, 0], [0, 0], [255, 0])) == ["", ":"]


@pytest.mark.parametrize(
    "tensor",
    [
        pytest.param({"datatype": "FP32", "shape": [1, 2, 2], "data": [0.0] * 4}, id="no bytes"),
        pytest.param({"datatype": "UINT8", "shape": [4], "data": [0] * 4}, id="no plane"),
        pytest.param({"datatype": "UINT8", "shape": [2, 2, 2], "data": [0] * 8}, id="two pictures"),
        pytest.param({"datatype": "UINT8", "shape": [1, 2, 2], "data": [[[0, 0], [0, 0]]]}, id="nested"),
    ],
)
def test_what_is_no_picture_is_not_drawn(tensor: dict[str, Any]) -> None:
    assert ask.draw(tensor) == []


def test_a_terminal_is_drawn_on_in_greys() -> None:
    assert ask.in_greys([255], [0]) == "\x1b[38;5;255;48;5;232m▀\x1b[0m"


def test_a_digit_is_told_with_its_probability() -> None:
    assert ask.in_words(SEVEN) == "mnist says 7, with probability 0.90000"


def test_the_answer_of_another_model_is_told_whole() -> None:
    answer = {"model_name": "sum", "outputs": [{"name": "sum", "shape": [1], "datatype": "FP32", "data": [3.5]}]}
    assert ask.in_words(answer) == '{"sum": [3.5]}'


def test_the_invitation_names_the_example_by_its_whole_path() -> None:
    said = ask.invitation(WHERE, DIGITS)
    assert f"-d @{Path.cwd()}/docs/examples/seven.json http://127.0.0.1:8080/v2/models/mnist/infer" in said


def test_the_invitation_says_what_make_must_be_told() -> None:
    elsewhere = Namespace(**vars(WHERE) | {"http_port": 9000})
    assert "make ask\n" in ask.invitation(WHERE, DIGITS)
    assert "make ask HTTP_PORT=9000\n" in ask.invitation(elsewhere, DIGITS)


def test_the_invitation_to_another_model_asks_what_it_takes() -> None:
    assert "curl -s http://127.0.0.1:8080/v2/models/mnist\n" in ask.invitation(
        WHERE, {"inputs": [{"name": "image", "shape": [-1, 64, 64, 3]}]}
    )


def test_a_port_where_nothing_listens_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["ask", "--http_port", "1"])
    assert ask.main() == 1
    assert capsys.readouterr().err.startswith("ask: no server answers on 127.0.0.1:1 (")


def test_a_request_that_cannot_be_read_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    request = tmp_path / "request.json"
    request.write_text("{")
    monkeypatch.setattr(sys, "argv", ["ask", "--request", str(request)])
    assert ask.main() == 1
    assert capsys.readouterr().err.startswith(f"ask: {request} cannot be read as a JSON request: ")
