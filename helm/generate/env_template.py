"""`templates/_settings.tpl`: values to the environment of the server.

Only what differs from the server's own default is given, so that a pod's
manifest shows what was changed and nothing else. Helm reads every number as a
float, and would write 268435456 as 2.68435456e+08, which the server refuses.
"""

import json
from collections.abc import Iterator

from helm.generate.setting_values import DECIDED, SettingValue, setting_values

HEAD = """\
{{- /* Written by `make generate` from serving/settings.py. */ -}}

{{- /* A fraction given by --set comes as text, which the schema cannot compare. */ -}}
{{- define "ecluse.settings.within" -}}
{{- $number := float64 .value }}
{{- if and .above (not (gt $number (float64 .least))) }}
{{- fail (printf "%s is %v: expected more than %v" .name .value .least) }}
{{- else if lt $number (float64 .least) }}
{{- fail (printf "%s is %v: expected %v or more" .name .value .least) }}
{{- else if and (hasKey . "most") (gt $number (float64 .most)) }}
{{- fail (printf "%s is %v: expected %v or less" .name .value .most) }}
{{- end }}
{{- end }}

{{- /* A number without an exponent, whether it came as one or as text. */ -}}
{{- define "ecluse.settings.plain" -}}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ toJson . }}{{ end }}
{{- end }}

{{- /* The environment of the settings that are not as the server has them by itself. */ -}}
{{- define "ecluse.settings.env" -}}
"""


def env_template() -> str:
    lines = [line for value in setting_values() for line in _variable(value)]
    return HEAD + "\n".join([*lines, "{{- end }}", "", *_names()]) + "\n"


def _variable(value: SettingValue) -> Iterator[str]:
    at = ".Values." + ".".join(value.path)
    default = value.default
    kind = value.schema["type"]
    if kind == "number":
        yield from _bounds(value, at)
        differs = f"ne (float64 {at}) {float(default)!r}"
    elif kind == "integer":
        differs = f"ne (int64 {at}) {default}"
    elif kind == "boolean":
        differs = f"not {at}" if default else at
    else:
        differs = f"ne {at} {json.dumps(default)}"
    text = {
        "string": at,
        "boolean": f"toString {at}",
        "integer": f"int64 {at}",
        "number": f'include "ecluse.settings.plain" {at}',
    }[kind]
    yield f"{{{{- if {differs} }}}}"
    yield f"- name: {value.knob.variable}"
    yield f"  value: {{{{ {text} | quote }}}}"
    yield "{{- end }}"


def _bounds(value: SettingValue, at: str) -> Iterator[str]:
    schema = value.schema
    above = "exclusiveMinimum" in schema
    least = schema["exclusiveMinimum"] if above else schema["minimum"]
    most = f' "most" {schema["maximum"]}' if "maximum" in schema else ""
    name = ".".join(value.path)
    yield (
        f'{{{{- include "ecluse.settings.within" (dict "name" "{name}" "value" {at} "above" {str(above).lower()}'
        f' "least" {least}{most}) }}}}'
    )


def _names() -> Iterator[str]:
    values = {value.knob.variable: ".".join(value.path) for value in setting_values()}
    decided = {name.replace(".", "_").upper(): why.replace("`", "") for name, why in DECIDED.items()}
    yield "{{- /* Which variable is which value, and which is none and why, as JSON. */ -}}"
    yield '{{- define "ecluse.settings.variables" -}}'
    yield json.dumps({"values": values, "decided": decided}, indent=2)
    yield "{{- end }}"
