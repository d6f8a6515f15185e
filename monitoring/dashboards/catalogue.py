"""All dashboards, and the files that they are."""

import json

from monitoring.dashboards.batching import batching
from monitoring.dashboards.dashboard import Dashboard
from monitoring.dashboards.drift import drift
from monitoring.dashboards.latency import latency
from monitoring.dashboards.overview import overview
from monitoring.dashboards.quality import quality
from monitoring.dashboards.rollout import rollout
from monitoring.slo import Promise

MAKERS = (overview, latency, batching, quality, drift, rollout)


def dashboards(promise: Promise) -> tuple[Dashboard, ...]:
    return tuple(make(promise) for make in MAKERS)


def files(promise: Promise) -> dict[str, str]:
    """The text of each dashboard's file, by its path below monitoring/generated: the same bytes each time."""
    return {
        f"dashboards/{dashboard.uid.removeprefix('ecluse-')}.json": _text(dashboard)
        for dashboard in dashboards(promise)
    }


def _text(dashboard: Dashboard) -> str:
    return json.dumps(dashboard.to_json(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
