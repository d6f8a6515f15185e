{{/*
What the cluster must know before an object of an optional API is made.
*/}}

{{/*
Refuse where an API that a value asks for is not there. Takes (list $ VALUE APIS WHAT): any one of the APIs will do, and
WHAT brings them.
*/}}
{{- define "ecluse.requireApi" -}}
{{- $root := index . 0 -}}
{{- $value := index . 1 -}}
{{- $apis := index . 2 -}}
{{- $found := $root.Values.capabilities.force -}}
{{- range $apis -}}{{- if $root.Capabilities.APIVersions.Has . -}}{{- $found = true -}}{{- end -}}{{- end -}}
{{- if not $found -}}
{{- fail (printf "%s needs %s, which this cluster does not have: install %s, or take the value back (helm template asks no cluster: there, give --api-versions %s, or set capabilities.force)" $value (join " or " $apis) (index . 3) (first $apis)) -}}
{{- end -}}
{{- end -}}
