"""The report: tables, method and conclusions, all computed from one run.

Pure: a `Run` in, Markdown out. Nothing is claimed that the run does not hold: a
contender or protocol that was not measured is left out, and what makes a figure
doubtful is said beside it (`caveats.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from loadtests.bench.caveats import caveats
from loadtests.bench.hot_path import HotPath
from loadtests.bench.protocols import many_rows_name
from loadtests.bench.results import Run, Summary, protocols_of, summarise
from loadtests.bench.servers import BARE, OURS, STOCK, UNBATCHED, UNWATCHED
from loadtests.bench.soak import MINUTE, Soak
from loadtests.bench.wording import bullets, count, latencies, listing, rate, table, tail, times, turns

_INTRODUCTION = (
    "Written by `make bench`; do not edit. Requests per second and latencies of this server beside "
    "stock KServe, in one run, on one machine, with the same SavedModel."
)

_MANY_ROWS = (
    "Binary requests of many rows, beside raw TensorFlow: the signature called in a loop with batches of as many "
    "rows, from arrays to arrays, alone on the server's core."
)

_CARE = (
    "Bare is the same server with series that count nothing and a decoder that believes every byte "
    "(`loadtests/bench/bare_server.py`). With everything on, predictions of every row and features of a sample of them "
    "are counted beside the model's baseline, as by default; without, `MONITOR_ENABLED=false`."
)

_BATCHING = "The same server with `BATCH_ENABLED=false`, so that every request runs alone."

CHART_NAME = "benchmarks.svg"
STAGES_NAME = "benchmarks-stages.svg"

WORTH_A_REASON_MICROSECONDS = 5.0

TRIED = Path(__file__).with_name("tried.md")
"""What did not help: written by hand, because no run can know it."""


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a report is made of."""

    runs: tuple[Run, ...]
    hot_paths: tuple[HotPath, ...] = ()
    soak: Soak | None = None
    tried: str = ""


def render(findings: Findings) -> str:
    """Write the whole report; the picture is of the first model."""
    parts = ["# Benchmarks", _INTRODUCTION]
    for run in findings.runs:
        parts += [f"**{run.model}**, one row of {run.plan.model_inputs}:", bullets(conclusions(run))]
    parts.append(f"![Latency against throughput, with batching, without, and stock KServe]({CHART_NAME})")
    for run in findings.runs:
        parts += model_sections(run)
    parts += hot_path_sections(findings.hot_paths)
    if findings.soak is not None:
        parts += ["## Memory under full load", memory(findings.soak)]
    if findings.tried:
        parts += ["## What was tried and did not help", findings.tried.strip()]
    first = findings.runs[0]
    parts += ["## How it was measured", method(findings.runs), "## On what", bullets(machine(first))]
    return "\n\n".join(part for part in parts if part) + "\n"


def model_sections(run: Run) -> list[str]:
    parts = []
    for protocol in protocols_of(run):
        if protocol != many_rows_name(run.plan.rows):
            parts += [f"## {run.model} over {protocol}", protocol_table(run, protocol)]
    many = many_rows_table(run)
    if many:
        parts += [f"## {run.model}, {run.plan.rows} rows a request", _MANY_ROWS, many]
    worth = batching_table(run)
    if worth:
        parts += [f"## {run.model}: what batching is worth", _BATCHING, worth]
    care = care_table(run)
    if care:
        parts += [f"## {run.model}: what metrics and checks cost", _CARE, care]
    doubts = caveats(run)
    if doubts:
        parts += [f"## {run.model}: what to doubt", bullets(doubts)]
    return parts


