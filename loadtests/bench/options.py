"""The command line of the benchmark, checked before anything is started."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtests.bench.errors import BenchError
from loadtests.bench.servers import CONTENDERS, OURS, STOCK, Contender

MADE = "mlp"
"""The name of the model that the benchmark makes, and no folder."""

_QUICK_ROUNDS = 1
_QUICK_SECONDS = 1.0
_WARM_UP_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A model that is served: the name it is served under, its folder, and by whom."""

    name: str
    folder: Path | None
    """None for the one that the benchmark makes."""
    contenders: tuple[Contender, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """What to measure, for how long, and where to put the results."""

    exhibits: tuple[Exhibit, ...]
    rounds: int
    seconds: float
    connections: tuple[int, ...]
    rows: int
    """Rows of a large request; zero leaves these out."""
    profile: bool
    soak_seconds: float | None
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
    add(
        "--model",
        type=Path,
        nargs="+",
        default=[Path(MADE), Path("models/mnist")],
        help="folders of numbered versions; mlp is made (mlp models/mnist)",
    )
    add("--rounds", type=_positive_int, help="turns of all contenders (3)")
    add("--seconds", type=_positive_float, help="length of one measurement (2.5)")
    add("--connections", type=_positive_int, nargs="+", default=[1, 16, 64], help="1 16 64")
    add("--only", nargs="+", choices=[each.name for each in CONTENDERS], help="some of the contenders")
    add(
        "--rows",
        type=int,
        default=32,
        help="rows of a large binary request, beside raw TensorFlow; 0 leaves it out (32)",
    )
    add("--quick", action="store_true", help="1 round of 1 second: shows that it runs, not how fast")
    add(
        "--soak",
        type=_positive_float,
        metavar="SECONDS",
        help="instead: full load for so long, and what becomes of the memory",
    )
    add("--out", type=Path, default=Path("build/bench"), help="folder for results, logs and report")
    add("--docs", action="store_true", help="write docs/benchmarks.md and its pictures, too")
    parsed = parser.parse_args(arguments)
    for folder in parsed.model:
        if folder != Path(MADE) and not folder.is_dir():
            raise BenchError(f"there is no model in {folder}: run `make model`, or name one with --model")
    return Options(
        exhibits=tuple(
            Exhibit(_model_name(folder), None if folder == Path(MADE) else folder, _contenders(parsed.only, index))
            for index, folder in enumerate(parsed.model)
        ),
        rounds=parsed.rounds or (_QUICK_ROUNDS if parsed.quick else 3),
        seconds=parsed.seconds or (_QUICK_SECONDS if parsed.quick else 2.5),
        connections=tuple(sorted(set(parsed.connections))),
        rows=max(parsed.rows, 0),
        profile=not parsed.quick,
        soak_seconds=parsed.soak,
        out=parsed.out,
        writes_docs=parsed.docs,
    )


def _contenders(only: Sequence[str] | None, index: int) -> tuple[Contender, ...]:
    """Put everyone before the first model, and before any other the two that the goals compare."""
    if only:
        return tuple(each for each in CONTENDERS if each.name in only)
    return CONTENDERS if index == 0 else (OURS, STOCK)


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
