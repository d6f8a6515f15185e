"""What the two commands share: exit statuses, and options with bounds."""

import signal
from collections.abc import Iterator, Sequence

import pytest

from model import command, evaluate, train
from model.errors import BadOption, DamagedData
from model.hyperparameters import Hyperparameters


@pytest.fixture(autouse=True)
def _same_signals_afterwards() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_failure_is_one_line_and_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    def main(_: Sequence[str]) -> int:
        raise DamagedData("a file is damaged")

    assert command.run(main, []) == 2
    assert capsys.readouterr().err == "error: a file is damaged\n"


def test_an_interruption_is_status_130(capsys: pytest.CaptureFixture[str]) -> None:
    def main(_: Sequence[str]) -> int:
        raise KeyboardInterrupt

    assert command.run(main, []) == 130
    assert capsys.readouterr().err == "interrupted: nothing half-written is left behind\n"


def test_sigterm_unwinds_the_stack_and_is_status_143() -> None:
    unwound = []

    def main(_: Sequence[str]) -> int:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            unwound.append(True)
        return 0

    with pytest.raises(SystemExit) as ended:
        command.run(main, [])
    assert ended.value.code == 143
    assert unwound == [True]


@pytest.mark.parametrize("status", [0, 1])
def test_a_verdict_is_the_status(status: int) -> None:
    assert command.run(lambda _: status, []) == status


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "--epochs: must be a whole number from 1 to 10000, and is '0'"),
        (["--epochs", "many"], "--epochs: must be a whole number from 1 to 10000, and is 'many'"),
        (["--batch-size", "1.5"], "--batch-size: must be a whole number"),
        (["--learning-rate", "0"], "--learning-rate: must be a number above 0"),
        (["--learning-rate", "nan"], "--learning-rate: must be a number above 0"),
        (["--learning-rate", "inf"], "--learning-rate: must be a number above 0"),
        (["--dropout", "1"], "--dropout: must be a number from 0 to 0.95, and is '1'"),
        (["--seed", "-1"], "--seed: must be a whole number from 0"),
        (["--version", "0"], "--version: must be a whole number from 1"),
        (["--rows", "1"], "--rows: must be a whole number from 120"),
        (["--network", "rnn"], "--network: invalid choice: 'rnn'"),
        (["--frobnicate"], "unrecognized arguments: --frobnicate"),
    ],
    ids=" ".join,
)
def test_a_wrong_option_is_named_with_what_it_may_be(arguments: list[str], message: str) -> None:
    with pytest.raises(BadOption) as failure:
        train.parse(arguments)
    assert message in str(failure.value)
    assert "\n" not in str(failure.value)


def test_evaluation_wants_a_model() -> None:
    with pytest.raises(BadOption, match="the following arguments are required: MODEL"):
        evaluate.parse([])


def test_settings_that_are_not_given_follow_network_and_optimizer() -> None:
    assert train.parse([]).settings == Hyperparameters("mlp", "adam", 0.002, 10, 128, 0.2, 1)
    cnn = train.parse(["--network", "cnn", "--optimizer", "momentum"]).settings
    assert (cnn.learning_rate, cnn.epochs, cnn.dropout) == (0.1, 8, 0.4)


def test_a_setting_that_is_given_wins_even_where_it_is_nought() -> None:
    settings = train.parse(["--dropout", "0", "--seed", "0", "--epochs", "3"]).settings
    assert (settings.dropout, settings.seed, settings.epochs) == (0.0, 0, 3)
