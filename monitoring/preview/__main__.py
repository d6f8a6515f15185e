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
from monitoring.preview.dashboard import WIDTH, draw
from monitoring.preview.prometheus import NoAnswer, Prometheus, Refused
from monitoring.preview.span import NotADuration, Span, moment


class Unusable(Exception):
    """What was given cannot be used; says why."""


def main() -> int:
    options = parse_options()
    try:
        dashboard = read(options.dashboard)
        now = time.time()
        span = Span(moment(options.start, now), moment(options.end, now))
        if span.seconds <= 0:
            raise Unusable(f"--from {options.start} is not before --to {options.end}")
        given = variables(options.variable)
        output = options.output or Path(f"{options.dashboard.stem}.png")
        with Prometheus(options.prometheus) as prometheus:
            drawing = draw(dashboard, prometheus, span, given, output, width=options.width)
    except (NoAnswer, Refused, NotADuration, Unusable, UnknownVariable, OSError, ValueError) as fault:
        print(f"preview: {fault}", file=sys.stderr)
        return 2
    drawn = len(drawing.filled) + len(drawing.empty)
    print(f"{output}: {len(drawing.filled)} of {drawn} panels show data")
    for empty in drawing.empty:
        print(f"  no data: {empty.title}{f' ({empty.fault})' if empty.fault else ''}")
        if options.queries:
            print(*(f"    {query}" for query in empty.queries), sep="\n")
    return 1 if drawing.empty else 0


def parse_options() -> Namespace:
    parser = ArgumentParser(
        prog="python -m monitoring.preview", description="Draw a Grafana dashboard without Grafana."
    )
    parser.add_argument("dashboard", type=Path, help="its JSON: monitoring/generated/dashboards/overview.json")
    parser.add_argument("--prometheus", default="http://127.0.0.1:9090", metavar="URL")
    parser.add_argument("--from", dest="start", default="-1h", metavar="TIME", help="-6h, or seconds since 1970")
    parser.add_argument("--to", dest="end", default="now", metavar="TIME")
    parser.add_argument("--variable", action="append", default=[], metavar="NAME=VALUE", help="may be given again")
    parser.add_argument("--width", type=int, default=WIDTH, help="in pixels")
    parser.add_argument("--queries", action="store_true", help="show what panels without data asked")
    parser.add_argument("--output", type=Path, metavar="PNG")
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
