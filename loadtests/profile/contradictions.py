"""What each field allows and the whole does not: phases of one name, gates on phases that are not there, no arrivals.

Pure; gives a sentence for each, all at once.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from loadtests.measure.outcome import Outcome
from loadtests.profile.form import Gate, Phase, Profile, Ramp, Search, Stream
from loadtests.profile.rate_curve import curve_of, moment

LARGEST_RATE = 100_000
MOST_STEPS = 60
"""Of a search that grows: with more it would take hours before anything is said."""


def contradictions(profile: Profile) -> list[str]:
    return [
        *_twice("streams", (stream.name for stream in profile.streams)),
        *_twice("phases", (phase.name for phase in profile.phases)),
        *(trouble for stream in profile.streams for trouble in _of_stream(stream)),
        *(trouble for phase in profile.phases for trouble in _of_phase(phase, profile)),
        *_of_judging(profile.phases),
        *_of_trace(profile),
        *_of_change(profile),
        *(_of_search(profile.search) if profile.search else ()),
        *(
            trouble
            for number, gate in enumerate(profile.gates)
            for trouble in _of_gate(f"gates.{number}", gate, profile)
        ),
    ]


def _twice(field: str, names: Iterable[str]) -> Iterator[str]:
    for name, times in Counter(names).items():
        if times > 1:
            yield f"{field} has {name} {times} times; each must have a name of its own"


def _of_stream(stream: Stream) -> Iterator[str]:
    if stream.protocol == "v1" and stream.format == "binary":
        yield f"streams.{stream.name} asks V1 for binary, which has JSON alone; protocols v2 and grpc have binary"


def _of_phase(phase: Phase, profile: Profile) -> Iterator[str]:
    where = f"phases.{phase.name}"
    if profile.trace:
        if phase.times != 1:
            yield f"{where}.times is not known to a trace, which tells itself when requests are due"
        return
    curve = curve_of(phase, profile.rate)
    if curve.peak > LARGEST_RATE:
        yield f"{where} asks for {curve.peak:,.0f} requests a second, and at most {LARGEST_RATE:,} can be asked for"
    expected = float(curve.count(moment(phase.seconds))[0])
    if expected < 1:
        yield f"{where} expects {expected:g} requests in {phase.seconds} s; it must expect 1 at least"
    if phase.role == "change" and isinstance(phase.times, Ramp) and phase.times.last == 0:
        yield f"{where}.times ends at 0, and a change goes on at the last rate for as long as it takes"


def _of_judging(phases: Iterable[Phase]) -> Iterator[str]:
    roles = {phase.role for phase in phases}
    if roles == {"warm-up"}:
        yield "phases have the role warm-up alone, which is not judged; one at least must have another"


def _of_trace(profile: Profile) -> Iterator[str]:
    seconds = profile.trace_seconds
    if not profile.trace or not seconds:
        return
    if profile.search:
        yield "a trace tells when requests are due, and a search asks for rates of its own: only one can be"
    began = 0
    for phase in profile.phases:
        if not any(began <= second < began + phase.seconds for second in seconds):
            yield (
                f"phases.{phase.name} lasts from second {began} to {began + phase.seconds}, in which the trace, "
                f"from {seconds[0]:g} to {seconds[-1]:g}, has no request"
            )
        began += phase.seconds


def _of_change(profile: Profile) -> Iterator[str]:
    changing = [phase.name for phase in profile.phases if phase.role == "change"]
    if len(changing) > 1:
        yield f"phases {', '.join(changing)} have the role change, and only one can"
    if not changing and profile.change is not None:
        yield "change says what is performed, and no phase has the role change"
    if profile.change and profile.change.command and profile.change.helm:
        yield "change has a command and helm, and only one can be performed"
    if profile.change and profile.change.helm_arguments and not profile.change.helm:
        yield "change.helm_arguments are for change.helm, which is not given"


def _of_search(search: Search) -> Iterator[str]:
    if search.last < search.first:
        yield f"search.last is {search.last:g}, and must not be less than search.first, {search.first:g}"
    elif math.log(search.last / search.first) / math.log(search.growth) > MOST_STEPS:
        yield (
            f"search.growth is {search.growth:g}: from {search.first:g} to {search.last:g} these are more than "
            f"{MOST_STEPS} steps"
        )


def _of_gate(where: str, gate: Gate, profile: Profile) -> Iterator[str]:
    phases = [phase.name for phase in profile.phases]
    for name in gate.phases:
        if name not in phases:
            yield f"{where}.phases names {_unknown(name, phases)}"
    streams = [stream.name for stream in profile.streams]
    if gate.stream and gate.stream not in streams:
        yield f"{where}.stream names {_unknown(gate.stream, streams)}"
    yield from _of_bounds(where, gate, profile)
    if gate.of and gate.measure != "error_ratio":
        yield f"{where}.of is for error_ratio, and the measure is {gate.measure}"
    if Outcome.OK in gate.of:
        yield f"{where}.of has ok, which is no error"
    if gate.times_baseline is not None:
        if not any(phase.role == "baseline" for phase in profile.phases):
            yield f"{where}.times_baseline asks for a phase whose role is baseline, and there is none"
        if any(phase.role == "baseline" and phase.name in gate.phases for phase in profile.phases):
            yield f"{where}.times_baseline would compare a baseline with itself"
        if profile.phases and {phase.role for phase in profile.phases} <= {"warm-up", "baseline"}:
            yield f"{where}.times_baseline has nothing to compare with the baseline: no other phase is judged"


def _of_bounds(where: str, gate: Gate, profile: Profile) -> Iterator[str]:
    if gate.most is None and gate.least is None and not gate.promised and gate.times_baseline is None:
        yield f"{where} ({gate.measure}) has no bound; it must have one of most, least, promised and times_baseline"
    if gate.most is not None and gate.least is not None and gate.least > gate.most:
        yield f"{where} ({gate.measure}) asks for {gate.least:g} at least and {gate.most:g} at most, which nothing is"
    for bound, value in (("most", gate.most), ("least", gate.least)):
        if value is None:
            continue
        if value < 0:
            yield f"{where}.{bound} is {value:g}, and {gate.measure} is never less than 0"
        elif gate.measure.endswith("ratio") or gate.measure == "accuracy":
            if value > 1:
                yield f"{where}.{bound} is {value:g}, and {gate.measure} is a share, from 0 to 1"
        elif gate.measure.startswith("p") and value > profile.timeout_seconds:
            yield (
                f"{where}.{bound} is {value:g} seconds, and no answer is waited for so long: "
                f"timeout_seconds is {profile.timeout_seconds:g}"
            )


def _unknown(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}" if known else "there are none"
    return f"{name}, which is not there; {hint}"
