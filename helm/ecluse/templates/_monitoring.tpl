{{/*
How Prometheus reads the server, the same for a PodMonitor and a ServiceMonitor, and which rules it is given.
*/}}

{{/* Labels of monitors and rules: many a Prometheus takes only those with its own label. */}}
{{- define "ecluse.monitoring.labels" -}}
{{- mergeOverwrite (deepCopy .Values.monitoring.labels) (include "ecluse.labels" . | fromYaml) | toYaml -}}
{{- end -}}

{{/* Scheme, certificates and key: what the server asks of everybody, it asks of Prometheus. */}}
{{- define "ecluse.monitoring.access" -}}
{{- $tls := .Values.monitoring.tls -}}
path: /metrics
{{- if .Values.tls.secretName }}
scheme: https
tlsConfig:
  {{- if $tls.insecureSkipVerify }}
  insecureSkipVerify: true
  {{- else }}
  serverName: {{ tpl $tls.serverName . | default (printf "%s.%s.svc" (include "ecluse.serviceName" .) .Release.Namespace) }}
  ca:
    secret:
      name: {{ $tls.caSecretName | default .Values.tls.secretName }}
      key: {{ $tls.caKey }}
  {{- end }}
  {{- with $tls.clientSecretName }}
  cert:
    secret:
      name: {{ . }}
      key: tls.crt
  keySecret:
    name: {{ . }}
    key: tls.key
  {{- end }}
{{- else }}
scheme: http
{{- end }}
{{- with .Values.monitoring.authorization.secretName }}
authorization:
  type: Bearer
  credentials:
    name: {{ . }}
    key: {{ $.Values.monitoring.authorization.key }}
{{- end }}
{{- with .Values.monitoring.interval }}
interval: {{ . }}
{{- end }}
{{- with .Values.monitoring.scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- end -}}

{{/*
What tells two revisions apart while one takes the other's place. KServe's pods carry the name of their Deployment as
"isvc.NAME"; ours have one Deployment to a release.
*/}}
{{- define "ecluse.monitoring.relabelings" -}}
- sourceLabels: [__meta_kubernetes_pod_label_pod_template_hash]
  targetLabel: revision
{{- if eq (include "ecluse.mode" .) "kserve" }}
- sourceLabels: [__meta_kubernetes_pod_label_app]
  regex: isvc\.(.+)
  targetLabel: variant
{{- else }}
- targetLabel: variant
  replacement: {{ include "ecluse.deploymentName" . }}
{{- end }}
{{- with .Values.monitoring.relabelings }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
The text of each file of rules by its name, as JSON: the user's own where there are any, or the chart's. What they say in
braces is Prometheus' to fill in, so nothing here is a template.
*/}}
{{- define "ecluse.monitoring.rules" -}}
{{- $files := deepCopy .Values.monitoring.rules.files -}}
{{- if not $files -}}
{{- range $path, $content := .Files.Glob "files/rules/*.yaml" -}}
{{- $_ := set $files (base $path | trimSuffix ".yaml") (toString $content) -}}
{{- end -}}
{{- end -}}
{{- toJson $files -}}
{{- end -}}
