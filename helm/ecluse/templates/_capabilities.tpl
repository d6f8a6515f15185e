{{/*
What the cluster must know before an object of an optional API is made. A guard like those of _guards.tpl.
*/}}

{{/*
Whether the cluster was asked what it knows: `helm template` asks none, and has versions of APIs but no kinds.
*/}}
{{- define "ecluse.clusterIsKnown" -}}
{{- if and (.Capabilities.APIVersions.Has "v1/Pod") (not .Values.capabilities.force) -}}yes{{- end -}}
{{- end -}}

{{/* APIs by what asks for them: any one of a list will do. */}}
{{- define "ecluse.capabilities.needed" -}}
{{- $monitoring := .Values.monitoring -}}
{{- $rows := list
  (list (eq .Values.mode "kserve") "mode kserve" "KServe" "serving.kserve.io/v1beta1")
  (list (eq .Values.autoscaling.type "keda") "autoscaling.type keda" "KEDA" "keda.sh/v1alpha1/ScaledObject")
  (list .Values.httpRoute.enabled "httpRoute.enabled" "the Gateway API" "gateway.networking.k8s.io/v1/HTTPRoute")
  (list .Values.grpcRoute.enabled "grpcRoute.enabled" "the Gateway API" "gateway.networking.k8s.io/v1/GRPCRoute")
  (list $monitoring.podMonitor.enabled "monitoring.podMonitor.enabled" "the Prometheus operator" "monitoring.coreos.com/v1/PodMonitor")
  (list $monitoring.serviceMonitor.enabled "monitoring.serviceMonitor.enabled" "the Prometheus operator" "monitoring.coreos.com/v1/ServiceMonitor")
  (list $monitoring.rules.enabled "monitoring.rules.enabled" "the Prometheus operator" "monitoring.coreos.com/v1/PrometheusRule")
  (list (and $monitoring.dashboards.enabled $monitoring.dashboards.grafanaOperator.enabled) "monitoring.dashboards.grafanaOperator.enabled" "the Grafana operator" "grafana.integreatly.org/v1beta1/GrafanaDashboard")
-}}
{{- if and (eq .Values.autoscaling.type "hpa") .Values.autoscaling.queueRows -}}
{{- if eq .Values.autoscaling.metricsApi "custom" -}}
{{- $rows = append $rows (list true "autoscaling.queueRows" "an adapter for custom metrics, as prometheus-adapter" "custom.metrics.k8s.io/v1beta1" "custom.metrics.k8s.io/v1beta2") -}}
{{- else -}}
{{- $rows = append $rows (list true "autoscaling.queueRows" "an adapter for external metrics, as prometheus-adapter" "external.metrics.k8s.io/v1beta1") -}}
{{- end -}}
{{- end -}}
{{- if and .Values.gpu.enabled .Values.gpu.dra.enabled -}}
{{- $rows = append $rows (concat (list true "gpu.dra.enabled" "Kubernetes 1.34 with a driver for the devices") (include "ecluse.gpu.claimVersions" . | fromJsonArray)) -}}
{{- end -}}
{{- toJson $rows -}}
{{- end -}}

{{- define "ecluse.mistakes.capabilities" -}}
{{- /* guard: API that the cluster does not have */}}
{{- if include "ecluse.clusterIsKnown" . }}
{{- range include "ecluse.capabilities.needed" . | fromJsonArray }}
{{- $apis := slice . 3 }}
{{- $found := not (first .) }}
{{- range $apis }}{{ if $.Capabilities.APIVersions.Has . }}{{ $found = true }}{{ end }}{{ end }}
{{- if not $found }}
- {{ index . 1 }} needs {{ join " or " $apis }}, which this cluster does not have: install {{ index . 2 }}, or take the value back.
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
