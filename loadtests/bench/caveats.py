"""What makes a figure of a run mean less than it seems to.

A client that was busy all the time, a server that was not, errors, rounds far
apart, too few of them: each is said in one sentence, beside the figures. Pure.
"""

from collections.abc import Iterator

from loadtests.bench.results import Run, Summary, protocols_of, summarise
from loadtests.bench.wording import count, listing

BUSY_SHARE = 0.9
WIDE_SPREAD = 0.15
ENOUGH_ROUNDS = 3


def caveats(run: Run) -> list[str]:
    """Say what to doubt, a sentence per reason with the cases that it concerns."""
    busy_client, idle_server, failed, apart = [], [], [], []
    for case, connections, summary in _cases(run):
        if summary.client_cpu_share > BUSY_SHARE:
            busy_client.append(f"{case} ({summary.client_cpu_share:.0%})")
        elif connections > 1 and (summary.server_cpu_share or BUSY_SHARE) < BUSY_SHARE:
            # One connection leaves every server idle at times; several do not, on a core of its own.
            idle_server.append(f"{case} ({summary.server_cpu_share:.0%})")
        if summary.errors:
            failed.append(f"{case} ({summary.errors})")
        if summary.spread > WIDE_SPREAD:
            apart.append(f"{case} ({summary.spread:.0%})")

    doubts = [f"{run.titles[each.contender]} refused {each.protocol}: {each.message}." for each in run.refusals]
    for reason, cases in (
        (f"The client used more than {BUSY_SHARE:.0%} of its core, so the server may do better", busy_client),
        (f"The server used less than {BUSY_SHARE:.0%} of its core; something else may have run there", idle_server),
        ("Some requests were answered with an error or not at all", failed),
        (f"The rounds lie more than {WIDE_SPREAD:.0%} apart", apart),
    ):
        if cases:
            doubts.append(f"{reason}: {listing(cases)}.")
    if not run.plan.is_pinned:
        doubts.append("Server and client had no cores of their own and took time from each other.")
    if run.plan.rounds < ENOUGH_ROUNDS:
        doubts.append(f"The figures rest on {count(run.plan.rounds, 'round')}; take {ENOUGH_ROUNDS} or more.")
    return doubts


def _cases(run: Run) -> Iterator[tuple[str, int, Summary]]:
    for protocol in protocols_of(run):
        for name, title in run.titles.items():
            for connections in run.plan.connections:
                summary = summarise(run, name, protocol, connections)
                if summary:
                    yield f"{title} over {protocol} at {count(connections, 'connection')}", connections, summary
