"""A real Prometheus for tests: started on a free port with a folder of its own, asked, filled, ended.

    with Prometheus(rules=[file], targets={"ecluse": ["127.0.0.1:8080"]}) as prometheus:
        prometheus.query("up")

It may be given blocks to start on (`promtool.blocks`), or be sent a history
(`take_in`), at once or late: whatever the clock says, samples are in order.
Tests that need it are marked `needs("prometheus")`.
"""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.monitoring.child import Child, ChildFailed
from tests.monitoring.past import Past, Series, Times, write_requests


@dataclass(frozen=True, slots=True)
class Found:
    """One series that a query found: its labels, and its values by time."""

    labels: Mapping[str, str]
    values: Sequence[tuple[float, float]]

    @property
    def value(self) -> float:
        return self.values[-1][1]


class Prometheus(Child):
    """`prometheus`, for as long as the `with` block lasts."""

    name = "prometheus"

    def __init__(
        self,
        *,
        rules: Sequence[Path] = (),
        targets: Mapping[str, Sequence[str]] | None = None,
        labels: Mapping[str, str] | None = None,
        alertmanagers: Sequence[str] = (),
        blocks: Path | None = None,
        interval: str = "1s",
        evaluation: str | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        """`targets` are addresses by job and `labels` what all of them get; `config` is a whole file in their place."""
        super().__init__(timeout_seconds=60.0)
        self.config = (
            dict(config)
            if config is not None
            else configuration(rules, targets or {}, labels or {}, alertmanagers, interval, evaluation or interval)
        )
        # What is sent in may be older than what is there.
        self.config["storage"] = {"tsdb": {"out_of_order_time_window": "10000d"}}
        if blocks is not None:
            shutil.copytree(blocks, self.folder / "data")

    def command(self) -> Sequence[str]:
        file = self.folder / "prometheus.yml"
        file.write_text(yaml.safe_dump(self.config, sort_keys=False))
        return [
            "prometheus",
            f"--config.file={file}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            "--storage.tsdb.retention.time=100y",
            f"--web.listen-address={self.address}",
            "--web.enable-remote-write-receiver",
            "--web.enable-lifecycle",
            "--web.enable-admin-api",
            "--log.level=info",
        ]

    # What it is given

    def take_in(self, past: Past) -> None:
        """Send it a history; of one that it scrapes itself, it keeps its own samples."""
        self.write(past.times, past.series)

    def write(self, times: Times, series: Sequence[Series]) -> None:
        headers = {
            "Content-Encoding": "snappy",
            "Content-Type": "application/x-protobuf",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
        }
        for body in write_requests(times, series):
            reply = self._client.post(f"{self.url}/api/v1/write", content=body, headers=headers)
            if reply.status_code != 204:
                raise ChildFailed(f"remote write: {reply.status_code} {reply.text[:500]}")

    def reload(self) -> None:
        """Let it read its rule files again."""
        self._client.post(f"{self.url}/-/reload").raise_for_status()

    # What it is asked

    def query(self, expression: str, at: float | None = None) -> list[Found]:
        """The value of each series at a time, now if none is given; a scalar is one series without labels."""
        data = self._ask("query", query=expression, **({} if at is None else {"time": str(float(at))}))
        if data["resultType"] == "scalar":
            return [Found({}, _numbers([data["result"]]))]
        return [Found(each["metric"], _numbers([each["value"]])) for each in data["result"]]

    def query_range(self, expression: str, start: float, end: float, step: float) -> list[Found]:
        """The values of each series over a time."""
        data = self._ask("query_range", query=expression, start=str(float(start)), end=str(float(end)), step=str(step))
        return [Found(each["metric"], _numbers(each["values"])) for each in data["result"]]

    def rules(self) -> list[dict[str, Any]]:
        """All rules of all groups, with what Prometheus says of each."""
        return [rule for group in self._ask("rules")["groups"] for rule in group["rules"]]

    def alerts(self) -> list[dict[str, Any]]:
        """The alerts that are pending or firing."""
        found: list[dict[str, Any]] = self._ask("alerts")["alerts"]
        return found

    def targets(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("targets")["activeTargets"]
        return found

    def _ask(self, what: str, **parameters: str) -> Any:
        # By POST, since an expression may be longer than an address.
        url = f"{self.url}/api/v1/{what}"
        reply = self._client.post(url, data=parameters) if parameters else self._client.get(url)
        body = reply.json()
        if body["status"] != "success":
            raise ChildFailed(f"{what} {parameters}: {body['error']}")
        return body["data"]


def _numbers(values: Sequence[tuple[float, str]]) -> list[tuple[float, float]]:
    return [(float(time), float(value)) for time, value in values]


def configuration(
    rules: Sequence[Path],
    targets: Mapping[str, Sequence[str]],
    labels: Mapping[str, str],
    alertmanagers: Sequence[str],
    interval: str,
    evaluation: str,
) -> dict[str, Any]:
    """The file of a Prometheus that scrapes these."""
    config: dict[str, Any] = {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": evaluation},
        "rule_files": [str(Path(file).resolve()) for file in rules],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": list(addresses), "labels": dict(labels)}]}
            for job, addresses in targets.items()
        ],
    }
    if alertmanagers:
        config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": list(alertmanagers)}]}]}
    return config
