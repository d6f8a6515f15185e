"""A promise is read strictly, and each mistake in it is told in a sentence."""

from pathlib import Path

import pytest

from monitoring import slo
from monitoring.contract.values import LATENCY_SECONDS
from monitoring.slo import BadPromise


def read(folder: Path, text: str) -> slo.Promise:
    file = folder / "mine.yaml"
    file.write_text(text)
    return slo.read(file)


def told(folder: Path, text: str) -> str:
    with pytest.raises(BadPromise) as refusal:
        read(folder, text)
    return str(refusal.value).replace(str(folder / "mine.yaml"), "mine.yaml")


def test_what_is_shipped_promises_999_in_1000_and_99_in_100_within_a_quarter_of_a_second() -> None:
    promise = slo.read()
    assert promise.availability.objective == 0.999
    assert (promise.latency.objective, promise.latency.threshold_seconds) == (0.99, 0.25)


def test_what_a_file_leaves_out_is_as_shipped(tmp_path: Path) -> None:
    promise = read(tmp_path, "latency: {threshold_seconds: 0.1}\nleft_out: []\n")
    assert promise.latency.threshold_seconds == 0.1
    assert promise.latency.objective == slo.read().latency.objective
    assert promise.left_out == ()


def test_an_empty_file_is_the_shipped_promise(tmp_path: Path) -> None:
    assert read(tmp_path, "# nothing\n") == slo.read()


@pytest.mark.parametrize("seconds", LATENCY_SECONDS)
def test_every_bound_of_the_histogram_can_be_promised(tmp_path: Path, seconds: float) -> None:
    assert read(tmp_path, f"latency: {{threshold_seconds: {seconds:g}}}").latency.threshold_seconds == seconds


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("latency: {threshold_seconds: 0.26}", "mine.yaml: latency.threshold_seconds must be a bound of the latency"),
        (
            "availability: {objective: 1}",
            "mine.yaml: availability.objective must be less than or equal to 0.99999, and is 1",
        ),
        (
            "availability: {objective: 99.9}",
            "mine.yaml: availability.objective must be less than or equal to 0.99999, and is 99.9",
        ),
        ("availability: {objective: 0.9999999999}", "mine.yaml: availability.objective must be less than or equal"),
        ("rollout: {stuck_minutes: 99999999999999999999}", "mine.yaml: rollout.stuck_minutes must be less than or"),
        ("left_out: EcluseDown", "mine.yaml: left_out must be a list, as [EcluseTrafficDropped], and is 'EcluseDown'"),
        ("left_out:", "mine.yaml: left_out must be a list, as [EcluseTrafficDropped], and is None"),
        ('runbook_url: "https://a/{{ .Value }}"', "mine.yaml: runbook_url must be an address without spaces, braces"),
        ("dashboard_url: https://a b", "mine.yaml: dashboard_url must be an address without spaces, braces and quotes"),
        (
            "availability: {objective: 0.2}",
            "mine.yaml: availability.objective must be greater than or equal to 0.5, and is 0.2",
        ),
        (
            "availability: {objective: '0.99'}",
            "mine.yaml: availability.objective must be a valid number, and is '0.99'",
        ),
        ("availability: {objective: .nan}", "mine.yaml: availability.objective must be"),
        (
            "availability: {shed: never}",
            "mine.yaml: availability.shed must be 'as_answered', 'bad' or 'good', and is 'never'",
        ),
        ("availability: 0.999", "mine.yaml: availability must hold keys and values: objective, shed"),
        (
            "latency: {treshold_seconds: 1}",
            "mine.yaml: latency.treshold_seconds is no key of a promise; did you mean threshold_seconds?",
        ),
        ("latency: {colour: 1}", "mine.yaml: latency.colour is no key of a promise; there are objective, threshold"),
        ("latencies: {}", "mine.yaml: latencies is no key of a promise; did you mean latency?"),
        ("window_days: 12", "mine.yaml: window_days must be 7, 28 or 30, and is 12"),
        (
            "scrape_interval_seconds: 120",
            "mine.yaml: scrape_interval_seconds must be less than or equal to 75, and is 120",
        ),
        ("drift: {input_psi: 0}", "mine.yaml: drift.input_psi must be greater than 0, and is 0"),
        ("drift: {minimum_rows: 2.5}", "mine.yaml: drift.minimum_rows must be a valid integer, and is 2.5"),
        ("runbook_url: runbook", "mine.yaml: runbook_url must be an address that begins with https:// or http://"),
        (
            "certificate: {critical_days: 20}",
            "mine.yaml: certificate.critical_days must be fewer than certificate.warning_days",
        ),
        ("availability: {objective: 0.9", "mine.yaml is no YAML in line 1, column 30: expected ',' or '}', but got"),
        ("a: 1\na: 2", "mine.yaml is no YAML in line 2, column 1: a is there twice"),
        ("!!python/object:os.system {}", "mine.yaml is no YAML in line 1, column 1: could not determine a constructor"),
        ("[" * 1000, "mine.yaml is no YAML in line 1, column 21: it is nested too deeply"),
        ("a: &a [1]\nb: *a", "mine.yaml is no YAML in line 2, column 4: *references are not known here"),
        ("- 1", "mine.yaml must hold keys and values, as availability: {objective: 0.999}"),
        ("a: " + "x" * 300_000, "mine.yaml has more than 262144 bytes, which no promise needs"),
        ("\x00", "mine.yaml is no YAML: "),
    ],
)
def test_a_mistake_is_told_in_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    assert told(tmp_path, text).startswith(sentence)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    assert len(told(tmp_path, "window_days: 1\nminimum_requests: 0\ncolour: red").splitlines()) == 3


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadPromise, match="cannot be read: No such file or directory"):
        slo.read(tmp_path / "none.yaml")
