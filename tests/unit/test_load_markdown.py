"""The page of a CI job begins with the verdict, and nothing that a server said becomes part of its form."""

from loadtests.measure.outcome import Outcome
from loadtests.measure.run import ChangeSeen, Run, Span
from loadtests.report.figures import phases
from loadtests.report.markdown import markdown
from loadtests.verdict.result import GateResult, Mark, Status, Verdict
from tests.reported_runs import PASSED, a_run, a_verdict, seen


def page(run: Run, verdict: Verdict) -> list[str]:
    return markdown(run, verdict, phases(run)).splitlines()


def test_the_first_line_is_the_verdict_in_words() -> None:
    assert page(a_run(), a_verdict())[0] == "❌ **FAILED**: 2 of 46 requests failed in during, and none may."
    assert page(a_run(), PASSED)[0] == "✅ **PASSED**: the one gate held"
    unreachable = Verdict(Status.UNREACHABLE, reasons=("http://x does not answer.",))
    assert page(a_run(), unreachable)[0] == "⚠️ **UNREACHABLE**: http://x does not answer."


def test_each_phase_has_a_row() -> None:
    lines = page(a_run(), a_verdict())

    assert "| warm-up | 2 s | 20 | 10.0/s | 9.01 ms | 14.0 ms | 14.0 ms | none |" in lines
    assert "| during | 4 s | 48 | 12.0/s | 10.0 ms | 20.0 ms | 20.0 ms | 1 shed, 1 server |" in lines


def test_a_phase_that_was_cut_off_says_so() -> None:
    run = a_run(spans=[Span("steady", "load", 0, 12, 120, is_complete=False)], cut_off="Interrupted at second 12.")

    lines = page(run, a_verdict(Status.INTERRUPTED))

    assert any(line.startswith("| steady (cut off) |") for line in lines)
    assert "- Interrupted at second 12." in lines


def test_gates_that_did_not_hold_come_first() -> None:
    gates = [line for line in page(a_run(), a_verdict()) if " in " in line and line.startswith("|")]

    assert [line.split(" | ")[0] for line in gates] == [
        "| **FAILED**",
        "| **inconclusive**",
        "| **warning**",
        "| passed",
        "| not asked",
    ]
    assert gates[1] == (
        "| **inconclusive** | p999 in after | no answer in time | 400 ms to no answer in time | at most 1 s | 36 |"
    )
    assert gates[3] == "| passed | p99 in during | 21.0 ms | 19.0 ms to 24.0 ms | at most 0.25 | 46 |"


def test_words_of_a_server_stay_words() -> None:
    nasty = "a | b `c` <img src=x onerror=alert(1)> [d](http://e) @f\n# g"
    run = a_run([seen(0, 0.1, Outcome.SERVER, words=nasty)], spans=[Span("load", "load", 0, 1, 1)])

    told = next(line for line in page(run, PASSED) if line.startswith("- load, server"))

    assert told == "- load, server: `a \\| b 'c' <img src=x onerror=alert(1)> [d](http://e) @f # g`"


def test_words_that_are_no_code_are_escaped() -> None:
    verdict = Verdict(Status.FAILED, reasons=("<b>loud</b> | *strong* [link](http://e) `code` @somebody #1",))

    first = page(a_run(), verdict)[0]

    assert first.endswith("&lt;b>loud&lt;/b> \\| \\*strong\\* \\[link\\](http://e) \\`code\\` &#64;somebody \\#1")


def test_a_search_with_many_steps_stays_short() -> None:
    spans = [Span(f"step-{number}", "load", 0, 1, 1) for number in range(300)]
    gates = tuple(GateResult(f"p99 in step-{n}", "p99", f"step-{n}", Mark.PASSED, 0.1, "at most 1") for n in range(300))

    text = "\n".join(page(a_run(spans=spans), Verdict(Status.PASSED, gates, capacity=230.0)))

    assert len(text) < 12_000
    assert "and 260 phases in the report" in text
    assert "and 260 gates in the report" in text
    assert "Largest rate that held: **230/s**" in text


def test_a_change_is_told_with_its_times_and_its_end() -> None:
    assert "The change `helm upgrade mnist ./chart` began at second 5.1, took 3.15 s and ended with status 0." in page(
        a_run(), PASSED
    )
    cut = a_run(change=ChangeSeen("./roll", 5.0, None, None, "it does not end"))
    assert "The change `./roll` began at second 5.0, had not ended when the run did: `it does not end`." in page(
        cut, PASSED
    )


def test_a_run_without_a_phase_has_a_page() -> None:
    nothing = Run(profile={}, profile_name="smoke", target={}, began_at="")

    lines = page(nothing, Verdict(Status.UNREACHABLE, reasons=("http://x does not answer.",)))

    assert "No phase was begun." in lines
