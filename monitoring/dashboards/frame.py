"""What all six dashboards share: variables, events, and the links from one to the next."""

from monitoring.dashboards.dashboard import TAG, Annotation, Variable
from monitoring.dashboards.look import Colour
from monitoring.dashboards.query import MODEL, PLACE, VERSION, Json

VARIABLES = (
    Variable(
        "namespace",
        "Namespace",
        "Where the servers run; without Kubernetes there is none, and All shows them.",
        "label_values(ecluse_build_info, namespace)",
    ),
    Variable(
        "model",
        "Model",
        "The model's name in requests.",
        f"label_values(ecluse_model_ready{{{PLACE}}}, model_name)",
    ),
    Variable(
        "version",
        "Version",
        "The version of the model. Objectives, budgets and alerts are those of all versions, and do not follow it.",
        f"label_values(ecluse_model_ready{{{MODEL}}}, model_version)",
    ),
)

FEATURE = Variable(
    "feature",
    "Feature",
    "The feature whose histogram, mean and spread are drawn beside the baseline's.",
    f"label_values(ecluse_drift_baseline_ratio{{{VERSION}}}, feature)",
    has_all=False,
)

_REVISIONS = f"max by (namespace, variant, revision, version) (ecluse_build_info{{{PLACE}}}"


def _firing(severity: str) -> str:
    chosen = f'alertname=~"Ecluse.*",alertstate="firing",namespace=~"$namespace|",{severity}'
    return f"max by (alertname, severity) (ALERTS{{{chosen}}})"


ANNOTATIONS = (
    Annotation(
        "Deployments",
        f"{_REVISIONS}) unless {_REVISIONS} offset 2m)",
        "Deployment",
        "{{variant}} {{revision}}, Écluse {{version}}",
        Colour.BLUE,
    ),
    Annotation(
        "Model loads",
        f"1000 * (max by (namespace, model_name, model_version) "
        f"(ecluse_model_loaded_timestamp_seconds{{{VERSION}}}) > 0)",
        "Model loaded",
        "{{model_name}} version {{model_version}}",
        Colour.PURPLE,
        value_is_time=True,
    ),
    Annotation(
        "Critical alerts",
        _firing('severity="critical"'),
        "{{alertname}}",
        "{{severity}}",
        Colour.RED,
    ),
    Annotation(
        "Other alerts",
        _firing('severity!="critical"'),
        "{{alertname}}",
        "{{severity}}",
        Colour.ORANGE,
        is_drawn=False,
    ),
)

LINKS: tuple[Json, ...] = (
    {
        "asDropdown": False,
        "icon": "external link",
        "includeVars": True,
        "keepTime": True,
        "tags": [TAG],
        "targetBlank": False,
        "title": "Écluse",
        "tooltip": "",
        "type": "dashboards",
        "url": "",
    },
)


def leads_to(uid: str, title: str) -> Json:
    """A link from a panel to the dashboard that says more, with the same choices and the same time."""
    return {"targetBlank": False, "title": title, "url": f"/d/{uid}?${{__url_time_range}}&${{__all_variables}}"}
