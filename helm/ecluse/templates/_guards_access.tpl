{{/*
Doors that stand open or that nobody can pass: keys and certificates, routes, monitors.
*/}}
{{- define "ecluse.mistakes.access" -}}
{{- /* guard: client certificates without TLS */}}
{{- if and .Values.tls.clientCaSecretName (not .Values.tls.secretName) }}
- tls.clientCaSecretName is {{ .Values.tls.clientCaSecretName }}, and tls.secretName is empty: callers can show certificates only over TLS. Name the Secret with the server's own.
{{- end }}
{{- /* guard: probes without a certificate */}}
{{- if and .Values.tls.clientCaSecretName (not .Values.tls.clientSecretName) }}
- tls.clientCaSecretName has callers show a certificate, the kubelet's probes too: name a Secret with one that they can show in tls.clientSecretName, or no pod would become ready.
{{- end }}
{{- /* guard: admin without keys */}}
{{- if and .Values.admin.enabled (not .Values.admin.secretName) }}
- admin.enabled is true, and admin.secretName is empty: whoever reaches a pod could load and unload models. Name a Secret with the keys that this takes.
{{- end }}
{{- /* guard: metrics behind keys that there are not */}}
{{- if and .Values.auth.metrics (not .Values.auth.secretName) }}
- auth.metrics is true, and auth.secretName is empty: there are no keys that /metrics could ask for. Name a Secret with them.
{{- end }}
{{- /* guard: ids signed with what callers show */}}
{{- range $name := list "auth" "admin" }}
{{- $other := index $.Values $name }}
{{- if and $.Values.feedback.secretName (eq $.Values.feedback.secretName $other.secretName) (eq $.Values.feedback.key $other.key) }}
- feedback and {{ $name }} both name the entry {{ $other.key }} of Secret {{ $other.secretName }}: sums of keys that callers show sign nothing. Give feedback an entry of its own, of lines as name:secret.
{{- end }}
{{- end }}
{{- /* guard: node ports without a type that has them */}}
{{- if and (eq .Values.service.type "ClusterIP") (or .Values.service.nodePorts.http .Values.service.nodePorts.grpc) }}
- service.nodePorts are given, and service.type is ClusterIP, which has none: set it to NodePort or LoadBalancer.
{{- end }}
{{- $monitoring := .Values.monitoring -}}
{{- $monitor := or $monitoring.podMonitor.enabled $monitoring.serviceMonitor.enabled -}}
{{- /* guard: two monitors */}}
{{- if and $monitoring.podMonitor.enabled $monitoring.serviceMonitor.enabled }}
- monitoring.podMonitor and monitoring.serviceMonitor are both enabled: every pod would be counted twice, expected one of them.
{{- end }}
{{- /* guard: Prometheus without a certificate */}}
{{- if and $monitor .Values.tls.secretName .Values.tls.clientCaSecretName (not $monitoring.tls.clientSecretName) }}
- tls.clientCaSecretName has callers show a certificate, Prometheus too: give monitoring.tls.clientSecretName.
{{- end }}
{{- /* guard: Prometheus without a key */}}
{{- if and $monitor .Values.auth.secretName .Values.auth.metrics (not $monitoring.authorization.secretName) }}
- auth.metrics has callers of /metrics show a key, Prometheus too: give monitoring.authorization.secretName.
{{- end }}
{{- /* guard: rules that are none */}}
{{- range $name, $text := $monitoring.rules.files }}
{{- if not (kindIs "slice" (get (fromYaml $text) "groups")) }}
- monitoring.rules.files.{{ $name }} holds no rules: expected the text of a file with a list `groups`, as `--set-file` reads it and `python -m monitoring.generate` writes it.
{{- end }}
{{- end }}
{{- /* guard: rules that nobody installs */}}
{{- if and $monitoring.rules.files (not $monitoring.rules.enabled) }}
- monitoring.rules.files names {{ keys $monitoring.rules.files | sortAlpha | join ", " }}, and monitoring.rules.enabled is false: nobody would install them, expected true.
{{- end }}
{{- /* guard: dashboards for an operator and none to give */}}
{{- if and $monitoring.dashboards.grafanaOperator.enabled (not $monitoring.dashboards.enabled) }}
- monitoring.dashboards.grafanaOperator.enabled is true, and monitoring.dashboards.enabled is false: it would have no ConfigMaps to read, expected true.
{{- end }}
{{- /* guard: route without a Gateway */}}
{{- range $name := list "httpRoute" "grpcRoute" }}
{{- $route := index $.Values $name }}
{{- if and $route.enabled (not $route.parentRefs) }}
- {{ $name }}.enabled is set, but {{ $name }}.parentRefs names no Gateway.
{{- end }}
{{- end }}
{{- /* guard: route for gRPC that is not spoken */}}
{{- if and .Values.grpcRoute.enabled (not .Values.enableGrpc) }}
- grpcRoute.enabled is set, but enableGrpc is off.
{{- end }}
{{- $route := .Values.httpRoute -}}
{{- $deadline := float64 .Values.deadline.defaultSeconds -}}
{{- /* guard: route that gives up before the server */}}
{{- if and $route.enabled $route.timeoutSeconds (gt $deadline (float64 $route.timeoutSeconds)) }}
- httpRoute.timeoutSeconds is {{ $route.timeoutSeconds }}, less than deadline.defaultSeconds, which is {{ $deadline }}: callers would see the gateway's 504 for answers on their way.
{{- end }}
{{- /* guard: two routes of the same names */}}
{{- $grpcRoute := .Values.grpcRoute -}}
{{- $sameGateway := false -}}
{{- range $parent := $route.parentRefs -}}{{- if has (toJson $parent) (splitList "\n" (include "ecluse.lines" $grpcRoute.parentRefs)) -}}{{- $sameGateway = true -}}{{- end -}}{{- end -}}
{{- $sameName := not (and $route.hostnames $grpcRoute.hostnames) -}}
{{- range $route.hostnames -}}{{- if has . $grpcRoute.hostnames -}}{{- $sameName = true -}}{{- end -}}{{- end -}}
{{- if and $route.enabled $grpcRoute.enabled $sameGateway $sameName }}
- httpRoute and grpcRoute have the same hostnames at the same Gateway, which accepts only one of them: give them different hostnames, or a sectionName each.
{{- end }}
{{- $ingress := .Values.ingress -}}
{{- /* guard: Ingress without a host */}}
{{- if and $ingress.enabled (not $ingress.hosts) }}
- ingress.enabled is set, but ingress.hosts is empty.
{{- end }}
{{- /* guard: Ingress for gRPC without a host */}}
{{- if and $ingress.grpc.enabled (not $ingress.grpc.hosts) }}
- ingress.grpc.enabled is set, but ingress.grpc.hosts is empty.
{{- end }}
{{- /* guard: Ingress for gRPC that is not spoken */}}
{{- if and $ingress.grpc.enabled (not .Values.enableGrpc) }}
- ingress.grpc.enabled is set, but enableGrpc is off.
{{- end }}
{{- end -}}

{{/* A list as lines of JSON, to compare what is in it. */}}
{{- define "ecluse.lines" -}}
{{- range $index, $item := . }}{{ if $index }}{{ "\n" }}{{ end }}{{ toJson $item }}{{ end -}}
{{- end -}}
