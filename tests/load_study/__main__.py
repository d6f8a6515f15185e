"""Try how often `compare` is wrong: `python -m tests.load_study simulated`, or `real --port 8080` on a server.

Writes a table for docs/load-verdicts.md. `--again` compares once more what an
earlier study of a real server has left in its folder.
"""

import sys
from argparse import ArgumentParser
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from loadtests.report.comparison import answer
from loadtests.verdict.comparison import Comparison, Finding
from tests.load_study import real, simulation
from tests.load_study.simulation import SERVERS


def main(arguments: Sequence[str]) -> int:
    parser = ArgumentParser(prog="python -m tests.load_study", description=__doc__)
    parser.add_argument("world", choices=("simulated", "real"))
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=2, help="1 is what the rule was made by")
    parser.add_argument("--port", type=int, default=8080, help="of a real server")
    parser.add_argument("--model", default="mnist")
    parser.add_argument("--folder", type=Path, default=Path("build/load-study"), help="where real runs are kept")
    parser.add_argument("--again", action="store_true")
    options = parser.parse_args(arguments)
    if options.world == "simulated":
        _simulated(options.pairs, options.seed)
    else:
        made = real.rounds(options.port, options.model, options.pairs, options.folder)
        _real(real.again(options.folder) if options.again else made)
    return 0


def _simulated(pairs: int, seed: int) -> None:
    print(f"| machine | seconds | {' | '.join(SERVERS)} |")
    print("| --- " * (2 + len(SERVERS)) + "|")
    row: list[str] = []
    for trial in simulation.trials(pairs, seed):
        others = [
            f"{share:.0%} {word}" for share, word in ((trial.better, "better"), (trial.untold, "untold")) if share
        ]
        row.append(f"{trial.worse:.0%}" + (f" ({', '.join(others)})" if others else ""))
        if len(row) == len(SERVERS):
            print(f"| {trial.machine} | {trial.seconds} | {' | '.join(row)} |", flush=True)
            row = []


def _real(found: Iterable[tuple[str, Comparison]]) -> None:
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for name, comparison in found:
        counted[name][answer(comparison)] += 1
        worse = [f"{row.measure} {row.change:+.0%}" for row in comparison.rows if row.finding is Finding.WORSE]
        print(f"{name}: {answer(comparison)} {', '.join(worse)}", flush=True)
    for name, answers in counted.items():
        print(f"{name}: {', '.join(f'{word} {many}' for word, many in answers.most_common())}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
