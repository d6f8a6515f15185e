"""The time a dashboard shows, and the intervals that Grafana makes of it. Pure.

`$__interval` is what one point of a line stands for, `$__rate_interval` is
long enough for rate() to find four scrapes.
"""

import re
from dataclasses import dataclass

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
NICE = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
SCRAPE_SECONDS = 15.0
"""What Grafana takes for the interval between scrapes where nobody tells it."""
POINTS = 400
"""Points that a line has at most: about its width in pixels."""


class NotADuration(ValueError):
    """A time was given that cannot be read."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, in seconds since 1970."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start

    def step(self, least: float = 1.0, points: int = POINTS) -> float:
        """How far points lie apart: a round number, and no less than what a query asks for."""
        wanted = max(self.seconds / points, least)
        return float(next((nice for nice in NICE if nice >= wanted), NICE[-1]))

    def builtins(self, least: str | None, points: int = POINTS) -> dict[str, str]:
        """The variables that Grafana has of itself, for a query with this least interval."""
        scrape = seconds(least) if least else SCRAPE_SECONDS
        step = self.step(scrape, points)
        return {
            "__interval": written(step),
            "__interval_ms": str(round(step * 1000)),
            "__rate_interval": written(max(step + scrape, 4 * scrape)),
            "__range": written(self.seconds),
            "__range_s": str(round(self.seconds)),
            "__range_ms": str(round(self.seconds * 1000)),
            "__from": str(round(self.start * 1000)),
            "__to": str(round(self.end * 1000)),
        }


def seconds(duration: str) -> float:
    """A duration as Prometheus and Grafana write it: `30s`, `1h30m`; `>30s` too, which says that it is the least."""
    text = duration.strip().lstrip(">")
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|[smhdw])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise NotADuration(f"{duration!r} is no duration: write 30s, 5m, 6h or 7d")
    return float(sum(float(number) * UNITS[unit] for number, unit in parts))


def written(duration: float) -> str:
    """Seconds as PromQL takes them."""
    return f"{round(duration)}s" if duration >= 1 else f"{round(duration * 1000)}ms"


def moment(text: str, now: float) -> float:
    """A time as a person gives it: `now`, `now-6h` or `-6h`, or seconds since 1970."""
    given = text.strip().removeprefix("now")
    if not given:
        return now
    if given.startswith("-"):
        return now - seconds(given[1:])
    try:
        return float(given)
    except ValueError:
        raise NotADuration(f"{text!r} is no time: write now, -6h, or seconds since 1970") from None
