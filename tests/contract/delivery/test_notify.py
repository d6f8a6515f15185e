"""How a deployment ended is told over a real socket: again while nobody answers, and the address is kept to itself."""

import pytest

from delivery.notify import PAUSES_SECONDS, main
from tests.contract.delivery.conftest import Webhook

WORDS = ["--outcome", "failure", "--environment", "production", "--commit", "c0ffee", "v1.2.3 was taken back"]


def tell(monkeypatch: pytest.MonkeyPatch, address: str) -> tuple[int, list[float]]:
    """Give the exit status, and how long it would have waited."""
    monkeypatch.setenv("WEBHOOK_URL", address)
    slept: list[float] = []
    return main(WORDS, slept.append), slept


def test_who_listens_is_told_in_a_line_and_in_fields(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tell(monkeypatch, webhook.address) == (0, [])
    assert webhook.told == [
        {
            "text": "failure: v1.2.3 was taken back",
            "outcome": "failure",
            "environment": "production",
            "commit": "c0ffee",
            "run": "",
        }
    ]


def test_who_is_busy_is_told_again(webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook.answers = [503, 429]
    assert tell(monkeypatch, webhook.address) == (0, list(PAUSES_SECONDS[:2]))
    assert len(webhook.told) == 1


@pytest.mark.parametrize(("answers", "tries"), [([404], 0), ([500] * 4, 3)], ids=["refused", "broken"])
def test_who_cannot_be_told_is_a_sentence_without_the_secret_address(
    answers: list[int],
    tries: int,
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    webhook.answers = answers.copy()
    assert tell(monkeypatch, webhook.address) == (1, list(PAUSES_SECONDS[:tries]))
    assert capsys.readouterr().err == f"notify: the webhook at 127.0.0.1 answered {answers[0]}\n"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("file:///etc/passwd", "WEBHOOK_URL is no address that begins with http:// or https://"),
        ("secret", "WEBHOOK_URL is no address that begins with http:// or https://"),
        ("http://127.0.0.1:1/my secret", "WEBHOOK_URL is no address that begins with http:// or https://"),
        ("http://[secret/", "WEBHOOK_URL is no address that begins with http:// or https://"),
        ("http://127.0.0.1:secret/", "WEBHOOK_URL is no address that begins with http:// or https://"),
        ("http://127.0.0.1:1/secret\n", "the webhook at 127.0.0.1 gave no answer: [Errno 111] Connection refused"),
        ("http://127.0.0.1:1/secret", "the webhook at 127.0.0.1 gave no answer: [Errno 111] Connection refused"),
    ],
)
def test_an_address_that_leads_nowhere_is_a_sentence(
    address: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(monkeypatch, address)[0] == 1
    assert capsys.readouterr().err == f"notify: {said}\n"


def test_without_an_address_nobody_is_told_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tell(monkeypatch, "") == (0, [])
    assert "WEBHOOK_URL is not set, so nobody is told" in capsys.readouterr().out
