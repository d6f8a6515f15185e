"""The lives of models and servers: in which state each is, and since when."""

from monitoring.dashboards.kinds import BarGauge, StateTimeline, Table, TimeSeries
from monitoring.dashboards.look import Colour, Override, Unit, named
from monitoring.dashboards.panel import Panel
from monitoring.dashboards.query import PLACE, VERSION, Query, column, now
from monitoring.dashboards.resources import KUBERNETES, OUR_PODS

STATES = {"LOADING": 1, "READY": 2, "UNLOADING": 3, "UNAVAILABLE": 4}
PHASES = {"loading": 1, "warming": 2, "ready": 3, "draining": 4, "stopped": 5}

LIFE_OF_A_MODEL = named(
    {
        0: ("not there", Colour.GREY),
        1: ("loading", Colour.YELLOW),
        2: ("ready", Colour.GREEN),
        3: ("unloading", Colour.BLUE),
        4: ("unavailable", Colour.RED),
    }
)
LIFE_OF_A_SERVER = named(
    {
        0: ("not there", Colour.GREY),
        1: ("loading", Colour.YELLOW),
        2: ("warming", Colour.ORANGE),
        3: ("ready", Colour.GREEN),
        4: ("draining", Colour.BLUE),
        5: ("stopped", Colour.GREY),
    }
)


def numbered(metric: str, label: str, values: dict[str, int], by: str, where: str) -> str:
    """Which of the values is 1, as its number."""
    each = (f'{number} * max by ({by}) ({metric}{{{where},{label}="{value}"}})' for value, number in values.items())
    return " + ".join(each)


def models() -> tuple[tuple[Panel, ...], ...]:
    by = "model_name, model_version"
    return (
        (
            StateTimeline(
                title="Life of each model version",
                description="The furthest state of each version over all servers: loading, ready, unloading, or "
                "unavailable where some server could not load it. From ecluse_model_state.",
                width=12,
                height=7,
                queries=(Query(_worst_state(by), "{{model_name}} {{model_version}}"),),
                unit=Unit.WHOLE,
                mappings=(LIFE_OF_A_MODEL,),
                named_values=True,
            ),
            TimeSeries(
                title="Servers that have each version ready",
                description="On how many servers each version is loaded and warmed up. From ecluse_model_ready.",
                width=12,
                height=7,
                queries=(
                    Query(f"sum by ({by}) (ecluse_model_ready{{{VERSION}}})", "{{model_name}} {{model_version}}"),
                ),
                unit=Unit.WHOLE,
                steps=True,
                legend=("lastNotNull",),
            ),
        ),
        (
            BarGauge(
                title="Loading and warming up",
                description="How long it took to load each version, and to run every batch size once, on the slowest "
                "server: together the least that a new server takes to be ready. "
                "From ecluse_model_load_duration_seconds and ecluse_warmup_duration_seconds.",
                width=8,
                height=7,
                queries=(
                    now(
                        f"max by ({by}) (ecluse_model_load_duration_seconds{{{VERSION}}})",
                        "load {{model_name}} {{model_version}}",
                    ),
                    now(
                        f"max by ({by}) (ecluse_warmup_duration_seconds{{{VERSION}}})",
                        "warm up {{model_name}} {{model_version}}",
                    ),
                ),
                unit=Unit.SECONDS,
            ),
            Table(
                title="What is served",
                description="Each version with the signature that is called, the first digits of its baseline's digest "
                "(empty without one), and when it began to answer. "
                "From ecluse_model_info and ecluse_model_loaded_timestamp_seconds.",
                width=16,
                height=7,
                queries=(
                    column(f"max by ({by}, signature, baseline) (ecluse_model_info{{{VERSION}}})"),
                    column(f"1000 * (max by ({by}) (ecluse_model_loaded_timestamp_seconds{{{VERSION}}}) > 0)"),
                    column(f"sum by ({by}) (ecluse_model_ready{{{VERSION}}})"),
                ),
                unit=Unit.WHOLE,
                transformations=(
                    {"id": "merge", "options": {}},
                    {
                        "id": "organize",
                        "options": {
                            "excludeByName": {"Time": True, "Value #A": True},
                            "indexByName": {"model_name": 0, "model_version": 1, "signature": 2, "baseline": 3},
                            "renameByName": {
                                "model_name": "model",
                                "model_version": "version",
                                "Value #B": "answers since",
                                "Value #C": "servers",
                            },
                        },
                    },
                ),
                overrides=(Override("answers since", {"unit": Unit.MOMENT.value}),),
                sort_by="answers since",
            ),
        ),
        (
            Table(
                title="Versions that run",
                description="Servers by what they are built of. From ecluse_build_info.",
                width=12,
                height=6,
                queries=(
                    column(f"count by (version, python, tensorflow, kserve, revision) (ecluse_build_info{{{PLACE}}})"),
                ),
                unit=Unit.WHOLE,
                transformations=(
                    {
                        "id": "organize",
                        "options": {
                            "excludeByName": {"Time": True},
                            "indexByName": {"revision": 0, "version": 1},
                            "renameByName": {"version": "Écluse", "Value": "servers"},
                        },
                    },
                ),
                sort_by="servers",
            ),
            TimeSeries(
                title="Restarts of containers",
                description="Restarts of our pods' containers, as Kubernetes counts them. "
                "From kube_pod_container_status_restarts_total.",
                width=12,
                height=6,
                queries=(
                    Query(
                        f"sum by (pod) (increase(kube_pod_container_status_restarts_total{{{PLACE}}}[10m]) {OUR_PODS})",
                        "{{pod}}",
                    ),
                ),
                unit=Unit.WHOLE,
                bars=True,
                legend=(),
                empty="No kube-state-metrics",
                empty_until=KUBERNETES,
            ),
        ),
    )


def _worst_state(by: str) -> str:
    """The highest number among the states that some server has the version in."""
    each = (
        f'{number} * (max by ({by}) (ecluse_model_state{{{VERSION},state="{state}"}}) == 1)'
        for state, number in sorted(STATES.items(), key=lambda item: -item[1])
    )
    return " or ".join(each)
