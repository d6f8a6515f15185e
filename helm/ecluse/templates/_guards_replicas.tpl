{{/*
Numbers of pods that contradict each other, autoscalers that have nothing to go by, budgets that block every drain.
*/}}
{{- define "ecluse.mistakes.replicas" -}}
{{- $scaling := .Values.autoscaling -}}
{{- $kind := $scaling.type -}}
{{- $scaled := ne $kind "none" -}}
{{- /* guard: replicas beside an autoscaler */}}
{{- if and $scaled (ne (int64 .Values.replicas) 2) }}
- replicas is {{ .Values.replicas }}, and autoscaling.type is {{ $kind }}, which decides how many pods there are: give autoscaling.minReplicas and autoscaling.maxReplicas, and leave replicas as it is.
{{- end }}
{{- /* guard: two autoscalers */}}
{{- range .Values.extraObjects }}
{{- if and (kindIs "map" .) $scaled (has .kind (list "HorizontalPodAutoscaler" "ScaledObject")) }}
- extraObjects hold a {{ .kind }}, and autoscaling.type is {{ $kind }}: two autoscalers would fight over the same pods. Set autoscaling.type to none, or take the object out.
{{- end }}
{{- end }}
{{- /* guard: fewest above most */}}
{{- if and $scaled (gt (int $scaling.minReplicas) (int $scaling.maxReplicas)) }}
- autoscaling.minReplicas is {{ $scaling.minReplicas }}, more than autoscaling.maxReplicas, which is {{ $scaling.maxReplicas }}.
{{- end }}
{{- /* guard: part of a request that is not given */}}
{{- if and $scaled $scaling.cpuUtilization (not (dig "requests" "cpu" (dig "limits" "cpu" "" .Values.resources) .Values.resources)) }}
- autoscaling.cpuUtilization is {{ $scaling.cpuUtilization }} percent of resources.requests.cpu, which is not given.
{{- end }}
{{- /* guard: HPA that scales to zero */}}
{{- if and (eq $kind "hpa") (lt (int $scaling.minReplicas) 1) }}
- autoscaling.minReplicas is 0, and an HPA keeps at least 1 pod: give it 1 or more, or set autoscaling.type to keda, which may keep none.
{{- end }}
{{- /* guard: HPA with a rate of requests */}}
{{- if and (eq $kind "hpa") $scaling.requestsPerSecond }}
- autoscaling.requestsPerSecond is for autoscaling.type keda: with hpa, give the metric in autoscaling.metrics.
{{- end }}
{{- /* guard: HPA with nothing to scale by */}}
{{- if and (eq $kind "hpa") (not (or $scaling.cpuUtilization $scaling.queueRows $scaling.metrics)) }}
- autoscaling.type is hpa, but there is nothing to scale by: give cpuUtilization, queueRows or metrics.
{{- end }}
{{- /* guard: KEDA with nothing to scale by */}}
{{- if and (eq $kind "keda") (not (or $scaling.cpuUtilization $scaling.queueRows $scaling.requestsPerSecond $scaling.keda.triggers)) }}
- autoscaling.type is keda, but there is nothing to scale by: give cpuUtilization, queueRows, requestsPerSecond or keda.triggers.
{{- end }}
{{- /* guard: KEDA without a Prometheus to ask */}}
{{- if and (eq $kind "keda") (or $scaling.queueRows $scaling.requestsPerSecond) (not $scaling.keda.serverAddress) }}
- autoscaling.queueRows and requestsPerSecond need autoscaling.keda.serverAddress, the address of a Prometheus.
{{- end }}
{{- /* guard: KEDA that never starts again */}}
{{- if and (eq $kind "keda") (lt (int $scaling.minReplicas) 1) (not $scaling.keda.triggers) }}
- autoscaling.minReplicas is 0, but every metric is one of running pods: none would start again; give autoscaling.keda.triggers one that calls from outside.
{{- end }}
{{- /* guard: fallback beside CPU */}}
{{- if and (eq $kind "keda") $scaling.keda.fallback $scaling.cpuUtilization }}
- autoscaling.keda.fallback is given together with cpuUtilization, which KEDA refuses: expected cpuUtilization 0.
{{- end }}
{{- $least := include "ecluse.leastReplicas" . | int -}}
{{- with .Values.podDisruptionBudget -}}
{{- $available := toString .minAvailable -}}
{{- $needed := $available | trimSuffix "%" | int -}}
{{- if hasSuffix "%" $available -}}{{- $needed = ceil (divf (mulf $needed $least) 100) | int -}}{{- end -}}
{{- /* guard: budget that needs every pod */}}
{{- if and .enabled (ne $available "") (ge $needed $least) (gt $needed 0) }}
- podDisruptionBudget.minAvailable is {{ $available }} of {{ $least }} pods, which blocks every drain of a node: expected fewer, or maxUnavailable.
{{- end }}
{{- /* guard: budget that spares no pod */}}
{{- if and .enabled (eq $available "") (has (toString .maxUnavailable) (list "0" "0%")) }}
- podDisruptionBudget.maxUnavailable is {{ .maxUnavailable }}, which blocks every drain of a node: expected 1 or more, or enabled false.
{{- end }}
{{- end }}
{{- end -}}
