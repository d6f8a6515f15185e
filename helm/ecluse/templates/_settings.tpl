{{/*
The server's settings as variables of its environment: a list for `env`, or nothing.
*/}}
{{- define "ecluse.settings.env" -}}
{{- end -}}
