"""The command line: `python -m monitoring.preview DASHBOARD.json --prometheus URL --output x.png`.

Exit status 0 when every panel shows data, 1 when some show none (they are
named), 2 when nothing could be drawn.
"""

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from monitoring.preview.choices import UnknownVariable
from monitoring.preview.dashboard import WIDTH, Drawing, draw
from monitoring.preview.prometheus import NoAnswer, Prometheus, Refused
from monitoring.preview.span import NotADuration, Span, moment


class Unusable(Exception):
    """What was given cannot be used; says why."""


def main() -> int:
    options = parse_options()
    try:
        dashboards = {outcome_file(options, file): read(file) for file in options.dashboard}
        now = time.time()
        span = Span(moment(options.start, now), moment(options.end, now))
        if span.seconds <= 0:
            raise Unusable(f"--from {options.start} is not before --to {options.end}")
        given = variables(options.variable)
        with Prometheus(options.prometheus) as prometheus:
            drawings = {
                output: draw(dashboard, prometheus, span, given, output, width=options.width)
                for output, dashboard in dashboards.items()
            }
    except (NoAnswer, Refused, NotADuration, Unusable, UnknownVariable, OSError, ValueError) as fault:
        print(f"preview: {fault}", file=sys.stderr)
        return 2
    for output, drawing in drawings.items():
        tell(output, drawing, options)
    return 1 if any(drawing.empty for drawing in drawings.values()) else 0


def outcome_file(options: Namespace, dashboard: Path) -> Path:
    """Where a dashboard is drawn: the file that is named, or one in the folder that is."""
    output: Path = options.output or Path()
    if output.suffix == ".png":
        if len(options.dashboard) > 1:
            raise Unusable(f"--output {output} is one picture, for {len(options.dashboard)} dashboards: name a folder")
        return output
    output.mkdir(parents=True, exist_ok=True)
    return output / f"{dashboard.stem}.png"


def tell(output: Path, drawing: Drawing, options: Namespace) -> None:
    drawn = len(drawing.filled) + len(drawing.empty)
    print(f"{output}: {len(drawing.filled)} of {drawn} panels show data")
    for empty in drawing.empty:
        print(f"  no data: {empty.title}{f' ({empty.fault})' if empty.fault else ''}")
        if options.queries:
            print(*(f"    {query}" for query in empty.queries), sep="\n")


def parse_options() -> Namespace:
    parser = ArgumentParser(
        prog="python -m monitoring.preview", description="Draw a Grafana dashboard without Grafana."
    )
    parser.add_argument(
        "dashboard", type=Path, nargs="+", help="its JSON: monitoring/generated/dashboards/overview.json"
    )
    parser.add_argument("--prometheus", default="http://127.0.0.1:9090", metavar="URL")
    parser.add_argument("--from", dest="start", default="-1h", metavar="TIME", help="-6h, or seconds since 1970")
    parser.add_argument("--to", dest="end", default="now", metavar="TIME")
    parser.add_argument("--variable", action="append", default=[], metavar="NAME=VALUE", help="may be given again")
    parser.add_argument("--width", type=int, default=WIDTH, help="in pixels")
    parser.add_argument("--queries", action="store_true", help="show what panels without data asked")
    parser.add_argument("--output", type=Path, metavar="PNG", help="a picture, or a folder of them")
    return parser.parse_args()


def read(file: Path) -> dict[str, Any]:
    try:
        dashboard = json.loads(file.read_text())
    except ValueError as fault:
        raise Unusable(f"{file} is no JSON: {fault}") from fault
    if not isinstance(dashboard, dict) or not isinstance(dashboard.get("panels"), list):
        raise Unusable(f"{file} is no dashboard in Grafana's classic form: it has no list of panels")
    return dashboard


def variables(given: list[str]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for each in given:
        name, separator, value = each.partition("=")
        if not separator:
            raise Unusable(f"--variable {each}: write NAME=VALUE")
        values.setdefault(name, []).append(value)
    return values


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
