"""Numbers in words of their unit, as Grafana writes them. Pure."""

import math
from collections.abc import Callable, Sequence

KIBI = ("B", "KiB", "MiB", "GiB", "TiB")
KILO = ("", "K", "Mil", "Bil", "Tri")
SECONDS = (
    (86400.0 * 7, "weeks"),
    (86400.0, "days"),
    (3600.0, "hours"),
    (60.0, "mins"),
    (1.0, "s"),
    (1e-3, "ms"),
    (1e-6, "µs"),
    (1e-9, "ns"),
)
RATES = {
    "reqps": " req/s",
    "ops": " ops/s",
    "cps": " c/s",
    "rps": " rd/s",
    "wps": " wr/s",
    "rowsps": " rows/s",
    "eps": " evt/s",
}


def written(value: float | None, unit: str | None, decimals: int | None = None, *, now: float = 0.0) -> str:
    """A number in the words of a unit; `now` is for those that tell how long ago something was."""
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    unit = unit or "none"
    if unit in RATES:
        return _scaled(value, 1000.0, KILO, decimals) + RATES[unit]
    if unit.startswith("suffix:"):
        return f"{plain(value, decimals)} {unit.removeprefix('suffix:').strip()}"
    if unit.startswith("prefix:"):
        return f"{unit.removeprefix('prefix:').strip()} {plain(value, decimals)}"
    if unit.startswith("dateTimeFromNow"):
        return _ago(now - value / 1000)
    return _KNOWN.get(unit, plain)(value, decimals)


def plain(value: float, decimals: int | None) -> str:
    """A number with so many decimals, or with three digits that matter."""
    if decimals is None:
        size = abs(value)
        # Three digits that matter, though never a whole number cut short.
        decimals = 0 if size >= 100 or size == 0 else max(0, 2 - math.floor(math.log10(size)))
        decimals = min(decimals, 6)
        text = f"{value:.{decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{value:.{decimals}f}"


def _scaled(value: float, base: float, names: Sequence[str], decimals: int | None) -> str:
    power = 0
    while abs(value) >= base and power < len(names) - 1:
        value, power = value / base, power + 1
    return f"{plain(value, decimals)} {names[power]}".rstrip()


def _seconds(value: float, decimals: int | None) -> str:
    if value == 0:
        return "0 s"
    size, name = next((each for each in SECONDS if abs(value) >= each[0] * 0.9995), SECONDS[-1])
    return f"{plain(value / size, decimals)} {name}"


def _ago(seconds: float) -> str:
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = round(seconds / size)
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "a few seconds ago"


_KNOWN: dict[str, Callable[[float, int | None], str]] = {
    "percentunit": lambda value, decimals: f"{plain(value * 100, decimals)}%",
    "percent": lambda value, decimals: f"{plain(value, decimals)}%",
    "s": _seconds,
    "ms": lambda value, decimals: _seconds(value / 1000, decimals),
    "short": lambda value, decimals: _scaled(value, 1000.0, KILO, decimals),
    "bytes": lambda value, decimals: _scaled(value, 1024.0, KIBI, decimals),
    "decbytes": lambda value, decimals: _scaled(value, 1000.0, ("B", "kB", "MB", "GB", "TB"), decimals),
    "Bps": lambda value, decimals: _scaled(value, 1000.0, ("B/s", "kB/s", "MB/s", "GB/s"), decimals),
    "binBps": lambda value, decimals: _scaled(value, 1024.0, ("B/s", "KiB/s", "MiB/s", "GiB/s"), decimals),
}
