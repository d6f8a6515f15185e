"""`junit.xml`: a test case for each gate and one for the verdict, in the form that Jenkins and pytest agree on.

A gate that is inconclusive or was not asked is shown as skipped, which no CI
takes for a failure; an inconclusive verdict is an error, since the job fails and
its page must not be green. A warning passes, with its words in the output.
"""

import re
from collections import Counter
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from loadtests.measure.run import Run
from loadtests.report.wording import MARKS, headline, interval, seen
from loadtests.verdict.result import GateResult, Mark, Status, Verdict

NAME = "junit.xml"

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 may hold, however it is written; a server's words may."""


def junit(run: Run, verdict: Verdict) -> bytes:
    began = min((span.began for span in run.spans), default=0)
    ended = max((span.ended for span in run.spans), default=0)
    suite = Element("testsuite")
    names: Counter[str] = Counter()
    cases = [_verdict_case(suite, run, verdict, ended - began)]
    for gate in verdict.gates:
        names[gate.name] += 1
        # GitLab takes two cases of one name for one.
        name = gate.name if names[gate.name] == 1 else f"{gate.name} ({names[gate.name]})"
        cases.append(_gate_case(suite, run, gate, name))
    suite.attrib = {
        "name": _clean(f"load test {run.profile_name}"),
        "tests": str(len(cases)),
        "failures": str(_having(cases, "failure")),
        "errors": str(_having(cases, "error")),
        "skipped": str(_having(cases, "skipped")),
        "time": str(ended - began),
        **({"timestamp": _clean(run.began_at[:19])} if run.began_at else {}),
    }
    root = Element("testsuites")
    root.append(suite)
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _verdict_case(suite: Element, run: Run, verdict: Verdict, seconds: int) -> Element:
    case = _case(suite, run, "verdict", seconds)
    if verdict.status is Status.FAILED:
        _told(case, "failure", headline(verdict), verdict.reasons)
    elif verdict.status is not Status.PASSED:
        _told(case, "error", headline(verdict), verdict.reasons)
    _output(case, [headline(verdict), *verdict.reasons[1:], *verdict.notes, *run.troubles])
    return case


def _gate_case(suite: Element, run: Run, gate: GateResult, name: str) -> Element:
    case = _case(suite, run, name, 0)
    words = gate.words or f"{gate.name} is {seen(gate)} and must be {gate.limit}"
    numbers = f"seen: {seen(gate)}, 95 % interval: {interval(gate)}"
    facts = [words, f"{numbers}, limit: {gate.limit}, samples: {gate.samples}"]
    if gate.mark is Mark.FAILED:
        _told(case, "failure", words, facts[1:])
    elif gate.mark in (Mark.INCONCLUSIVE, Mark.SKIPPED):
        SubElement(case, "skipped", {"message": _clean(words), "type": MARKS[gate.mark]})
    _output(case, ([f"warning: {words}", facts[1]] if gate.mark is Mark.WARNED else facts))
    return case


def _case(suite: Element, run: Run, name: str, seconds: int) -> Element:
    return SubElement(
        suite,
        "testcase",
        {"classname": _clean(f"loadtests.{run.profile_name}"), "name": _clean(name), "time": str(seconds)},
    )


def _told(case: Element, kind: str, message: str, lines: Iterable[str]) -> None:
    told = SubElement(case, kind, {"message": _clean(message), "type": kind})
    told.text = _clean("\n".join(lines))


def _output(case: Element, lines: Iterable[str]) -> None:
    SubElement(case, "system-out").text = _clean("\n".join(lines))


def _having(cases: Iterable[Element], kind: str) -> int:
    return sum(case.find(kind) is not None for case in cases)


def _clean(words: str) -> str:
    return _NOT_XML.sub("�", words)
