"""What a real Grafana is asked, tried on one made by hand: whatever it lacks or refuses is told."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from monitoring.grafana.check import queries, wrong_lines
from tests.monitoring.sample_dashboard import PANELS, dashboard
from tests.servers import ROOT

SAMPLE = dashboard(*PANELS)
FRAME = {"schema": {}, "data": {"values": [[1], [2]]}}


class Grafana:
    """What Grafana's API answers."""

    def __init__(self, *, listed: bool = True, refused: str = "", empty: bool = False) -> None:
        self.listed, self.refused, self.empty = listed, refused, empty
        self.asked: list[dict[str, Any]] = []

    def get(self, path: str) -> Any:
        if path.startswith("/api/search"):
            return [{"uid": "sample"}] if self.listed else []
        if path.startswith("/api/dashboards/uid/"):
            return {"dashboard": SAMPLE}
        return {"status": "OK"}

    def post(self, body: dict[str, Any]) -> Any:
        (query,) = body["queries"]
        self.asked.append(query)
        if self.refused and self.refused in query["expr"]:
            return {"results": {query["refId"]: {"error": "parse error", "status": 400}}}
        frames = [] if self.empty else [FRAME]
        return {"results": {query["refId"]: {"status": 200, "frames": frames}}}


@contextmanager
def serving(grafana: Grafana) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(grafana.get(self.path))

        def do_POST(self) -> None:
            self.reply(grafana.post(json.loads(self.rfile.read(int(self.headers["Content-Length"])))))

        def reply(self, body: Any) -> None:
            text = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def check(url: str, folder: Path, log: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "sample.json").write_text(json.dumps(SAMPLE))
    (folder / "log").write_text(log)
    command = [
        *(sys.executable, "-m", "monitoring.grafana.check", "--grafana", url),
        *("--dashboards", str(folder), "--log", str(folder / "log")),
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_a_grafana_that_shows_everything_is_well(tmp_path: Path) -> None:
    grafana = Grafana()
    with serving(grafana) as url:
        done = check(url, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 dashboards, and every query of theirs is answered" in done.stdout
    assert len(grafana.asked) == sum(len(panel.get("targets", [])) for panel in PANELS)
    assert any('namespace=~".*"' in query["expr"] for query in grafana.asked)
    assert any("$__rate_interval" in query["expr"] for query in grafana.asked)


@pytest.mark.parametrize(
    ("grafana", "told"),
    [
        (Grafana(listed=False), "Grafana does not list the dashboard sample"),
        (Grafana(refused="ecluse_model_ready"), "sample, panel 'Ready', query A: parse error"),
        (Grafana(empty=True), "sample shows nothing at all"),
    ],
)
def test_what_it_lacks_is_told(grafana: Grafana, told: str, tmp_path: Path) -> None:
    with serving(grafana) as url:
        done = check(url, tmp_path)
    assert done.returncode == 1
    assert told in done.stderr


def test_a_fault_of_provisioning_in_its_log_is_told(tmp_path: Path) -> None:
    with serving(Grafana()) as url:
        done = check(url, tmp_path, 'logger=provisioning.dashboard level=error msg="failed to load dashboard"')
    assert done.returncode == 1
    assert "Grafana's log: logger=provisioning.dashboard level=error" in done.stderr


def test_other_lines_of_the_log_are_of_no_interest() -> None:
    assert (
        wrong_lines('logger=provisioning.dashboard level=info msg="starting"\nlogger=plugin level=error msg="x"') == []
    )


def test_where_no_grafana_answers_it_is_said(tmp_path: Path) -> None:
    done = check("http://127.0.0.1:9", tmp_path)
    assert done.returncode == 2
    assert "is no Grafana" in done.stderr


def test_queries_go_to_the_source_that_is_provisioned() -> None:
    assert {query.body["datasource"]["uid"] for query in queries(SAMPLE, {"namespace": ".*"})} == {"prometheus"}
