"""Measure two images in turn: `make bench-image`, which builds the rival first.

Prints tables in Markdown, which docs/image.md holds: sizes by layer, then the
starts. Every ratio is of one run on one machine, the images started alternately.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from loadtests.image.container import NoStart, Start, docker, start
from loadtests.machine import describe_machine

ROOT = Path(__file__).parents[2]
REQUEST = ROOT / "docs" / "examples" / "seven.json"
MIB = 2**20

ROWS: dict[str, Callable[[Start], float]] = {
    "until it is ready, s": lambda each: each.ready_seconds,
    "until its first answer, s": lambda each: each.answered_seconds,
    "processor time until then, s": lambda each: each.cpu_seconds,
    "memory then, MiB": lambda each: each.memory_bytes / MIB,
}


def layers(program: str, image: str) -> list[tuple[str, float]]:
    """Give what each layer with bytes in it was made by, and its megabytes, the base first."""
    found = []
    for line in docker(program, "history", "--no-trunc", "--human=false", "--format={{json .}}", image).splitlines():
        layer = json.loads(line)
        if int(layer["Size"]) > 10_000:
            found.append((layer["CreatedBy"].removesuffix(" # buildkit") or "the base image", int(layer["Size"]) / 1e6))
    return found[::-1]


def size(program: str, image: str) -> float:
    return int(docker(program, "image", "inspect", "--format={{.Size}}", image)) / 1e6


def sizes_table(program: str, images: Sequence[str]) -> list[str]:
    lines = ["| image | layer | MB |", "| --- | --- | ---: |"]
    for image in images:
        lines.append(f"| **{image}** | all | **{size(program, image):,.0f}** |")
        lines += [f"| | `{made_by}` | {megabytes:,.1f} |" for made_by, megabytes in layers(program, image)]
    return lines


def starts_table(ours: Sequence[Start], rivals: Sequence[Start]) -> list[str]:
    lines = ["| | Écluse | stock KServe | ratio | least favourable pair |", "| --- | ---: | ---: | ---: | ---: |"]
    for title, figure in ROWS.items():
        first, second = [figure(each) for each in ours], [figure(each) for each in rivals]
        worst = max(mine / theirs for mine, theirs in zip(first, second, strict=True))
        lines.append(
            f"| {title} | {spread(first)} | {spread(second)} | **{median(first) / median(second):.2f}** | {worst:.2f} |"
        )
    return lines


def spread(figures: Sequence[float]) -> str:
    form = ".0f" if max(figures) > 50 else ".2f"
    return f"{median(figures):{form}} [{min(figures):{form}} to {max(figures):{form}}]"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m loadtests.image", description=__doc__)
    parser.add_argument("--image", default="ecluse/serving:demo", help="ours, with the reference model in it")
    parser.add_argument("--rival", default="ecluse/stock-kserve:bench", help="made of loadtests/image/stock.Dockerfile")
    parser.add_argument("--rounds", type=int, default=7, help="starts of each, in turn")
    parser.add_argument("--port", type=int, default=18180, help="a free port, with the next one free as well")
    parser.add_argument("--docker", default="docker", help="another docker")
    options = parser.parse_args()
    images = (options.image, options.rival)
    request = REQUEST.read_bytes()
    try:
        print(*sizes_table(options.docker, images), "", sep="\n", flush=True)
        starts: dict[str, list[Start]] = {image: [] for image in images}
        # The first of each reads the image from the disk, which tells of the disk.
        for turn in range(options.rounds + 1):
            for image in images:
                made = start(options.docker, image, options.port, request)
                print(f"{image}: ready after {made.ready_seconds:.2f} s", file=sys.stderr)
                if turn:
                    starts[image].append(made)
    except NoStart as error:
        sys.exit(f"bench-image: {error}")
    print(*starts_table(starts[options.image], starts[options.rival]), sep="\n")
    machine = describe_machine(ROOT)
    print(f"\n{options.rounds} starts of each in turn, {machine.processor}, {machine.cores} cores, {machine.system}.")


if __name__ == "__main__":
    main()
