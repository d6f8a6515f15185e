{{/*
What the notes count together, and what an installation should be warned of, a point each.
*/}}

{{/* How long a pod may take from the order to end to its last answer. */}}
{{- define "ecluse.drain.seconds" -}}
{{- addf .Values.drain.preStopSeconds .Values.drain.lameDuckSeconds .Values.drain.timeoutSeconds -}}
{{- end -}}

{{/* How to see that Prometheus has found what was made for it: where it has not, nothing else says so. */}}
{{- define "ecluse.notes.monitoring" -}}
{{- $monitoring := .Values.monitoring -}}
{{- $ns := .Release.Namespace -}}
{{- $monitor := or $monitoring.podMonitor.enabled $monitoring.serviceMonitor.enabled -}}
{{- if or $monitor $monitoring.rules.enabled }}

See after a minute or two that Prometheus reads {{ if $monitor }}every pod{{ if $monitoring.rules.enabled }} and has the rules{{ end }}{{ else }}the rules{{ end }}, here asked for where kube-prometheus-stack has it:
{{ if $monitor }}
  kubectl get --raw '/api/v1/namespaces/monitoring/services/prometheus-operated:9090/proxy/api/v1/query?query=up%7Bnamespace%3D%22{{ $ns }}%22%7D'
{{- end }}
{{- if $monitoring.rules.enabled }}
  kubectl get --raw '/api/v1/namespaces/monitoring/services/prometheus-operated:9090/proxy/api/v1/rules?type=alert' | grep -o 'Ecluse[A-Za-z]*' | sort -u
{{- end }}

Where it does not, it takes other labels or other namespaces than these. What it asks for, to be given in monitoring.labels:

  kubectl get prometheus -A -o jsonpath='{range .items[*]}{.spec.podMonitorSelector} {.spec.ruleSelector} {.spec.podMonitorNamespaceSelector}{"\n"}{end}'
  kubectl --namespace {{ $monitoring.namespace | default $ns }} get podmonitors,servicemonitors,prometheusrules --selector app.kubernetes.io/instance={{ .Release.Name }} --show-labels
{{- end }}
{{- if or $monitoring.rules.enabled $monitoring.dashboards.enabled }}

{{ if and $monitoring.rules.enabled $monitoring.dashboards.enabled }}Rules and dashboards{{ else if $monitoring.rules.enabled }}The rules{{ else }}The dashboards{{ end }} hold for every server that Prometheus reads: leave them away from your other releases in this cluster, where a second copy
would be in the way of the first.
{{- end }}
{{- end -}}

{{/* How to wait for the verdict of the load test, and how to read it. */}}
{{- define "ecluse.notes.loadtest" -}}
{{- if .Values.loadtest.enabled -}}
{{- $name := include "ecluse.loadtest.name" . -}}
{{- $ns := .Release.Namespace }}

The load test {{ $name }} runs {{ .Values.loadtest.profile }} against {{ include "ecluse.loadtest.url" . }}. Follow it, and read its verdict and its exit status:

  kubectl --namespace {{ $ns }} logs --follow job/{{ $name }}      # once its pod runs
  kubectl --namespace {{ $ns }} get pods --selector job-name={{ $name }} -o jsonpath='{.items[0].status.containerStatuses[0].state.terminated.exitCode}{"\n"}'

0 passed, 1 failed, 2 used wrongly, 3 inconclusive, 4 the server could not be asked. `helm upgrade --wait --wait-for-jobs` fails where it is
not 0. Each upgrade runs it anew, and takes this one away.
{{- end }}
{{- end -}}

{{/* How to follow a gated rollout, and how it ends. */}}
{{- define "ecluse.notes.rollout" -}}
{{- if .Values.rollout.job.enabled -}}
{{- $name := include "ecluse.rollout.jobName" . -}}
{{- $ns := .Release.Namespace }}

The Job {{ $name }} moves the traffic of {{ include "ecluse.rollout.target" . }} to this release, as far as Prometheus lets it. Follow it, see how far it is, or take it back:

  kubectl --namespace {{ $ns }} logs --follow job/{{ $name }}      # once its pod runs
  python -m k8s.rollout {{ include "ecluse.rollout.target" . }} --namespace {{ $ns }} --status      # or --abort

Its exit status: 0 promoted, 1 used wrongly, 2 taken back by a gate, 3 taken back without a conclusion, 4 the cluster or Prometheus could
not be asked.
{{- end }}
{{- end -}}

{{- define "ecluse.notes.warnings" -}}
{{- $kserve := eq (include "ecluse.mode" .) "kserve" -}}
{{- if eq .Values.mode "auto" }}
- The mode was chosen by what this cluster knows today. If KServe comes or goes, the next upgrade changes it, and with it all
  pods at once: set mode to {{ include "ecluse.mode" . }} to stay.
{{- end }}
{{- if and (eq .Values.autoscaling.type "none") (eq (int .Values.replicas) 1) }}
- One replica: whatever ends its pod is felt by callers until another is ready, and no budget protects it.
{{- end }}
{{- if eq .Values.strategy.profile "recreate" }}
- The profile `recreate` ends all pods before new ones start: callers see every upgrade as an outage.
{{- end }}
{{- if $kserve }}
- helm --wait cannot be relied on for an InferenceService: Helm 3 does not look at it, and Helm 4 either takes it for ready
  while pods are being replaced, or waits until its timeout for a generation that KServe never tells (--wait=legacy does
  neither). Follow the Deployment, as above, or with `python -m k8s.wait`.
{{- end }}
{{- if and $kserve (eq .Values.model.source "storageUri") (not (include "ecluse.model.isOurs" .)) (not (hasPrefix "pvc://" .Values.model.storageUri)) }}
- KServe fetches the model with a container of its own, which a namespace that enforces `restricted` refuses: no pod is
  made then, and the ReplicaSet's events say so. model.fetcher takes its place.
{{- end }}
{{- if and .Values.auth.secretName .Values.tests.enabled (not .Values.tests.keySecretName) }}
- helm test has no key to show and will be refused: name a Secret that holds one in tests.keySecretName.
{{- end }}
{{- if and .Values.tls.secretName (or .Values.httpRoute.enabled .Values.grpcRoute.enabled .Values.ingress.enabled) }}
- The pods speak TLS, and what passes the route has to as well: with the Gateway API that takes a BackendTLSPolicy for the
  Service, with an ingress controller an annotation of its own.
{{- end }}
{{- if and $kserve .Values.tls.secretName }}
- KServe's own routes speak plain text to the pods: with TLS here, callers need a route of their own or the Service.
{{- end }}
{{- end -}}
