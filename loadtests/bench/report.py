"""The report: tables, method and conclusions, all computed from one run.

Pure: a `Run` in, Markdown out. Nothing is claimed that the run does not hold: a
contender or protocol that was not measured is left out, and what makes a figure
doubtful is said beside it (`caveats.py`).
"""

from loadtests.bench.caveats import caveats
from loadtests.bench.results import Run, Summary, protocols_of, summarise
from loadtests.bench.servers import OURS, STOCK, UNBATCHED
from loadtests.bench.wording import bullets, count, latencies, listing, rate, table, times, turns

_INTRODUCTION = (
    "Written by `make bench`; do not edit. Requests per second and latencies of this server beside "
    "stock KServe, in one run, on one machine, with the same SavedModel."
)

_BATCHING = "The same server with `BATCH_ENABLED=false`, so that every request runs alone."

CHART_NAME = "benchmarks.svg"


def render(run: Run) -> str:
    """Write the whole report."""
    parts = [
        "# Benchmarks",
        _INTRODUCTION,
        bullets(conclusions(run)),
        f"![Latency against throughput, with batching, without, and stock KServe]({CHART_NAME})",
    ]
    for protocol in protocols_of(run):
        parts += [f"## {protocol}", protocol_table(run, protocol)]
    worth = batching_table(run)
    if worth:
        parts += ["## What batching is worth", _BATCHING, worth]
    doubts = caveats(run)
    if doubts:
        parts += ["## What to doubt", bullets(doubts)]
    parts += ["## How it was measured", method(run), "## On what", bullets(machine(run))]
    return "\n\n".join(part for part in parts if part) + "\n"


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
                latencies(stock),
            ]
        )
    heads = ["connections", f"{ours_title}, requests/s", f"{stock_title}, requests/s", "ratio"]
    heads += [f"{ours_title}, p50 / p99 ms", f"{stock_title}, p50 / p99 ms"]
    return table(heads, rows)


def batching_table(run: Run) -> str:
    """Set batching on beside batching off, or return nothing if off was not measured."""
    rows = []
    for protocol in protocols_of(run):
        for connections, ours, unbatched in _pairs(run, protocol, OURS.name, UNBATCHED.name):
            rates = [rate(ours), rate(unbatched), f"**{times(ours, unbatched)}**"]
            rows.append([protocol, str(connections), *rates])
    return table(["protocol", "connections", "on, requests/s", "off, requests/s", "ratio"], rows)


def method(run: Run) -> str:
    plan = run.plan
    sizes = listing(f"{size:,} bytes in {protocol}" for protocol, size in run.body_bytes.items())
    pinning = "Each server had one core, and the client another. " if plan.is_pinned else ""
    return (
        f"`{plan.command}`\n\n"
        f"The servers were started in turn, {listing(run.titles.values())}, and the turn taken "
        f"{turns(plan.rounds)}; one server ran at a time. {pinning}Every connection is kept open and has "
        f"one request in flight: one row of {plan.model_inputs}, {sizes}. After {plan.warm_up_seconds:g} s of "
        f"warm-up, answers were counted for {plan.seconds:g} s. A figure is the median of the rounds, with "
        "the least and the greatest in brackets; p50 and p99 are the medians of each round's percentiles, "
        "in milliseconds. The first answer of each server over each protocol was compared with the others' "
        "before anything was measured. The client reads status and length of an answer and no more; its "
        f"share of a core was at most {_greatest_client_share(run):.0%}. Stock KServe is the custom "
        "predictor of its documentation with its defaults (`loadtests/bench/stock_kserve.py`)."
    )


def machine(run: Run) -> list[str]:
    host = run.machine
    return [
        f"{run.date}, commit {host.commit}",
        f"{host.processor}, {host.cores} cores, {host.system}",
        ", ".join(f"{name} {version}" for name, version in host.versions.items()),
    ]


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
