"""Rules that are hurried ask what they asked, over shorter times."""

import re
from pathlib import Path

import promql_parser
import pytest
import yaml

from monitoring import slo
from monitoring.generate import main
from monitoring.rules import families, pace
from monitoring.rules.rule import Alert, Component, Group, Record, Severity

DURATIONS = re.compile(r"(?<=[\[:])\d+m?s(?=[\]:])|(?<=offset )\d+m?s")


def alert(expression: str) -> Alert:
    return Alert("A", expression, "5m", Severity.INFO, Component.DRIFT, "One.", "{{ $value }} in [5m]", "d", kept="30m")


def hurried(rule: Record | Alert, times: float = 60, scrape_seconds: float = 1) -> Record | Alert:
    (group,) = pace.hurried([Group("a", (rule,), interval="2m")], times, scrape_seconds)
    assert group.interval == f"{scrape_seconds:g}s"
    (found,) = group.rules
    return found


@pytest.mark.parametrize(
    ("expression", "faster"),
    [
        ("rate(ecluse_requests_total[5m])", "rate(ecluse_requests_total[5s])"),
        ("rate(a[1h30m]) / rate(a[24h])", "rate(a[90s]) / rate(a[1440s])"),
        ("sum_over_time(a:rate5m[30d:5m] offset 1d)", "sum_over_time(a:rate5m[43200s:5s] offset 1440s)"),
        ("a:rate5m > 5 and b offset 1w", "a:rate5m > 5 and b offset 10080s"),
        ('a{le="5m"} and time() - b > 300', 'a{le="5m"} and time() - b > 300'),
    ],
)
def test_windows_and_offsets_are_divided_and_nothing_else(expression: str, faster: str) -> None:
    assert hurried(Record("a", expression)) == Record("a", faster)


def test_a_window_still_holds_four_scrapes() -> None:
    found = hurried(Record("a", "rate(a[5m]) + rate(a[6h])"), times=600, scrape_seconds=2)
    assert found.expression == "rate(a[8s]) + rate(a[36s])"


def test_an_alert_waits_and_stays_for_less() -> None:
    found = hurried(alert("a > 0"), times=120)
    assert isinstance(found, Alert)
    assert (found.lasting, found.kept) == ("2500ms", "15s")
    assert found.description == "{{ $value }} in [5m]"


def test_every_rule_that_ships_is_the_same_but_for_its_times() -> None:
    promise = slo.read()
    before = families.recording(promise)
    after = tuple(pace.hurried(before, 60, 1))
    for old, new in zip(before, after, strict=True):
        for rule, faster in zip(old.rules, new.rules, strict=True):
            promql_parser.parse(faster.expression)
            assert "[5m" not in faster.expression
            assert DURATIONS.sub("*", faster.expression) == re.sub(
                r"(?<=[\[:])\d+[smhdw](?=[\]:])|(?<=offset )\d+[smhdw]", "*", rule.expression
            )


def test_a_trials_rules_go_into_a_folder_of_their_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "fast.yaml").write_text("scrape_interval_seconds: 1\n")
    assert main(["--slo", str(tmp_path / "fast.yaml"), "--output", str(tmp_path), "--faster", "60"]) == 0
    (requests, *_) = yaml.safe_load((tmp_path / "rules" / "recording.yaml").read_text())["groups"]
    assert requests["interval"] == "1s"
    assert requests["rules"][0]["expr"].endswith("(rate(ecluse_requests_total[5s]))")
    for arguments, said in (
        (["--faster", "60"], "give them a folder of their own with --output"),
        (["--faster", "0.5", "--output", str(tmp_path)], "--faster is 0.5: expected a number from 1 to 10000"),
    ):
        with pytest.raises(SystemExit):
            main(arguments)
        assert said in capsys.readouterr().err
