{{/*
How pods take each other's place: one profile, the same words for a Deployment and for KServe.
*/}}
{{- define "ecluse.strategy" -}}
{{- $profile := .Values.strategy.profile -}}
{{- if eq $profile "recreate" -}}
type: Recreate
{{- else -}}
type: RollingUpdate
rollingUpdate:
  {{- if eq $profile "resourceAware" }}
  maxSurge: 0
  maxUnavailable: 1
  {{- else }}
  maxSurge: {{ .Values.strategy.maxSurge }}
  maxUnavailable: 0
  {{- end }}
{{- end -}}
{{- end -}}
