{{/*
When pods are added and taken away: the same words for an HPA and for KEDA, in both modes.

In kserve mode the InferenceService says that its autoscaler is `external` and the objects here aim at the Deployment
that KServe makes: what KServe would make itself has no behaviour and no metric but CPU and memory.
*/}}

{{/* Pods are taken away slowly, because a lull is short and a start takes a model's loading. */}}
{{- define "ecluse.autoscaling.behavior" -}}
{{- $scaling := .Values.autoscaling -}}
{{- if $scaling.behavior -}}
{{ toYaml $scaling.behavior }}
{{- else -}}
scaleDown:
  stabilizationWindowSeconds: {{ $scaling.scaleDown.stabilizationSeconds }}
  selectPolicy: Max
  policies:
    - type: Pods
      value: {{ $scaling.scaleDown.podsPerMinute }}
      periodSeconds: 60
scaleUp:
  stabilizationWindowSeconds: {{ $scaling.scaleUp.stabilizationSeconds }}
  selectPolicy: Max
  policies:
    - type: Pods
      value: {{ $scaling.scaleUp.podsPerMinute }}
      periodSeconds: 60
    - type: Percent
      value: 100
      periodSeconds: 60
{{- end -}}
{{- end -}}

{{/*
Our pods among all that Prometheus knows, however it came to read them. Kubernetes shortens what pods are called after
to 58 characters, so the hash of a revision has no room behind a name of more than 46.
*/}}
{{- define "ecluse.autoscaling.matchers" -}}
{{- $name := include "ecluse.deploymentName" . -}}
{{- $rest := ternary "-[a-z0-9]+-[a-z0-9]{5}" "[-a-z0-9]+" (le (len $name) 46) -}}
namespace="{{ .Release.Namespace }}", pod=~"{{ $name | trunc 46 }}{{ $rest }}"
{{- end -}}

{{/* Rows that wait for a batch, on average over the pods, as a metrics adapter gives them to an HPA. */}}
{{- define "ecluse.autoscaling.queueRows" -}}
{{- $scaling := .Values.autoscaling -}}
{{- $target := dict "type" "AverageValue" "averageValue" ($scaling.queueRows | toString) -}}
{{- if eq $scaling.metricsApi "custom" -}}
- type: Pods
  pods:
    metric:
      name: ecluse_queue_rows
    target:
      {{- toYaml $target | nindent 6 }}
{{- else -}}
- type: External
  external:
    metric:
      name: ecluse_queue_rows
      selector:
        matchLabels:
          variant: {{ include "ecluse.deploymentName" . }}
    target:
      {{- toYaml $target | nindent 6 }}
{{- end -}}
{{- end -}}

{{/*
A query of Prometheus as a trigger. No series is an error, which holds the number of pods: a Prometheus that has lost
sight of the pods must not take them for idle. Takes (list $ THRESHOLD QUERY).
*/}}
{{- define "ecluse.autoscaling.kedaTrigger" -}}
{{- $keda := (index . 0).Values.autoscaling.keda -}}
- type: prometheus
  metricType: AverageValue
  metadata:
    serverAddress: {{ $keda.serverAddress | quote }}
    query: {{ index . 2 | quote }}
    threshold: {{ index . 1 | quote }}
    ignoreNullValues: "false"
    {{- with $keda.metadata }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $keda.authenticationRef }}
  authenticationRef:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
