"""The command line of the benchmark."""

from pathlib import Path

import pytest

from loadtests.bench.errors import BenchError
from loadtests.bench.options import parse_options
from loadtests.bench.servers import CONTENDERS, OURS, STOCK


def test_the_model_is_called_by_its_folder(tmp_path: Path) -> None:
    version = tmp_path / "digits" / "3"
    version.mkdir(parents=True)
    assert [each.name for each in parse_options(["--model", str(version.parent)]).exhibits] == ["digits"]
    assert [each.name for each in parse_options(["--model", str(version)]).exhibits] == ["digits"]


def test_a_quick_run_takes_one_short_round_unless_told_otherwise(tmp_path: Path) -> None:
    quick = parse_options(["--model", str(tmp_path), "--quick", "--rounds", "2"])
    assert (quick.rounds, quick.seconds) == (2, 1.0)
    thorough = parse_options(["--model", str(tmp_path)])
    assert (thorough.rounds, thorough.seconds, thorough.connections) == (3, 2.5, (1, 16, 64))
    assert (quick.profile, thorough.profile) == (False, True)


def test_connections_are_measured_once_each_from_few_to_many(tmp_path: Path) -> None:
    options = parse_options(["--model", str(tmp_path), "--connections", "64", "1", "64"])
    assert options.connections == (1, 64)


def test_contenders_keep_their_turn_in_whatever_order_they_are_named(tmp_path: Path) -> None:
    options = parse_options(["--model", str(tmp_path), "--only", "kserve", "ecluse"])
    assert [each.name for each in options.exhibits[0].contenders] == ["ecluse", "kserve"]


def test_everyone_meets_the_first_model_and_two_any_other(tmp_path: Path) -> None:
    first, second = parse_options(["--model", "mlp", str(tmp_path)]).exhibits
    assert (first.name, first.folder, first.contenders) == ("mlp", None, CONTENDERS)
    assert (second.folder, second.contenders) == (tmp_path, (OURS, STOCK))


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"there is no model in .*nowhere: run `make model`"):
        parse_options(["--model", str(tmp_path / "nowhere")])


@pytest.mark.parametrize(
    "arguments", [["--rounds", "0"], ["--seconds", "-1"], ["--seconds", "nan"], ["--only", "x"], ["--soak", "0"]]
)
def test_a_senseless_number_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_options(arguments)
    assert arguments[0] in capsys.readouterr().err
