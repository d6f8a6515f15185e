"""Fuzz every decoder for a while: `python -m tests.fuzz --seconds 600`, or `make fuzz`.

Each target has a process of its own and an equal share of the time, as many at
once as there are processors. What is found worth keeping goes to
build/fuzz/corpus and is read again by the next run; an input that breaks a
promise goes to build/fuzz/crashes, and the exit status is 1.
"""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SEEDS = Path(__file__).parent / "corpus"
BUILD = ROOT / "build" / "fuzz"

LIMITS = ("-max_len=8192", "-timeout=10", "-rss_limit_mb=3072", "-print_final_stats=1", "-verbosity=0")
LEAST_SECONDS = 1


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzz the decoders.")
    parser.add_argument("--seconds", type=int, default=600, help="for all targets together")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="processes at once")
    parser.add_argument("targets", nargs="*", help="those of tests/fuzz/corpus by default")
    options = parser.parse_args()
    targets = options.targets or sorted(folder.name for folder in SEEDS.iterdir())
    seconds = max(LEAST_SECONDS, options.seconds * options.jobs // len(targets))
    with ThreadPoolExecutor(options.jobs) as pool:
        statuses = list(pool.map(lambda target: fuzz(target, seconds), targets))
    failed = [target for target, status in zip(targets, statuses, strict=True) if status]
    if failed:
        sys.exit(f"found something in {', '.join(failed)}: see {BUILD / 'crashes'}")


def fuzz(target: str, seconds: int) -> int:
    found, crashes, logs = (BUILD / part / target for part in ("corpus", "crashes", "logs"))
    for folder in (found, crashes, logs.parent):
        folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.one", target, *LIMITS, f"-max_total_time={seconds}"]
    with logs.open("wb") as log:
        done = subprocess.run(
            [*command, f"-artifact_prefix={crashes}/", str(found), str(SEEDS / target)],
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        )
    written = logs.read_text(errors="replace").splitlines()
    runs = next((line.split()[-1] for line in written if line.startswith("stat::number_of_executed_units")), "?")
    print(f"{target}: {runs} inputs in {seconds} s, {len(list(found.iterdir()))} kept, status {done.returncode}")
    if done.returncode:
        print("\n".join(written[-40:]))
    return done.returncode


if __name__ == "__main__":
    main()
