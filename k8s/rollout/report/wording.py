"""Numbers of gates as a person reads them, in the unit that they are in."""


def number(value: float | None, unit: str) -> str:
    """Write one; nothing is a dash."""
    if value is None:
        return "-"
    match unit:
        case "ratio":
            return f"{100 * value:.3g} %"
        case "seconds":
            return f"{1000 * value:.3g} ms" if abs(value) < 1 else f"{value:.3g} s"
        case "bytes":
            return _bytes(value)
        case _:
            return f"{value:.4g}"


def _bytes(value: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(value) < 1024:
            return f"{value:.4g} {unit}"
        value /= 1024
    return f"{value:.4g} TiB"
