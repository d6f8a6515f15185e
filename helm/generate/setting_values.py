"""Which value of the chart is which setting of the server.

`batch.max_rows` is `batch.maxRows`: the names are the settings' own, in the
chart's spelling. A few settings are the chart's to decide and are no values;
two stand beside what else is said of the model. Types and bounds are what
pydantic knows of the setting. Knows nothing of files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from serving.options import Knob, knobs
from serving.settings import Settings

Path = tuple[str, ...]
Schema = dict[str, Any]

DECIDED = {
    "model_dir": "the model is mounted where KServe mounts it",
    "models_dir": "a release serves one model",
    "bind_address": "a pod is reached by its address",
    "http_port": "a pod has its address to itself, so no port is ever taken",
    "grpc_port": "a pod has its address to itself, so no port is ever taken",
    "tls.certificate": "mounted from the secret of `tls`",
    "tls.key": "mounted from the secret of `tls`",
    "tls.client_ca": "mounted from the secret of `tls`",
    "auth.keys_file": "mounted from the secret of `auth`",
    "admin.keys_file": "mounted from the secret of `admin`",
    "feedback.keys_file": "mounted from the secret of `feedback`",
}
"""Settings that the chart gives itself, and why nobody else may."""

RENAMED: dict[str, Path] = {
    "model_name": ("model", "name"),
    "signature_name": ("model", "signatureName"),
}
"""Settings that stand among other values than their name says."""

PATTERNS = {
    "tensorflow.visible_devices": r"^(none|\d+(\s*,\s*\d+)*)?$",
    "versions.policy": r"^(latest(:0*[1-9]\d*)?|all|specific:\s*\d+\s*(,\s*\d+\s*)*)$",
    "versions.labels": r"^(\s*(([^=,]*/)?[^=,:/]*[^=,:/\d\s][^=,:/]*=\s*\d+)?\s*(,|$))*$",
}
"""What the server reads with code of its own, as far as a pattern can say it."""

_OF_PYDANTIC = (
    *("type", "enum", "pattern", "minLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
)


@dataclass(frozen=True, slots=True)
class SettingValue:
    """A setting as a value of the chart."""

    knob: Knob
    path: Path
    default: Any
    schema: Schema

    @property
    def manual(self) -> str:
        return self.knob.manual


def setting_values() -> Iterator[SettingValue]:
    """Every setting that is a value, in the order of `settings.py`."""
    for knob in knobs():
        name = ".".join(knob.path)
        if name in DECIDED:
            continue
        path = RENAMED.get(name, tuple(camel_case(part) for part in knob.path))
        # A file that is not given is nothing in the settings, and an empty text in a manifest.
        yield SettingValue(knob, path, "" if knob.default is None else knob.default, _schema(knob))


def camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def group_manuals() -> dict[str, str]:
    """What `settings.py` says of each group, by the group's value."""
    return {
        camel_case(name): " ".join((field.annotation.__doc__ or "").split())
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and hasattr(field.annotation, "model_fields")
    }


def _schema(knob: Knob) -> Schema:
    node: Schema = _OF_SETTINGS
    for name in knob.path:
        node = node["properties"][name]
        if "$ref" in node:
            node = _OF_SETTINGS["$defs"][node["$ref"].rpartition("/")[2]]
    if "anyOf" in node:
        return {"type": "string"}  # the only choice that there is: a file, or none
    schema = {key: node[key] for key in _OF_PYDANTIC if key in node}
    name = ".".join(knob.path)
    return schema | ({"pattern": PATTERNS[name]} if name in PATTERNS else {})


_OF_SETTINGS: Schema = Settings.model_json_schema()
