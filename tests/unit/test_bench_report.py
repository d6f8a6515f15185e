"""The report says what the run holds, and no more."""

import csv
import json
from dataclasses import replace

import pytest

from loadtests.bench.caveats import caveats
from loadtests.bench.closed_loop import Sample
from loadtests.bench.hot_path import HotPath
from loadtests.bench.report import (
    Findings,
    batching_table,
    care_table,
    conclusions,
    many_rows_table,
    protocol_table,
    render,
)
from loadtests.bench.results import Measurement, Plan, Refusal, Run, reduce_sample, summarise, to_csv, to_json
from loadtests.bench.soak import Soak
from loadtests.bench.stages import Part
from loadtests.bench.wording import listing
from loadtests.machine import Machine

TITLES = {"ecluse": "Écluse", "kserve": "stock KServe", "ecluse-unbatched": "Écluse without batching"}
RATES = {"ecluse": 6000.0, "kserve": 500.0, "ecluse-unbatched": 3000.0}


def measurement(contender: str, connections: int, round_number: int, rate: float) -> Measurement:
    return Measurement(
        contender=contender,
        protocol="V2 JSON",
        connections=connections,
        round=round_number,
        requests=int(rate),
        errors=0,
        seconds=1.0,
        requests_per_second=rate,
        p50_seconds=connections / rate,
        p99_seconds=connections / rate * 1.5,
        client_cpu_share=0.2,
        server_cpu_share=0.99,
    )


def run_of(*contenders: str) -> Run:
    """Three rounds at 1 and 16 connections, ten requests a second apart."""
    return Run(
        model="digits",
        date="2026-01-02",
        machine=Machine("a processor", 2, "Linux 6", {"Python": "3.11"}, "abc"),
        plan=Plan(
            command="python -m loadtests.bench",
            model_inputs="`x` (FP32 [1, 784])",
            rounds=3,
            seconds=1.0,
            warm_up_seconds=0.2,
            connections=(1, 16),
            rows=32,
            is_pinned=True,
        ),
        titles={name: TITLES[name] for name in contenders},
        body_bytes={"V2 JSON": 4000},
        measurements=tuple(
            measurement(name, connections, round_number, RATES[name] + 10 * round_number)
            for round_number in (1, 2, 3)
            for name in contenders
            for connections in (1, 16)
        ),
        refusals=(),
    )


ALL = run_of("ecluse", "kserve", "ecluse-unbatched")


def test_a_case_is_the_median_of_its_rounds_with_its_extremes() -> None:
    summary = summarise(ALL, "kserve", "V2 JSON", 16)
    assert summary is not None
    assert (summary.least, summary.requests_per_second, summary.greatest) == (510, 520, 530)
    assert summary.spread == pytest.approx(20 / 520)


def test_what_was_not_measured_has_no_summary() -> None:
    assert summarise(ALL, "kserve", "gRPC", 16) is None


def test_the_table_has_a_row_per_number_of_connections() -> None:
    assert protocol_table(ALL, "V2 JSON").splitlines()[2:] == [
        "| 1 | 6,020 [6,010 to 6,030] | 520 [510 to 530] | **11.6** | 0.17 / 0.25 | 1.50 | 1.92 / 2.88 |",
        "| 16 | 6,020 [6,010 to 6,030] | 520 [510 to 530] | **11.6** | 2.66 / 3.99 | 1.50 | 30.8 / 46.2 |",
    ]


def test_conclusions_are_computed_from_the_figures() -> None:
    assert conclusions(ALL) == [
        "**V2 JSON**: 11.6 and 11.6 times the throughput of stock KServe at 1 and 16 connections.",
        "At 16 connections batching multiplies throughput by 1.99 for V2 JSON.",
        "At 16 connections the 99th percentile of latency divided by the median is 1.5 for V2 JSON.",
    ]


def test_requests_of_many_rows_are_set_beside_the_bound() -> None:
    many = tuple(
        replace(measurement("ecluse", 16, number, rate), protocol="V2 binary, 32 rows")
        for number, rate in ((1, 900.0), (2, 1000.0), (3, 1100.0))
    )
    run = replace(ALL, measurements=(*ALL.measurements, *many), bounds=(30000.0, 40000.0, 50000.0))
    assert many_rows_table(run).splitlines()[2:] == ["| 16 | 32,000 | 40,000 | **0.80** | 16.0 / 24.0 |"]
    assert many_rows_table(ALL) == ""


def test_what_metrics_and_checks_cost_is_a_share_of_the_rate_without_them() -> None:
    bare = tuple(replace(measurement("ecluse", 1, number, 7000.0), contender="ecluse-bare") for number in (1, 2, 3))
    run = replace(ALL, measurements=(*ALL.measurements, *bare))
    assert care_table(run).splitlines()[2:] == [
        "| V2 JSON | 1 | 7,000 [7,000 to 7,000] | - | - | 6,020 [6,010 to 6,030] | **14%** |"
    ]
    without = tuple(replace(each, contender="ecluse-unwatched", requests_per_second=6300.0) for each in bare)
    assert care_table(replace(run, measurements=(*run.measurements, *without))).splitlines()[2:] == [
        "| V2 JSON | 1 | 7,000 [7,000 to 7,000] | 6,300 [6,300 to 6,300] | 10% | 6,020 [6,010 to 6,030] | **14%** |"
    ]
    assert care_table(ALL) == ""


