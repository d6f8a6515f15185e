"""The charts whose axis is the time of the run: rate, response times, failures, versions, and the generator itself."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from loadtests.measure.outcome import Outcome
from loadtests.measure.run import Run
from loadtests.report.chart.form import Band, Chart, Layer, Limit, Line, Mark, Slot
from loadtests.report.chart.scale import clock, linear, spread, time
from loadtests.report.plan import profile_of
from loadtests.report.stretches import Stretch, length, stretches
from loadtests.report.wording import NOTHING, count, duration, rate, round_duration, round_rate, share

QUANTILES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
MOST_VERSIONS = 6
OTHER = "other"
LOW = 150
"""The height of what is looked at second."""


class OverTime:
    """One run's charts, on the same axis."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._each = length(run)
        self._stretches = stretches(run, self._each)
        self._middles = [each.began + each.seconds / 2 for each in self._stretches]
        last = self._stretches[-1] if self._stretches else None
        self._across = clock(last.began + last.seconds if last else 1)
        change = run.change
        times = [("change begins", change.began), ("ends", change.ended)] if change else []
        self._marks = tuple(Mark(name, at) for name, at in times if at is not None)
        self._bands = tuple(Band(span.name, span.role, span.began, span.ended) for span in run.spans)

    def charts(self) -> list[Chart]:
        if not self._stretches:
            return []
        drawn = [self._rates(), self._response_times(), self._failures(), self._versions(), self._lag(), self._busy()]
        return [chart for chart in drawn if chart is not None]

    def _chart(self, key: str, title: str, words: str, tell: Callable[[Stretch], str], **given: Any) -> Chart:
        slots = tuple(
            Slot(each.began, each.began + each.seconds, f"{self._when(each)}\n{tell(each)}") for each in self._stretches
        )
        note = f"Each point sums up {duration(self._each)}." if self._each > 1 else ""
        return Chart(
            key=key,
            title=title,
            words=words,
            across=self._across,
            slots=slots,
            bands=self._bands,
            marks=self._marks,
            note=note,
            **given,
        )

    def _when(self, stretch: Stretch) -> str:
        phase = f", {stretch.span.name}" if stretch.span else ""
        return f"{time(stretch.began)}{phase}"

    def _line(self, name: str, style: str, values: Sequence[float]) -> Line:
        return Line(name, style, tuple(zip(self._middles, values, strict=True)))

    def _rates(self) -> Chart:
        planned = [each.planned_rate for each in self._stretches]
        sent = [each.figures.rate for each in self._stretches]
        right = [each.figures.ok_rate for each in self._stretches]
        return self._chart(
            "rate",
            "Requests a second: planned, sent and answered rightly",
            f"{rate(min(sent))} to {rate(max(sent))} were sent, and up to {rate(max(planned))} planned.",
            lambda each: (
                f"planned {rate(each.planned_rate)}, sent {rate(each.figures.rate)}, "
                f"answered rightly {rate(each.figures.ok_rate)}"
            ),
            up=linear(1.05 * max(*planned, *sent), round_rate),
            lines=(
                self._line("planned", "planned", planned),
                self._line("sent", "sent", sent),
                self._line("answered rightly", "right", right),
            ),
        )

    def _response_times(self) -> Chart:
        found = {name: [each.figures.quantile(part) for each in self._stretches] for name, part in QUANTILES}
        promised = self._run.promise.get("latency", {}).get("threshold_seconds")
        limits = (Limit(f"promised {duration(promised)}", promised),) if isinstance(promised, float | int) else ()
        values = [value for each in found.values() for value in each]
        worst = max(
            (each for each in zip(found["p99"], self._middles, strict=True) if each[0] == each[0]), default=None
        )
        words = (
            f"The 99th percentile is worst at {time(worst[1])} with {duration(worst[0])}."
            if worst
            else "Nothing was answered."
        )
        return self._chart(
            "latency",
            "Response time from when a request was due",
            words,
            lambda each: ", ".join(f"{name} {duration(each.figures.quantile(part))}" for name, part in QUANTILES),
            up=spread([*values, *(limit.value for limit in limits)], round_duration),
            lines=tuple(self._line(name, name, each) for name, each in found.items()),
            limits=limits,
            height=300,
        )

    def _failures(self) -> Chart | None:
        classes = [outcome for outcome in Outcome if outcome.is_failure]
        total = Counter({each: sum(stretch.cell.count(each) for stretch in self._stretches) for each in classes})
        there = [outcome for outcome, number in total.most_common() if number]
        if not there:
            return None
        layers = tuple(
            Layer(
                each.value, f"outcome-{each.value}", tuple(self._a_second(stretch, each) for stretch in self._stretches)
            )
            for each in there
        )
        highest = max(sum(layer.values[number] for layer in layers) for number in range(len(self._stretches)))
        return self._chart(
            "failures",
            "Failures a second, by class",
            "There were " + ", ".join(f"{count(total[each])} {each.value}" for each in there) + ".",
            lambda stretch: (
                ", ".join(f"{count(number)} {each.value}" for each in there if (number := stretch.cell.count(each)))
                or "none failed"
            ),
            up=linear(highest, round_rate),
            layers=layers,
        )

    def _a_second(self, stretch: Stretch, outcome: Outcome) -> float:
        return stretch.cell.count(outcome) / stretch.seconds

    def _versions(self) -> Chart | None:
        total: Counter[str] = Counter()
        for each in self._stretches:
            total.update(each.cell.versions)
        if not total:
            return None
        named = sorted(version for version, _ in total.most_common(MOST_VERSIONS))
        shares = {version: [_share(each, each.cell.versions[version]) for each in self._stretches] for version in named}
        if len(total) > MOST_VERSIONS:
            rest = [
                sum(number for version, number in each.cell.versions.items() if version not in named)
                for each in self._stretches
            ]
            shares[OTHER] = [_share(each, number) for each, number in zip(self._stretches, rest, strict=True)]
        return self._chart(
            "versions",
            "Which version answered",
            "Answers by version: "
            + ", ".join(f"{version} {count(number)}" for version, number in total.most_common(6))
            + ".",
            lambda each: (
                ", ".join(
                    f"version {version}: {count(number)}"
                    for version, number in sorted(each.cell.versions.items())[:MOST_VERSIONS]
                )
                or "no answer tells a version"
            ),
            up=linear(1, lambda ratio: f"{100 * ratio:.0f} %"),
            layers=tuple(
                Layer(f"version {version}" if version != OTHER else OTHER, f"series-{number}", tuple(values))
                for number, (version, values) in enumerate(shares.items())
            ),
            height=LOW,
        )

    def _lag(self) -> Chart:
        lags = [each.cell.lags.quantile(0.99) for each in self._stretches]
        profile = profile_of(self._run)
        limits = (Limit("of a sound run, at most", profile.generator.lag_p99_seconds),) if profile else ()
        worst = max((each for each in lags if not math.isnan(each)), default=math.nan)
        return self._chart(
            "lag",
            "How late the load test itself sent, 99th percentile",
            f"At worst {duration(worst)}.",
            lambda each: f"p99 of the lag {duration(each.cell.lags.quantile(0.99))}",
            up=spread([*lags, *(limit.value for limit in limits)], round_duration),
            lines=(self._line("lag p99", "sent", lags),),
            limits=limits,
            height=LOW,
        )

    def _busy(self) -> Chart | None:
        busy = [math.nan if each.busy_ratio is None else each.busy_ratio for each in self._stretches]
        known = [each for each in busy if not math.isnan(each)]
        if not known:
            return None
        profile = profile_of(self._run)
        return self._chart(
            "busy",
            "How busy the busiest worker of the load test was",
            f"At most {share(max(known))} of a core.",
            lambda each: (
                f"{share(each.busy_ratio)} of a core, "
                f"{NOTHING if each.in_flight is None else count(each.in_flight)} requests in flight at most"
            ),
            up=linear(max(1, *known), lambda ratio: f"{100 * ratio:.0f} %"),
            lines=(self._line("busy", "sent", busy),),
            limits=(Limit("of a sound run, at most", profile.generator.busy_ratio),) if profile else (),
            height=LOW,
        )


def _share(stretch: Stretch, answers: int) -> float:
    told = stretch.cell.versions.total()
    return answers / told if told else 0.0
