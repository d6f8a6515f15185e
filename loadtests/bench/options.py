"""The command line of the benchmark, checked before anything is started."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtests.bench.errors import BenchError
from loadtests.bench.servers import CONTENDERS, Contender

_QUICK_ROUNDS = 1
_QUICK_SECONDS = 1.0
_WARM_UP_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure, for how long, and where to put the results."""

    model_dir: Path
    model_name: str
    contenders: tuple[Contender, ...]
    rounds: int
    seconds: float
    connections: tuple[int, ...]
    out: Path
    writes_docs: bool

    @property
    def warm_up_seconds(self) -> float:
        return self.seconds * _WARM_UP_SHARE


def parse_options(arguments: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m loadtests.bench",
        description="Measure this server against stock KServe serving the same SavedModel.",
    )
    add = parser.add_argument
    add("--model", type=Path, default=Path("models/mnist"), help="folder of numbered versions")
    add("--rounds", type=_positive_int, help="turns of all contenders (3)")
    add("--seconds", type=_positive_float, help="length of one measurement (5)")
    add("--connections", type=_positive_int, nargs="+", default=[1, 16, 64], help="1 16 64")
    add("--only", nargs="+", choices=[each.name for each in CONTENDERS], help="some of the contenders")
    add("--quick", action="store_true", help="1 round of 1 second: shows that it runs, not how fast")
    add("--out", type=Path, default=Path("build/bench"), help="folder for results, logs and report")
    add("--docs", action="store_true", help="write docs/benchmarks.md and its chart, too")
    parsed = parser.parse_args(arguments)
    if not parsed.model.is_dir():
        raise BenchError(f"there is no model in {parsed.model}: run `make model`, or name one with --model")
    return Options(
        model_dir=parsed.model,
        model_name=_model_name(parsed.model),
        contenders=tuple(each for each in CONTENDERS if not parsed.only or each.name in parsed.only),
        rounds=parsed.rounds or (_QUICK_ROUNDS if parsed.quick else 3),
        seconds=parsed.seconds or (_QUICK_SECONDS if parsed.quick else 5.0),
        connections=tuple(sorted(set(parsed.connections))),
        out=parsed.out,
        writes_docs=parsed.docs,
    )


def _model_name(model_dir: Path) -> str:
    """Call the model by its folder, or by the one above a numbered version."""
    folder = model_dir.resolve()
    return folder.parent.name if folder.name.isdecimal() else folder.name


def _positive_int(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above zero")
    return number


def _positive_float(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above zero")
    return number
