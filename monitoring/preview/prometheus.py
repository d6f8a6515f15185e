"""The questions that a dashboard asks of Prometheus, and its answers as they come.

The one file that speaks to it. What it refuses is told in its own words.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from monitoring.preview.span import Span

PATIENCE_SECONDS = 60.0


class NoAnswer(Exception):
    """Prometheus cannot be reached, or is something else."""


class Refused(Exception):
    """Prometheus answers that a query is wrong."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One series of an answer."""

    labels: Mapping[str, str]
    times: Sequence[float]
    values: Sequence[float]


class Prometheus:
    """A Prometheus at an address."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._client = httpx.Client(timeout=PATIENCE_SECONDS, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def at(self, expression: str, time: float) -> list[Answer]:
        """The value of each series at a time."""
        data = self._ask("query", query=expression, time=f"{time:.3f}")
        if data["resultType"] in ("scalar", "string"):
            return [Answer({}, [float(data["result"][0])], [float(data["result"][1])])]
        return [Answer(each["metric"], [float(each["value"][0])], [float(each["value"][1])]) for each in data["result"]]

    def over(self, expression: str, span: Span, step: float) -> list[Answer]:
        """The values of each series over a time, on multiples of the step as Grafana aligns them; NaN where none is."""
        start, end = math.floor(span.start / step) * step, math.floor(span.end / step) * step
        data = self._ask("query_range", query=expression, start=f"{start:.3f}", end=f"{end:.3f}", step=f"{step:.3f}")
        times = [start + step * number for number in range(round((end - start) / step) + 1)]
        found = []
        for each in data["result"]:
            values = [math.nan] * len(times)
            for time, value in each["values"]:
                values[round((float(time) - start) / step)] = float(value)
            found.append(Answer(each["metric"], times, values))
        return found

    def label_values(self, label: str, selector: str, span: Span) -> list[str]:
        """The values that a label has on the series of a selector, or on all."""
        times = {"start": f"{span.start:.3f}", "end": f"{span.end:.3f}"}
        matching = {"match[]": selector} if selector else {}
        values: list[str] = self._ask(f"label/{label}/values", **times, **matching)
        return values

    def _ask(self, what: str, **parameters: str) -> Any:
        url = f"{self.url}/api/v1/{what}"
        try:
            if what.startswith("query"):
                reply = self._client.post(url, data=parameters)
            else:
                reply = self._client.get(url, params=parameters)
            body = reply.json()
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            raise NoAnswer(f"no Prometheus answers at {self.url}: {str(fault) or type(fault).__name__}") from fault
        except ValueError as fault:
            raise NoAnswer(f"what answers at {self.url} with status {reply.status_code} is no Prometheus") from fault
        if not isinstance(body, dict) or body.get("status") != "success":
            raise Refused(str(body.get("error", body) if isinstance(body, dict) else body))
        return body["data"]
