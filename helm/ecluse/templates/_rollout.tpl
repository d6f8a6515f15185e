{{/*
A gated rollout to this release: what `python -m k8s.rollout` may do, what it is to do, and a Job that does it.

A Job cannot be changed, so each revision of the release has its own, and Helm deletes that of the revision before; a
rollout that this cuts off is gone on with by the next, since its state is in a Lease. All else has one name.
*/}}

{{- define "ecluse.rollout.fullname" -}}
{{- include "ecluse.fullname" . | trunc 40 | trimSuffix "-" }}-rollout
{{- end -}}

{{- define "ecluse.rollout.jobName" -}}
{{- printf "%s-%d" (include "ecluse.rollout.fullname" .) .Release.Revision -}}
{{- end -}}

{{- define "ecluse.rollout.labels" -}}
{{- include "ecluse.labels" . | replace "component: server" "component: rollout" -}}
{{- end -}}

{{/* What finds the pods of every rollout in the namespace, of whichever release: each asks the servers of two. */}}
{{- define "ecluse.rollout.selector" -}}
app.kubernetes.io/part-of: ecluse
app.kubernetes.io/component: rollout
{{- end -}}

{{- define "ecluse.rollout.podLabels" -}}
app.kubernetes.io/name: {{ include "ecluse.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{ include "ecluse.rollout.selector" . }}
{{- end -}}

{{- define "ecluse.rollout.isOfKserve" -}}
{{- if hasPrefix "kserve-" .Values.rollout.backend }}yes{{ end -}}
{{- end -}}

{{/* The object that holds the shares, as KIND/NAME. */}}
{{- define "ecluse.rollout.target" -}}
{{- if include "ecluse.rollout.isOfKserve" . -}}
{{- .Values.rollout.target | default (printf "inferenceservice/%s" (include "ecluse.fullname" .)) -}}
{{- else -}}
{{- .Values.rollout.target -}}
{{- end -}}
{{- end -}}

{{- define "ecluse.rollout.targetName" -}}
{{- last (splitList "/" (include "ecluse.rollout.target" .)) -}}
{{- end -}}

{{- define "ecluse.rollout.serviceAccountName" -}}
{{- .Values.rollout.rbac.serviceAccountName | default (include "ecluse.rollout.fullname" .) -}}
{{- end -}}

{{/*
The least rights for the backend, as rules of a Role: those of k8s/rollout/rights.py, which a test compares. What has a
name beforehand is allowed by its name alone; a Lease and an Event can only be made without.
*/}}
{{- define "ecluse.rollout.rules" -}}
{{- $backend := .Values.rollout.backend -}}
{{- $name := include "ecluse.rollout.targetName" . -}}
{{- $lease := include "ecluse.rollout.target" . | replace "/" "-" | printf "ecluse-rollout-%s" -}}
{{- if eq $backend "gateway" }}
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes, grpcroutes]
  resourceNames: [{{ list $name .Values.rollout.grpcRoute | compact | uniq | join ", " }}]
  verbs: [get, patch]
{{- end }}
{{- if eq $backend "replicas" }}
- apiGroups: [""]
  resources: [services]
  resourceNames: [{{ $name }}]
  verbs: [patch]
- apiGroups: [apps]
  resources: [deployments/scale]
  verbs: [patch]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [list]
{{- end }}
{{- if include "ecluse.rollout.isOfKserve" . }}
- apiGroups: [serving.kserve.io]
  resources: [inferenceservices]
  resourceNames: [{{ $name }}]
  verbs: [get, patch]
{{- end }}
{{- if eq $backend "kserve-canary" }}
- apiGroups: [gateway.networking.k8s.io]
  resources: [httproutes]
  verbs: [get]
{{- end }}
{{- if eq $backend "kserve-knative" }}
- apiGroups: [serving.knative.dev]
  resources: [revisions]
  verbs: [get]
{{- end }}
{{- /* How the pods of both sides are, and why not better. */}}
- apiGroups: [apps]
  resources: [deployments]
  verbs: [get, list]
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [list]
- apiGroups: [""]
  resources: [pods, events]
  verbs: [list]
- apiGroups: [""]
  resources: [pods/log, services]
  verbs: [get]
{{- /* The lock, and what was decided. */}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ $lease }}]
  verbs: [get, patch]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- if .Values.rollout.rbac.fromOutside }}
{{- /* From outside the cluster the servers are asked through the API server, which opens every path of theirs. */}}
- apiGroups: [""]
  resources: [{{ eq $backend "replicas" | ternary "pods/proxy" "services/proxy" }}]
  verbs: [get, create]
{{- end }}
{{- end -}}

{{- define "ecluse.rollout.image" -}}
{{- $image := .Values.rollout.job.image -}}
{{- $registry := .Values.global.imageRegistry | default $image.registry | default .Values.image.registry -}}
{{- $name := ternary (printf "%s/%s" $registry $image.repository) $image.repository (ne $registry "") -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name ($image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* What the ConfigMap holds, as YAML; empty where it is not needed. */}}
{{- define "ecluse.rollout.files" -}}
{{- with .Values.rollout.plan }}
plan.yaml: {{ toYaml . | quote }}
{{- end }}
{{- with .Values.rollout.job.smoke }}
smoke.json: {{ . | quote }}
{{- end }}
{{- with .Values.rollout.job.slo }}
slo.yaml: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "ecluse.rollout.args" -}}
{{- $rollout := .Values.rollout -}}
- {{ include "ecluse.rollout.target" . }}
- --backend={{ $rollout.backend }}
{{- if include "ecluse.rollout.isOfKserve" . }}
- --storage-uri={{ $rollout.job.storageUri }}
- --canary-name={{ $rollout.job.canaryName }}
{{- else }}
- --to={{ $rollout.to | default (include "ecluse.serviceName" .) }}
{{- with $rollout.grpcRoute }}
- --grpc-route={{ . }}
{{- end }}
{{- end }}
- --namespace={{ .Release.Namespace }}
- --prometheus={{ $rollout.prometheus }}
{{- if $rollout.plan }}
- --plan=/etc/ecluse/rollout/plan.yaml
{{- end }}
{{- if $rollout.job.smoke }}
- --smoke=/etc/ecluse/rollout/smoke.json
{{- end }}
{{- if $rollout.job.slo }}
- --slo=/etc/ecluse/rollout/slo.yaml
{{- end }}
- --out=/results{{ if $rollout.job.results.existingClaim }}/{{ include "ecluse.rollout.jobName" . }}{{ end }}
{{- range $rollout.job.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}
