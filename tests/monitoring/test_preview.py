"""Dashboards are drawn from a real Prometheus: each kind of panel, and what has no data is named."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from monitoring.preview.colours import PANEL
from monitoring.preview.dashboard import draw, place
from monitoring.preview.prometheus import Prometheus as Asked
from monitoring.preview.span import Span
from tests.monitoring.past import Past
from tests.monitoring.prometheus import Prometheus
from tests.monitoring.sample_dashboard import PANELS, Json, dashboard, panel, target
from tests.servers import ROOT

pytestmark = pytest.mark.needs("prometheus")

NOTHING = panel("timeseries", "Nothing", target("no_such_metric"), defaults={"noValue": "No such thing"})
WIDTH = 900


def preview(
    prometheus: Prometheus, past: Past, folder: Path, what: Json, *more: str
) -> subprocess.CompletedProcess[str]:
    file = folder / "sample.json"
    file.write_text(json.dumps(what))
    times = ["--from", str(past.start + 600), "--to", str(past.end)]
    return run([str(file), "--prometheus", prometheus.url, *times, "--output", str(folder / "x.png"), *more])


def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "monitoring.preview", "--width", str(WIDTH), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)


def colours(picture: Path, panel: Json) -> int:
    """How many colours a panel's content has beside its ground."""
    image = np.asarray(imread(picture))
    box = place(panel, image.shape[1])
    part = image[int(box.y + 34) : int(box.y + box.height - 4), int(box.x + 4) : int(box.x + box.width - 4), :3]
    ground = np.array([int(PANEL[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return len(np.unique(part[np.abs(part - ground).max(axis=2) > 0.02].round(2), axis=0))


def test_each_kind_of_panel_is_drawn_with_its_data(prometheus: Prometheus, healthy: Past, tmp_path: Path) -> None:
    what = dashboard(*PANELS)
    done = preview(prometheus, healthy, tmp_path, what)
    assert (done.returncode, done.stderr) == (0, "")
    assert "7 of 7 panels show data" in done.stdout
    for each in what["panels"]:
        assert colours(tmp_path / "x.png", each) > 5, each["title"]


def test_a_table_of_words_alone_has_data(prometheus: Prometheus, healthy: Past, tmp_path: Path) -> None:
    words = panel(
        "table",
        "Versions",
        target("max by (version, python) (ecluse_build_info)", instant=True, format="table"),
        transformations=[{"id": "organize", "options": {"excludeByName": {"Time": True, "Value": True}}}],
    )
    what = dashboard(words)
    assert preview(prometheus, healthy, tmp_path, what).returncode == 0
    assert colours(tmp_path / "x.png", what["panels"][0]) > 5


def test_a_panel_without_data_says_so_and_is_named(prometheus: Prometheus, healthy: Past, tmp_path: Path) -> None:
    done = preview(prometheus, healthy, tmp_path, dashboard(PANELS[0], NOTHING), "--queries")
    assert done.returncode == 1
    assert "1 of 2 panels show data" in done.stdout
    assert "no data: Nothing\n    no_such_metric" in done.stdout


def test_a_query_that_is_wrong_is_told_in_prometheus_words(
    prometheus: Prometheus, healthy: Past, tmp_path: Path
) -> None:
    done = preview(prometheus, healthy, tmp_path, dashboard(panel("stat", "Broken", target("sum("))))
    assert done.returncode == 1
    assert "no data: Broken (1:5: parse error" in done.stdout


def test_a_variable_narrows_what_is_asked(prometheus: Prometheus, healthy: Past, tmp_path: Path) -> None:
    what = dashboard(PANELS[0])
    assert preview(prometheus, healthy, tmp_path, what, "--variable", "namespace=models").returncode == 0
    assert preview(prometheus, healthy, tmp_path, what, "--variable", "namespace=other").returncode == 1
    unknown = preview(prometheus, healthy, tmp_path, what, "--variable", "colour=red")
    assert unknown.returncode == 2
    assert "the dashboard has no variable 'colour'; it has datasource, namespace" in unknown.stderr


def test_a_picture_of_one_dashboard_is_the_same_twice(prometheus: Prometheus, healthy: Past, tmp_path: Path) -> None:
    pictures = []
    for name in ("a.png", "b.png"):
        with Asked(prometheus.url) as asked:
            draw(dashboard(*PANELS[:2]), asked, Span(healthy.start, healthy.end), {}, tmp_path / name, width=WIDTH)
        pictures.append((tmp_path / name).read_bytes())
    assert pictures[0] == pictures[1]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{", "is no JSON"),
        ("{}", "is no dashboard in Grafana's classic form"),
        ('{"panels": [{"type": "gauge", "title": "G"}]}', "the panel 'G' is a gauge, which cannot be drawn here"),
    ],
)
def test_what_is_no_dashboard_is_told_in_a_sentence(tmp_path: Path, given: str, told: str) -> None:
    file = tmp_path / "broken.json"
    file.write_text(given)
    done = run([str(file), "--prometheus", "http://127.0.0.1:9", "--output", str(tmp_path / "x.png")])
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--prometheus", "http://127.0.0.1:9"], "no Prometheus answers at http://127.0.0.1:9"),
        (["--from=yesterday"], "'yesterday' is no time"),
        (["--from=-1h", "--to=-2h"], "--from -1h is not before --to -2h"),
        (["--variable", "namespace"], "write NAME=VALUE"),
    ],
)
def test_a_mistake_on_the_command_line_is_told(
    prometheus: Prometheus, tmp_path: Path, arguments: list[str], told: str
) -> None:
    file = tmp_path / "sample.json"
    file.write_text(json.dumps(dashboard(PANELS[0])))
    done = run([str(file), "--prometheus", prometheus.url, *arguments, "--output", str(tmp_path / "x.png")])
    assert done.returncode == 2
    assert told in done.stderr
