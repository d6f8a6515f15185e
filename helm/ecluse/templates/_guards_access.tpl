{{/*
Refuses routes that no request would pass, and monitors that would read nothing.
*/}}
{{- define "ecluse.guards.access" -}}
{{- $monitoring := .Values.monitoring -}}
{{- $monitor := or $monitoring.podMonitor.enabled $monitoring.serviceMonitor.enabled -}}
{{- if and $monitoring.podMonitor.enabled $monitoring.serviceMonitor.enabled -}}
{{- fail "monitoring.podMonitor and monitoring.serviceMonitor are both enabled: every pod would be counted twice, expected one of them" -}}
{{- end -}}
{{- if and $monitor .Values.tls.secretName .Values.tls.clientCaSecretName (not $monitoring.tls.clientSecretName) -}}
{{- fail "tls.clientCaSecretName has callers show a certificate, Prometheus too: give monitoring.tls.clientSecretName" -}}
{{- end -}}
{{- if and $monitor .Values.auth.secretName (dig "metrics" false .Values.auth) (not $monitoring.authorization.secretName) -}}
{{- fail "auth.metrics has callers of /metrics show a key, Prometheus too: give monitoring.authorization.secretName" -}}
{{- end -}}
{{- $grpc := ne (.Values.enableGrpc | toString) "false" -}}
{{- range $name := list "httpRoute" "grpcRoute" -}}
{{- $route := index $.Values $name -}}
{{- if and $route.enabled (not $route.parentRefs) -}}
{{- fail (printf "%s.enabled is set, but %s.parentRefs names no Gateway" $name $name) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.grpcRoute.enabled (not $grpc) -}}
{{- fail "grpcRoute.enabled is set, but enableGrpc is off" -}}
{{- end -}}
{{- with .Values.httpRoute -}}
{{- $deadline := dig "deadline" "defaultSeconds" 0 ($.Values | toJson | fromJson) | float64 -}}
{{- if and .enabled .timeoutSeconds (gt $deadline (float64 .timeoutSeconds)) -}}
{{- fail (printf "httpRoute.timeoutSeconds is %v, less than deadline.defaultSeconds, which is %v: callers would see the gateway's 504 for answers on their way" .timeoutSeconds $deadline) -}}
{{- end -}}
{{- $grpcRoute := $.Values.grpcRoute -}}
{{- if and .enabled $grpcRoute.enabled -}}
{{- $sameGateway := false -}}
{{- range $parent := .parentRefs -}}{{- if has (toJson $parent) (splitList "\n" (include "ecluse.lines" $grpcRoute.parentRefs)) -}}{{- $sameGateway = true -}}{{- end -}}{{- end -}}
{{- $sameName := not (and .hostnames $grpcRoute.hostnames) -}}
{{- range .hostnames -}}{{- if has . $grpcRoute.hostnames -}}{{- $sameName = true -}}{{- end -}}{{- end -}}
{{- if and $sameGateway $sameName -}}
{{- fail "httpRoute and grpcRoute have the same hostnames at the same Gateway, which accepts only one of them: give them different hostnames, or a sectionName each" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with .Values.ingress -}}
{{- if and .enabled (not .hosts) -}}
{{- fail "ingress.enabled is set, but ingress.hosts is empty" -}}
{{- end -}}
{{- if and .grpc.enabled (not .grpc.hosts) -}}
{{- fail "ingress.grpc.enabled is set, but ingress.grpc.hosts is empty" -}}
{{- end -}}
{{- if and .grpc.enabled (not $grpc) -}}
{{- fail "ingress.grpc.enabled is set, but enableGrpc is off" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A list as lines of JSON, to compare what is in it. */}}
{{- define "ecluse.lines" -}}
{{- range $index, $item := . }}{{ if $index }}{{ "\n" }}{{ end }}{{ toJson $item }}{{ end -}}
{{- end -}}
