"""What a run is going to do, in three lines, so that a mistake is seen before it has run. Pure."""

import shlex

from loadtests.engine.change_words import words_of
from loadtests.engine.order import Order
from loadtests.profile.form import Phase, Profile, Ramp, Wave


def intent(order: Order) -> list[str]:
    """Say the question, the load, and whom it is put on by whom."""
    profile = order.profile
    streams = ", ".join(stream.name for stream in profile.streams)
    models = sorted({stream.model or order.model for stream in profile.streams})
    places = [order.addresses.url, *([f"{order.addresses.grpc} (gRPC)"] if order.addresses.grpc else [])]
    if order.expected_workers:
        hands = f"{_many(order.expected_workers, 'worker')} that come to port {order.port}"
    else:
        hands = _many(order.processes, "process")
    change = f"; changed by `{shlex.join(words_of(profile.change))}`" if profile.change else ""
    return [
        f"{order.profile_name}: {profile.summary}",
        f"{_load(profile)} of {streams}; seed {profile.seed}",
        f"to {', '.join(models)} at {' and '.join(places)}, by {hands}; reports go to {order.out}{change}",
    ]


def _load(profile: Profile) -> str:
    if profile.search is not None:
        search = profile.search
        return f"steps of {search.step_seconds} s from {search.first:g} to at most {search.last:g} requests a second"
    kind = f"as in {profile.trace}" if profile.trace else f"{profile.rate:g} requests a second, {profile.arrivals},"
    return f"{kind} in {', '.join(_phase(phase) for phase in profile.phases)}"


def _phase(phase: Phase) -> str:
    at_least = "at least " if phase.role == "change" else ""
    match phase.times:
        case Ramp(first=first, last=last):
            times = f", {first:g} to {last:g} times that"
        case Wave(mean=mean, swing=swing):
            times = f", {mean * (1 - swing):g} to {mean * (1 + swing):g} times that"
        case 1:
            times = ""
        case factor:
            times = f", {factor:g} times that"
    return f"{phase.name} ({at_least}{phase.seconds} s{times})"


def _many(count: int, word: str) -> str:
    plural = f"{word}es" if word.endswith("s") else f"{word}s"
    return f"{count} {word if count == 1 else plural}"
