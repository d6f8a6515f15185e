"""`python -m tests.monitoring.pictures [FOLDER] [NAME...]`: draw the dashboards of a service, healthy and in trouble.

For docs/dashboards, and for whoever has changed a panel and wants to see it.
The service is simulated and Prometheus is real; the time is always the same,
so that a picture changes only where a panel or the service does.
"""

import sys
from pathlib import Path
from typing import NamedTuple, cast

from PIL import Image, ImageColor

from monitoring import generate, slo
from monitoring.dashboards.catalogue import dashboards
from monitoring.preview.colours import CLASSIC, NAMED
from monitoring.preview.dashboard import draw
from monitoring.preview.prometheus import Prometheus as Asked
from monitoring.preview.span import Span
from tests.monitoring.history import simulate
from tests.monitoring.prometheus import Prometheus
from tests.monitoring.recorded import read, record
from tests.monitoring.situation import Clock, Incident

SHOWN = Path("docs/dashboards")
RULES = sorted((generate.GENERATED / "rules").glob("*.yaml"))
DAY = Clock(hours=26, step=60)
HOUR = 3600.0
COLOURS = 256


class Trouble(NamedTuple):
    """What a dashboard is there for: incidents of the last hours, and how many hours its picture shows."""

    incidents: tuple[Incident, ...]
    hours: float = 2 / 3
    shown: float = 1.0


OVERLOADED = Trouble((Incident.OVERLOAD,))
TROUBLES = {
    "overview": OVERLOADED,
    "latency": OVERLOADED,
    "batching": OVERLOADED,
    "quality": Trouble((Incident.WRONG_LABELS,), 5.0, 8.0),
    "drift": Trouble((Incident.DRIFT,)),
    "rollout": Trouble((Incident.BAD_REVISION,)),
}


WELL = {"rollout": (13.5, 12.5)}
"""The hours that are shown of a healthy service where they are not the last one: these hold a rollout."""


def pictures(folder: Path, names: set[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shown = {each.uid.removeprefix("ecluse-"): each.to_json() for each in dashboards(slo.read())}
    for trouble in (None, *dict.fromkeys(TROUBLES.values())):
        wanted = [name for name in shown if name in names and trouble in (None, TROUBLES[name])]
        if not wanted:
            continue
        past = simulate(*(trouble.incidents if trouble else ()), clock=DAY, hours=trouble.hours if trouble else 0.0)
        with Prometheus() as prometheus, Asked(prometheus.url) as asked:
            prometheus.take_in(past)
            record(prometheus, past, read(RULES), step=120)
            for name in wanted:
                first, last = (trouble.shown, 0.0) if trouble else WELL.get(name, (1.0, 0.0))
                span = Span(past.end - first * HOUR, past.end - last * HOUR)
                file = folder / f"{name}-{'trouble' if trouble else 'well'}.png"
                drawing = draw(shown[name], asked, span, {}, file)
                compress(file)
                without = ", ".join(each.title for each in drawing.empty) or "none"
                sys.stdout.write(f"{file}: {file.stat().st_size // 1000} kB, panels without data: {without}\n")


def compress(file: Path) -> None:
    """Keep the colours that have a name and those most often seen: what is between them is the edge of a letter."""
    with Image.open(file) as opened:
        image = opened.convert("RGB")
    counted = sorted(image.getcolors(image.width * image.height) or (), reverse=True)
    common = [cast("tuple[int, ...]", shade) for _, shade in counted]
    named = [ImageColor.getrgb(shade) for shade in (*NAMED.values(), *CLASSIC)]
    kept = list(dict.fromkeys((*named, *common)))[:COLOURS]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for shade in kept for part in shade])
    image.quantize(palette=palette, dither=Image.Dither.NONE).save(file, optimize=True)


if __name__ == "__main__":
    given = sys.argv[1:]
    pictures(Path(given[0]) if given else SHOWN, set(given[1:]) or set(TROUBLES))
