"""Series as text: Prometheus' exposition format, with what does not change written once.

Some thousand series are scraped every few seconds, and while they are written no
request is answered. Their names and labels never change, and most of their
values did not since the last scrape, so both are kept as text. Promises, byte
for byte, what prometheus_client's `generate_latest` writes of the same samples.
"""

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.utils import floatToGoString

LONG = 1e6
"""From here on Go writes exponents where Python does not."""


class Lines:
    """Lines of which only the values change."""

    __slots__ = ("_starts", "_text", "_values")

    def __init__(self, starts: Iterable[str]) -> None:
        """`starts` are what each line begins with, up to its value."""
        self._starts = tuple(starts)
        self._values: Sequence[float] = ()
        self._text = ""

    def text(self, values: Sequence[float]) -> str:
        if values != self._values:
            self._values = values
            self._text = "".join(
                [f"{start}{number(value)}\n" for start, value in zip(self._starts, values, strict=True)]
            )
        return self._text


def start(name: str, labels: Mapping[str, str]) -> str:
    """What a line begins with."""
    if not labels:
        return f"{name} "
    pairs = ",".join([f'{label}="{_escaped(labels[label])}"' for label in sorted(labels)])
    return f"{name}{{{pairs}}} "


def head(name: str, kind: str, meaning: str) -> str:
    """What goes before the lines of a family."""
    meaning = meaning.replace("\\", r"\\").replace("\n", r"\n")
    return f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n"


def number(value: float) -> str:
    """Write a number as Go does."""
    if -LONG < value < LONG:
        return repr(float(value))  # numpy's own floats say what they are
    return str(floatToGoString(value))  # type: ignore[no-untyped-call]


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
