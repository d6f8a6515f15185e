{{/*
Names, labels, the image and the mode: what every object of the chart asks for.
*/}}

{{/* The chart's name as a label. */}}
{{- define "ecluse.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 53 | trimSuffix "-" -}}
{{- end -}}

{{/*
The name of the release's objects, at most 48 characters: KServe makes "isvc.NAME-predictor" of it, a label, and 63
are a label's limit.
*/}}
{{- define "ecluse.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 48 | trimSuffix "-" -}}
{{- else if contains (include "ecluse.name" .) .Release.Name -}}
{{- .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "ecluse.name" .) | trunc 48 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* kserve or plain, whatever `mode` says. */}}
{{- define "ecluse.mode" -}}
{{- if ne .Values.mode "auto" -}}
{{- .Values.mode -}}
{{- else if .Capabilities.APIVersions.Has "serving.kserve.io/v1beta1" -}}
kserve
{{- else -}}
plain
{{- end -}}
{{- end -}}

{{/* Labels of the pods, in both modes: none that changes from release to release, or pods would restart for it. */}}
{{- define "ecluse.stableLabels" -}}
app.kubernetes.io/name: {{ include "ecluse.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
app.kubernetes.io/part-of: ecluse
{{- end -}}

{{/* Labels of the objects that are ours and that nothing is restarted for. */}}
{{- define "ecluse.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "ecluse.stableLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{/*
What finds the server's pods, for whatever selects them. In kserve mode it is KServe's own label; an object of ours
must never carry it together with "component: predictor" among its own labels, or KServe deletes it as an orphan.
*/}}
{{- define "ecluse.podSelector" -}}
{{- if eq (include "ecluse.mode" .) "kserve" -}}
serving.kserve.io/inferenceservice: {{ include "ecluse.fullname" . }}
{{- else -}}
app.kubernetes.io/name: {{ include "ecluse.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end -}}
{{- end -}}

{{/* The Deployment that runs the pods: KServe makes its own. */}}
{{- define "ecluse.deploymentName" -}}
{{- include "ecluse.fullname" . }}{{ if eq (include "ecluse.mode" .) "kserve" }}-predictor{{ end }}
{{- end -}}

{{/* The Service that callers in the cluster use: port 80 is REST, 8081 is gRPC, in both modes. */}}
{{- define "ecluse.serviceName" -}}
{{- include "ecluse.deploymentName" . -}}
{{- end -}}

{{/* The container of the server: KServe knows it by this name only. */}}
{{- define "ecluse.containerName" -}}
{{- if eq (include "ecluse.mode" .) "kserve" -}}kserve-container{{- else -}}server{{- end -}}
{{- end -}}

{{- define "ecluse.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "ecluse.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* registry/repository@digest, or with a tag. The tag's default says what the image holds: a model, libraries for GPUs. */}}
{{- define "ecluse.image" -}}
{{- $image := .Values.image -}}
{{- $registry := .Values.global.imageRegistry | default $image.registry -}}
{{- $name := ternary (printf "%s/%s" $registry $image.repository) $image.repository (ne $registry "") -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- $demo := ternary "-demo" "" (eq .Values.model.source "demo") -}}
{{- $gpu := ternary "-gpu" "" (eq $image.variant "gpu") -}}
{{- printf "%s:%s" $name ($image.tag | default (printf "%s%s%s" .Chart.AppVersion $demo $gpu)) -}}
{{- end -}}
{{- end -}}
