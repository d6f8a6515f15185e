"""What the chart carries of `monitoring/generated`: rules and dashboards, each file as it is.

Helm reads nothing outside of the chart, and a link would not survive a checkout
on every system, so the files are copies. Looks at names and bytes alone.
"""

from pathlib import Path

GENERATED = Path(__file__).parents[2] / "monitoring" / "generated"
KINDS = {"rules": "*.yaml", "dashboards": "*.json"}


def shipped(generated: Path = GENERATED) -> dict[str, str]:
    """Give the files below `files/` that the chart is to have, by their path in the chart."""
    return {
        f"files/{kind}/{file.name}": file.read_text(encoding="utf-8")
        for kind, pattern in KINDS.items()
        for file in sorted((generated / kind).glob(pattern))
    }


def left_over(chart: Path, wanted: dict[str, str]) -> list[str]:
    """Name the files in the chart that there were once and that nothing makes any more."""
    here = [file for kind in KINDS for file in sorted((chart / "files" / kind).glob("*"))]
    return [name for name in (str(file.relative_to(chart)) for file in here) if name not in wanted]
