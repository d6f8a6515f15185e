"""Whether a real Grafana has taken the dashboards: all listed, nothing wrong in its log, and every query answered.

    python -m monitoring.grafana.check --grafana http://127.0.0.1:3000 --log grafana.log

Asks Grafana, not Prometheus, so that data source, variables and intervals are
Grafana's own. Exit status 0, 1 where something is wrong, 2 where no Grafana answers.
"""

import json
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from monitoring.preview.choices import fill

DASHBOARDS = Path(__file__).parent.parent / "generated" / "dashboards"
SOURCE = "prometheus"
"""The uid of the data source that provisioning/ names."""
WRONG = re.compile(
    r"level=(error|crit)\b.*(provision|dashboard|datasource)|(provision|dashboard|datasource).*level=(error|crit)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel, as it is sent to Grafana."""

    panel: str
    body: Mapping[str, Any]


def queries(dashboard: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[Query]:
    """What the panels of a dashboard ask, with the variables filled in; intervals are left to Grafana."""
    for panel in panels(dashboard):
        for target in panel.get("targets", []):
            body = {
                **target,
                "datasource": {"type": "prometheus", "uid": SOURCE},
                "expr": fill(target["expr"], values),
                "intervalMs": 15_000,
                "maxDataPoints": 400,
            }
            yield Query(panel.get("title", "?"), body)


def panels(dashboard: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for panel in dashboard.get("panels", []):
        yield panel
        yield from panels(panel)


def chosen(dashboard: Mapping[str, Any], grafana: httpx.Client) -> dict[str, str]:
    """All for a variable that has it, and a value for one that has not."""
    values: dict[str, str] = {}
    for variable in dashboard.get("templating", {}).get("list", []):
        if variable["type"] == "datasource":
            continue
        if variable.get("includeAll"):
            values[variable["name"]] = variable.get("allValue") or ".+"
            continue
        label = variable["name"]
        reply = grafana.get(f"/api/datasources/uid/{SOURCE}/resources/api/v1/label/{label}/values")
        values[label] = next(iter(reply.json().get("data") or []), "none")
    return values


def faults(grafana: httpx.Client, wanted: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Whatever is wrong, a sentence each."""
    listed = {found["uid"]: found for found in grafana.get("/api/search", params={"type": "dash-db"}).json()}
    for uid in wanted.keys() - listed.keys():
        yield f"Grafana does not list the dashboard {uid}"
    source = grafana.get(f"/api/datasources/uid/{SOURCE}/health")
    if source.status_code not in (200, 403):  # a viewer may not ask for it, and the queries below tell
        yield f"Grafana says of its data source: {source.text[:300]}"
    for uid in sorted(wanted.keys() & listed.keys()):
        stored = grafana.get(f"/api/dashboards/uid/{uid}")
        if stored.status_code != 200:
            yield f"Grafana does not give {uid}: {stored.status_code} {stored.text[:300]}"
            continue
        dashboard = stored.json()["dashboard"]
        values = chosen(dashboard, grafana)
        shown = 0
        for query in queries(dashboard, values):
            answer = grafana.post("/api/ds/query", json={"queries": [query.body], "from": "now-1h", "to": "now"})
            results = answer.json().get("results", {})
            result = results.get(query.body["refId"], {})
            if answer.status_code != 200 or result.get("error") or not result:
                said = result.get("error") or answer.text[:300]
                yield f"{uid}, panel {query.panel!r}, query {query.body['refId']}: {said}"
            shown += any(frame.get("data", {}).get("values") for frame in result.get("frames", []))
        print(f"{uid}: {shown} queries have data")
        if not shown:
            yield f"{uid} shows nothing at all"


def wrong_lines(log: str) -> list[str]:
    """The lines of Grafana's log that tell of a fault in what it was given."""
    return [line for line in log.splitlines() if WRONG.search(line)]


def main() -> int:
    options = parse_options()
    files = sorted(options.dashboards.glob("*.json"))
    wanted = {dashboard["uid"]: dashboard for dashboard in (json.loads(file.read_text()) for file in files)}
    found = [f"Grafana's log: {line[:300]}" for line in wrong_lines(options.log.read_text())] if options.log else []
    try:
        with httpx.Client(base_url=options.grafana, timeout=60.0, trust_env=False) as grafana:
            found += faults(grafana, wanted)
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as fault:
        print(f"check: what answers at {options.grafana} is no Grafana: {fault!r}", file=sys.stderr)
        return 2
    for sentence in found:
        print(f"check: {sentence}", file=sys.stderr)
    if not found:
        print(f"{len(wanted)} dashboards, and every query of theirs is answered")
    return 1 if found else 0


def parse_options() -> Namespace:
    parser = ArgumentParser(prog="python -m monitoring.grafana.check", description="Ask a Grafana for our dashboards.")
    parser.add_argument("--grafana", default="http://127.0.0.1:3000", metavar="URL")
    parser.add_argument("--log", type=Path, help="what it wrote, to be searched for faults of provisioning")
    parser.add_argument("--dashboards", type=Path, default=DASHBOARDS, metavar="FOLDER")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