def many_rows_table(run: Run) -> str:
    """Set requests of many rows beside the same batches with no server around them."""
    if not run.bounds:
        return ""
    bound = median(run.bounds)
    rows = []
    for connections in run.plan.connections:
        ours = summarise(run, OURS.name, many_rows_name(run.plan.rows), connections)
        if ours:
            per_second = ours.requests_per_second * run.plan.rows
            rows.append(
                [
                    str(connections),
                    f"{per_second:,.0f}",
                    f"{bound:,.0f}",
                    f"**{per_second / bound:.2f}**",
                    latencies(ours),
                ]
            )
    return table(["connections", f"{OURS.title}, rows/s", "raw TensorFlow, rows/s", "ratio", "p50 / p99 ms"], rows)


def hot_path_sections(hot_paths: Sequence[HotPath]) -> list[str]:
    """Say where the processor's time goes, and why for all that is worth a reason."""
    if not hot_paths:
        return []
    parts = ["## Where the time goes", f"![Processor time of a request by stage]({STAGES_NAME})"]
    for path in hot_paths:
        rows = [
            [part.title, f"{path.microseconds(part):.1f}", f"{part.share:.0%}", part.reason]
            for part in path.parts
            if path.microseconds(part) >= WORTH_A_REASON_MICROSECONDS
        ]
        rest = sum(path.microseconds(part) for part in path.parts) - sum(float(row[1]) for row in rows)
        rows.append(["all others", f"{max(rest, 0.0):.1f}", "", f"Each less than {WORTH_A_REASON_MICROSECONDS:g} µs."])
        parts.append(
            f"{path.model} over {path.protocol} at {count(path.connections, 'connection')}: "
            f"{path.cpu_microseconds:.0f} µs of processor time a request, by `py-spy`."
        )
        parts.append(table(["stage", "µs", "share", "why"], rows))
    return parts


def memory(soak: Soak) -> str:
    minutes = int(MINUTE / soak.every_seconds)
    figures = [size / 2**20 for size in soak.resident_bytes]
    by_minute = ", ".join(f"{size:,.1f}" for size in figures[minutes - 1 :: minutes])
    return (
        f"`python -m loadtests.bench --soak {soak.seconds:g}` at commit {soak.commit}: {soak.requests:,} requests over "
        f"{count(soak.connections, 'connection')}, {count(soak.errors, 'error')}. Resident memory at the end of each "
        f"minute, in MiB: {by_minute}. The last figure is {soak.growth:+.2%} of minute one's."
    )


def conclusions(run: Run) -> list[str]:
    """Say what the run shows: the ratio per protocol, batching's worth, the tail."""
    found = []
    for protocol in protocols_of(run):
        pairs = _pairs(run, protocol, OURS.name, STOCK.name)
        if pairs:
            ratios = listing(times(ours, stock) for _, ours, stock in pairs)
            where = listing(str(connections) for connections, _, _ in pairs)
            found.append(f"**{protocol}**: {ratios} times the throughput of stock KServe at {where} connections.")
    most = run.plan.connections[-1]
    at_most = count(most, "connection")
    worth = []
    tails = []
    for protocol in protocols_of(run):
        ours = summarise(run, OURS.name, protocol, most)
        unbatched = summarise(run, UNBATCHED.name, protocol, most)
        if ours and unbatched:
            worth.append(f"{times(ours, unbatched)} for {protocol}")
        if ours:
            tails.append(f"{ours.p99_seconds / ours.p50_seconds:.1f} for {protocol}")
    if worth:
        found.append(f"At {at_most} batching multiplies throughput by {listing(worth)}.")
    if tails:
        found.append(f"At {at_most} the 99th percentile of latency divided by the median is {listing(tails)}.")
    return found


def protocol_table(run: Run, protocol: str) -> str:
    """Set this server beside stock KServe, a row per number of connections."""
    ours_title, stock_title = (run.titles.get(each.name, each.title) for each in (OURS, STOCK))
    rows = []
    for connections in run.plan.connections:
        ours = summarise(run, OURS.name, protocol, connections)
        stock = summarise(run, STOCK.name, protocol, connections)
        rows.append(
            [
                str(connections),
                rate(ours),
                rate(stock),
                f"**{times(ours, stock)}**" if ours and stock else "-",
                latencies(ours),
                tail(ours),
                latencies(stock),
            ]
        )
    heads = ["connections", f"{ours_title}, requests/s", f"{stock_title}, requests/s", "ratio"]
    heads += [f"{ours_title}, p50 / p99 ms", "p99 / p50", f"{stock_title}, p50 / p99 ms"]
    return table(heads, rows)


