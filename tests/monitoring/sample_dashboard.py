"""A dashboard with a panel of each kind that can be drawn, in Grafana's classic form."""

from typing import Any

Json = dict[str, Any]

GREEN_THEN_RED: Json = {"mode": "absolute", "steps": [{"color": "green", "value": None}, {"color": "red", "value": 10}]}


def target(expr: str, legend: str = "", *, ref: str = "A", **more: Any) -> Json:
    return {"expr": expr, "legendFormat": legend, "refId": ref, "interval": "30s", **more}


def panel(kind: str, title: str, *targets: Json, **more: Any) -> Json:
    defaults = {
        "unit": "short",
        "thresholds": GREEN_THEN_RED,
        "color": {"mode": "thresholds"},
        **more.pop("defaults", {}),
    }
    return {
        "type": kind,
        "title": title,
        "targets": list(targets),
        "fieldConfig": {"defaults": defaults, "overrides": more.pop("overrides", [])},
        "options": more.pop("options", {}),
        **more,
    }


INSTANT: Json = {"instant": True, "format": "table"}
PALETTE = {
    "color": {"mode": "palette-classic"},
    "custom": {"fillOpacity": 20, "stacking": {"mode": "normal", "group": "A"}},
}

PANELS = (
    panel("stat", "Requests", target('sum(rate(ecluse_requests_total{namespace=~"$namespace"}[$__rate_interval]))')),
    panel(
        "timeseries",
        "By pod",
        target("sum by (pod) (rate(ecluse_requests_total[$__rate_interval]))", "{{pod}}"),
        defaults=PALETTE,
        options={"legend": {"displayMode": "table", "calcs": ["mean", "max", "lastNotNull"]}},
    ),
    panel(
        "heatmap",
        "Latency",
        target(
            "sum by (le) (increase(ecluse_request_duration_seconds_bucket[$__rate_interval]))",
            "{{le}}",
            format="heatmap",
        ),
        options={"yAxis": {"unit": "s"}},
    ),
    panel(
        "table",
        "Classes",
        target("sum by (class) (increase(ecluse_predictions_total[$__range]))", **INSTANT),
        target("max by (class) (ecluse_baseline_class_ratio)", ref="B", **INSTANT),
        transformations=[
            {"id": "merge", "options": {}},
            {
                "id": "organize",
                "options": {
                    "excludeByName": {"Time": True},
                    "indexByName": {},
                    "renameByName": {"Value #A": "rows", "Value #B": "baseline"},
                },
            },
        ],
        overrides=[
            {"matcher": {"id": "byName", "options": "baseline"}, "properties": [{"id": "unit", "value": "percentunit"}]}
        ],
        options={"sortBy": [{"displayName": "rows", "desc": True}]},
    ),
    panel("bargauge", "Sizes", target("max by (bucket) (ecluse_batch_estimated_seconds)", "{{bucket}}", instant=True)),
    panel(
        "barchart",
        "Shares",
        target("sum by (class) (increase(ecluse_predictions_total[1h]))", **INSTANT),
        options={"xField": "class"},
    ),
    panel(
        "state-timeline",
        "Ready",
        target("min by (model_version) (ecluse_model_ready)", "version {{model_version}}"),
        defaults={
            "mappings": [
                {
                    "type": "value",
                    "options": {"0": {"text": "no", "color": "red"}, "1": {"text": "yes", "color": "green"}},
                }
            ]
        },
    ),
    {"type": "text", "title": "Words", "options": {"content": "# Head\n\n**bold**\n\n| a | b |\n|---|---|\n| c | d |"}},
)


def dashboard(*panels: Json) -> Json:
    """These panels, two in a row of the grid."""
    placed = [
        {**each, "id": number, "gridPos": {"x": 12 * (number % 2), "y": 8 * (number // 2), "w": 12, "h": 8}}
        for number, each in enumerate(panels)
    ]
    return {
        "title": "Sample",
        "uid": "sample",
        "panels": placed,
        "templating": {
            "list": [
                {"name": "datasource", "type": "datasource", "query": "prometheus", "current": {}},
                {
                    "name": "namespace",
                    "label": "Namespace",
                    "type": "query",
                    "query": {"query": "label_values(ecluse_build_info, namespace)"},
                    "includeAll": True,
                    "multi": True,
                    "allValue": ".*",
                },
            ]
        },
        "annotations": {
            "list": [{"name": "starts", "enable": True, "expr": "changes(ecluse_start_time_seconds[2m]) > 0"}]
        },
    }
