{{/*
Refuses numbers of pods that contradict each other, and autoscalers that have nothing to go by.
*/}}
{{- define "ecluse.guards.replicas" -}}
{{- $scaling := .Values.autoscaling -}}
{{- $kind := $scaling.type -}}
{{- if ne $kind "none" -}}
{{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) -}}
{{- fail (printf "autoscaling.minReplicas is %v, more than autoscaling.maxReplicas, which is %v" $scaling.minReplicas $scaling.maxReplicas) -}}
{{- end -}}
{{- if and $scaling.cpuUtilization (not (dig "requests" "cpu" (dig "limits" "cpu" "" .Values.resources) .Values.resources)) -}}
{{- fail (printf "autoscaling.cpuUtilization is %v percent of resources.requests.cpu, which is not given" $scaling.cpuUtilization) -}}
{{- end -}}
{{- end -}}
{{- if eq $kind "hpa" -}}
{{- if lt (int $scaling.minReplicas) 1 -}}
{{- fail "autoscaling.minReplicas is 0: an HPA keeps at least 1 (KEDA may keep none)" -}}
{{- end -}}
{{- if $scaling.requestsPerSecond -}}
{{- fail "autoscaling.requestsPerSecond is for autoscaling.type keda: with hpa, give the metric in autoscaling.metrics" -}}
{{- end -}}
{{- if not (or $scaling.cpuUtilization $scaling.queueRows $scaling.metrics) -}}
{{- fail "autoscaling.type is hpa, but there is nothing to scale by: give cpuUtilization, queueRows or metrics" -}}
{{- end -}}
{{- end -}}
{{- if eq $kind "keda" -}}
{{- if not (or $scaling.cpuUtilization $scaling.queueRows $scaling.requestsPerSecond $scaling.keda.triggers) -}}
{{- fail "autoscaling.type is keda, but there is nothing to scale by: give cpuUtilization, queueRows, requestsPerSecond or keda.triggers" -}}
{{- end -}}
{{- if and (or $scaling.queueRows $scaling.requestsPerSecond) (not $scaling.keda.serverAddress) -}}
{{- fail "autoscaling.queueRows and requestsPerSecond need autoscaling.keda.serverAddress, the address of a Prometheus" -}}
{{- end -}}
{{- if and (lt (int $scaling.minReplicas) 1) (not $scaling.keda.triggers) -}}
{{- fail "autoscaling.minReplicas is 0, but every metric is one of running pods: none would start again; give autoscaling.keda.triggers one that calls from outside" -}}
{{- end -}}
{{- if and $scaling.keda.fallback $scaling.cpuUtilization -}}
{{- fail "autoscaling.keda.fallback is given together with cpuUtilization, which KEDA refuses: expected cpuUtilization 0" -}}
{{- end -}}
{{- end -}}
{{- $least := include "ecluse.leastReplicas" . | int -}}
{{- with .Values.podDisruptionBudget -}}
{{- if .enabled -}}
{{- $available := toString .minAvailable -}}
{{- if ne $available "" -}}
{{- $needed := $available | trimSuffix "%" | int -}}
{{- if hasSuffix "%" $available -}}{{- $needed = ceil (divf (mulf $needed $least) 100) | int -}}{{- end -}}
{{- if and (ge $needed $least) (gt $needed 0) -}}
{{- fail (printf "podDisruptionBudget.minAvailable is %s of %d pods, which blocks every drain of a node: expected fewer, or maxUnavailable" $available $least) -}}
{{- end -}}
{{- else if has (toString .maxUnavailable) (list "0" "0%") -}}
{{- fail (printf "podDisruptionBudget.maxUnavailable is %v, which blocks every drain of a node: expected 1 or more, or enabled false" .maxUnavailable) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