def batching_table(run: Run) -> str:
    """Set batching on beside batching off, or return nothing if off was not measured."""
    rows = []
    for protocol in protocols_of(run):
        for connections, ours, unbatched in _pairs(run, protocol, OURS.name, UNBATCHED.name):
            rates = [rate(ours), rate(unbatched), f"**{times(ours, unbatched)}**"]
            rows.append([protocol, str(connections), *rates])
    return table(["protocol", "connections", "on, requests/s", "off, requests/s", "ratio"], rows)


def care_table(run: Run) -> str:
    """Set the server beside itself without metrics and checks, or return nothing if that was not measured."""
    rows = []
    for protocol in protocols_of(run):
        for connections, ours, bare in _pairs(run, protocol, OURS.name, BARE.name):
            unwatched = summarise(run, UNWATCHED.name, protocol, connections)
            costs = [
                f"{1 - each.requests_per_second / bare.requests_per_second:.0%}" if each else "-"
                for each in (unwatched, ours)
            ]
            rows.append(
                [protocol, str(connections), rate(bare), rate(unwatched), costs[0], rate(ours), f"**{costs[1]}**"]
            )
    heads = ["protocol", "connections", "bare, requests/s", "metrics and checks, requests/s", "cost"]
    return table([*heads, "everything on, requests/s", "cost"], rows)


def method(runs: Sequence[Run]) -> str:
    run = runs[0]
    plan = run.plan
    titles = listing(dict.fromkeys(title for each in runs for title in each.titles.values()))
    pinning = "Each server had one core, and the client another. " if plan.is_pinned else ""
    sizes = " ".join(f"A request to {each.model} has {_sizes(each)}." for each in runs)
    return (
        f"`{plan.command}`\n\n"
        f"The servers were started in turn, {titles}, and the turn taken "
        f"{turns(plan.rounds)}; one server ran at a time. {pinning}Every connection is kept open and has "
        f"one request in flight. {sizes} After {plan.warm_up_seconds:g} s of "
        f"warm-up, answers were counted for {plan.seconds:g} s. A figure is the median of the rounds, with "
        "the least and the greatest in brackets; p50 and p99 are the medians of each round's percentiles, "
        "in milliseconds. The first answer of each server over each protocol was compared with the others' "
        "before anything was measured. The client reads status and length of an answer and no more; its "
        f"share of a core was at most {max(map(_greatest_client_share, runs)):.0%}. Stock KServe is the custom "
        "predictor of its documentation with its defaults (`loadtests/bench/stock_kserve.py`)."
    )


def machine(run: Run) -> list[str]:
    host = run.machine
    return [
        f"{run.date}, commit {host.commit}",
        f"{host.processor}, {host.cores} cores, {host.system}",
        ", ".join(f"{name} {version}" for name, version in host.versions.items()),
    ]


def _sizes(run: Run) -> str:
    return listing(f"{size:,} bytes in {protocol}" for protocol, size in run.body_bytes.items())


def _pairs(run: Run, protocol: str, one: str, other: str) -> list[tuple[int, Summary, Summary]]:
    """List the numbers of connections at which both contenders were measured."""
    found = []
    for connections in run.plan.connections:
        first = summarise(run, one, protocol, connections)
        second = summarise(run, other, protocol, connections)
        if first and second:
            found.append((connections, first, second))
    return found


def _greatest_client_share(run: Run) -> float:
    return max(each.client_cpu_share for each in run.measurements)
