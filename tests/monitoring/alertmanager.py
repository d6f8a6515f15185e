"""A real Alertmanager for tests: on a free port, given alerts, asked what it makes of them.

Tests that need it are marked `needs("prometheus-alertmanager")`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.monitoring.child import Child


class Alertmanager(Child):
    """`prometheus-alertmanager`, for as long as the `with` block lasts."""

    name = "alertmanager"

    def __init__(self, config: str) -> None:
        super().__init__(timeout_seconds=20.0)
        (self.folder / "alertmanager.yml").write_text(config)

    def command(self) -> Sequence[str]:
        return [
            "prometheus-alertmanager",
            f"--config.file={self.folder / 'alertmanager.yml'}",
            f"--storage.path={self.folder / 'data'}",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",
        ]

    def give(self, *alerts: Mapping[str, str]) -> None:
        """Tell it of alerts that fire from now on."""
        later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        body = [{"labels": dict(labels), "annotations": {"summary": "Tried."}, "endsAt": later} for labels in alerts]
        self._client.post(f"{self.url}/api/v2/alerts", json=body).raise_for_status()

    def alerts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._client.get(f"{self.url}/api/v2/alerts").json()
        return found

    def inhibited(self, given: int, seconds: float = 20.0) -> dict[str, bool]:
        """Which alerts, by name, are kept quiet by another; once all that were given are routed."""

        def are_routed() -> bool:
            found = self.alerts()
            return len(found) == given and all(alert["status"]["state"] != "unprocessed" for alert in found)

        self.wait_for(are_routed, f"{given} alerts that are routed", seconds)
        return {alert["labels"]["alertname"]: bool(alert["status"]["inhibitedBy"]) for alert in self.alerts()}