def test_the_time_goes_to_stages_with_a_reason_for_each() -> None:
    parts = (Part("TensorFlow", 0.9, "The graph."), Part("counting", 0.06, "Counts."), Part("HTTP", 0.04, "Parsing."))
    report = render(Findings((ALL,), (HotPath("digits", "V2 JSON", 64, 9000.0, 100.0, parts),)))
    assert "digits over V2 JSON at 64 connections: 100 µs of processor time a request" in report
    assert "| TensorFlow | 90.0 | 90% | The graph. |" in report
    assert "| counting | 6.0 | 6% | Counts. |" in report
    assert "| all others | 4.0 |  | Each less than 5 µs. |" in report
    assert "Parsing." not in report


def test_memory_is_told_by_the_minute_and_against_minute_one() -> None:
    mebibytes = [100.0 + number for number in range(18)]
    seen = Soak("abc", "digits", 64, 180.0, 1000, 0, 10.0, tuple(int(each * 2**20) for each in mebibytes))
    report = render(Findings((ALL,), soak=seen))
    assert "at the end of each minute, in MiB: 105.0, 111.0, 117.0." in report
    assert "The last figure is +11.43% of minute one's." in report


def test_what_did_not_help_is_told_by_hand() -> None:
    assert "## What was tried and did not help\n\nNothing.\n" in render(Findings((ALL,), tried="Nothing.\n"))
    assert "did not help" not in render(Findings((ALL,)))


def test_nothing_is_concluded_about_a_contender_that_did_not_run() -> None:
    assert conclusions(run_of("kserve")) == []
    assert batching_table(run_of("ecluse", "kserve")) == ""
    assert "What batching is worth" not in render(Findings((run_of("kserve"),)))


def test_a_quiet_run_raises_no_doubts() -> None:
    assert caveats(ALL) == []
    assert "What to doubt" not in render(Findings((ALL,)))


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        pytest.param(
            {"client_cpu_share": 0.95},
            "The client used more than 90% of its core, so the server may do better: "
            "stock KServe over V2 JSON at 16 connections (95%).",
            id="busy client",
        ),
        pytest.param(
            {"server_cpu_share": 0.5},
            "The server used less than 90% of its core; something else may have run there: "
            "stock KServe over V2 JSON at 16 connections (50%).",
            id="idle server",
        ),
        pytest.param(
            {"errors": 7},
            "Some requests were answered with an error or not at all: stock KServe over V2 JSON at 16 connections (7).",
            id="errors",
        ),
        pytest.param(
            {"requests_per_second": 300.0},
            "The rounds lie more than 15% apart: stock KServe over V2 JSON at 16 connections (43%).",
            id="wide spread",
        ),
    ],
)
def test_a_doubtful_figure_is_named(change: dict[str, float], doubt: str) -> None:
    *others, last = run_of("kserve").measurements
    doubtful = replace(last, **change)  # type: ignore[arg-type]  # the keys are fields
    assert caveats(replace(run_of("kserve"), measurements=(*others, doubtful))) == [doubt]


def test_a_server_that_idles_between_the_requests_of_one_connection_is_not_doubted() -> None:
    idle = tuple(replace(each, server_cpu_share=0.5) for each in ALL.measurements if each.connections == 1)
    assert caveats(replace(ALL, measurements=idle)) == []


def test_a_refused_protocol_is_named_with_the_servers_words() -> None:
    run = replace(ALL, refusals=(Refusal("kserve", "gRPC", "UNIMPLEMENTED"),))
    assert caveats(run) == ["stock KServe refused gRPC: UNIMPLEMENTED."]


def test_a_run_without_pinning_or_rounds_says_so() -> None:
    doubts = caveats(replace(ALL, plan=replace(ALL.plan, rounds=1, is_pinned=False)))
    assert [each.split()[0] for each in doubts] == ["Server", "The"]
    assert doubts[1] == "The figures rest on 1 round; take 3 or more."


def test_the_report_names_command_machine_and_commit() -> None:
    report = render(Findings((ALL,)))
    for fact in ("`python -m loadtests.bench`", "a processor, 2 cores", "commit abc", "2026-01-02", "4,000 bytes"):
        assert fact in report


def test_latencies_become_percentiles_and_a_rate() -> None:
    sample = Sample([i / 1000 for i in range(1, 102)], 2, 0.5, 0.1, None)
    seen = reduce_sample(sample, contender="kserve", protocol="gRPC", connections=4, round_number=1)
    assert (seen.requests, seen.errors, seen.requests_per_second) == (101, 2, 202.0)
    assert (seen.p50_seconds, seen.p99_seconds) == (0.051, 0.1)
    assert (seen.client_cpu_share, seen.server_cpu_share) == (0.2, None)


def test_the_files_hold_every_measurement() -> None:
    assert len(json.loads(to_json([ALL]))[0]["measurements"]) == len(ALL.measurements)
    rows = list(csv.DictReader(to_csv([ALL]).splitlines()))
    assert [float(row["requests_per_second"]) for row in rows] == [
        each.requests_per_second for each in ALL.measurements
    ]


@pytest.mark.parametrize(("words", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_a_listing_reads_as_a_sentence_would(words: list[str], text: str) -> None:
    assert listing(words) == text
