"""A CI's test page shows a case for each gate and one for the verdict, whatever servers said."""

from collections.abc import Mapping
from xml.etree.ElementTree import Element, fromstring

import pytest

from loadtests.report.junit import junit
from loadtests.verdict.result import GateResult, Mark, Status, Verdict
from tests.reported_runs import PASSED, a_run, a_verdict

# What the schema that Jenkins and pytest agree on (junit-10.xsd) allows of what is written here.
ATTRIBUTES: Mapping[str, set[str]] = {
    "testsuites": set(),
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "testcase": {"classname", "name", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message", "type"},
    "system-out": set(),
}
CHILDREN: Mapping[str, tuple[str, ...]] = {
    "testsuites": ("testsuite",),
    "testsuite": ("testcase",),
    "testcase": ("skipped", "error", "failure", "system-out"),
}


def suite(verdict: Verdict) -> Element:
    root = fromstring(junit(a_run(), verdict))
    for element in root.iter():
        assert set(element.attrib) <= ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= set(CHILDREN.get(element.tag, ()))
    found = root.find("testsuite")
    assert found is not None
    return found


def case(suite: Element, name: str) -> Element:
    return next(each for each in suite if each.get("name") == name)


def test_each_gate_is_a_case_and_the_verdict_too() -> None:
    found = suite(a_verdict())

    assert [each.get("name") for each in found] == [
        "verdict",
        "p99 in during",
        "error_ratio in during",
        "p95 in after",
        "p999 in after",
        "accuracy in after",
    ]
    counts = {key: found.get(key) for key in ("tests", "failures", "errors", "skipped", "time")}
    assert counts == {"tests": "6", "failures": "2", "errors": "0", "skipped": "2", "time": "12"}
    assert found.get("timestamp") == "2026-05-04T03:02:01"


@pytest.mark.parametrize(
    ("status", "child"),
    [
        (Status.FAILED, "failure"),
        (Status.INCONCLUSIVE, "error"),
        (Status.UNREACHABLE, "error"),
        (Status.INTERRUPTED, "error"),
    ],
)
def test_a_verdict_that_is_no_pass_is_never_green(status: Status, child: str) -> None:
    told = case(suite(a_verdict(status)), "verdict").find(child)

    assert told is not None
    assert told.get("message") == f"{status.name}: 2 of 46 requests failed in during, and none may."


def test_a_pass_has_neither_failure_nor_error() -> None:
    found = suite(PASSED)

    assert (found.get("failures"), found.get("errors"), found.get("skipped")) == ("0", "0", "0")
    assert [child.tag for each in found for child in each] == ["system-out", "system-out"]


def test_a_gate_that_was_not_asked_is_told_from_one_that_is_inconclusive() -> None:
    found = suite(a_verdict())

    kinds = [skipped.get("type") for each in found if (skipped := each.find("skipped")) is not None]
    assert kinds == ["inconclusive", "not asked"]


def test_an_inconclusive_gate_is_skipped_and_a_warning_passes_with_its_words() -> None:
    found = suite(a_verdict())

    skipped = case(found, "p999 in after").find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "Too few."
    assert (case(found, "p95 in after").findtext("system-out") or "").startswith("warning: Slow <b>.")
    assert case(found, "p95 in after").find("failure") is None


def test_what_no_xml_may_hold_is_replaced() -> None:
    words = "NUL \x00, escape \x1b[31m, half a pair \ud800, ]]> & <tag>"
    verdict = Verdict(
        Status.FAILED, (GateResult("p99", "p99", "", Mark.FAILED, 1.0, "at most 0.1", words=words),), (words,)
    )

    failure = case(suite(verdict), "p99").find("failure")

    assert failure is not None
    assert failure.get("message") == "NUL �, escape �[31m, half a pair �, ]]> & <tag>"
