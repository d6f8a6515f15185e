{{/*
Where GPUs are found and how they are asked for, preset by preset.

A preset knows the labels and taints that its cloud sets by itself; it says so in
node affinity, because a list of products is an affinity `In`. What the user says
of the same key wins: `_scheduling.tpl` merges. Knows nothing of the pod else.
*/}}

{{/* The resource that a pod asks for. MIG `mixed` names one per profile, and so does renamed time-slicing. */}}
{{- define "ecluse.gpu.resourceName" -}}
{{- $gpu := .Values.gpu -}}
{{- if $gpu.resourceName -}}
{{ $gpu.resourceName }}
{{- else -}}
{{- $name := "nvidia.com/gpu" -}}
{{- if and (eq $gpu.sharing "mig") (eq $gpu.mig.strategy "mixed") (ne $gpu.preset "gke") -}}
{{- $name = printf "nvidia.com/mig-%s" (include "ecluse.gpu.profile" .) -}}
{{- end -}}
{{- if and (has $gpu.sharing (list "timeSlicing" "mps")) $gpu.shared.renamed -}}
{{- $name = printf "%s.shared" $name -}}
{{- end -}}
{{ $name }}
{{- end -}}
{{- end -}}

{{/* A profile as labels and resources spell it: `1g.5gb+me` becomes `1g.5gb.me`. */}}
{{- define "ecluse.gpu.profile" -}}
{{ .Values.gpu.mig.profile | replace "+" "." }}
{{- end -}}

{{/* The limits that GPUs add to the container, as YAML of a map; empty with a DRA claim, which counts by itself. */}}
{{- define "ecluse.gpu.limits" -}}
{{- if and .Values.gpu.enabled (not .Values.gpu.dra.enabled) -}}
{{ dict (include "ecluse.gpu.resourceName" .) .Values.gpu.count | toYaml }}
{{- end -}}
{{- end -}}

{{/*
The products as GPU feature discovery's label spells them: with MIG `single` the profile is part of the name, and
shared cards carry a suffix unless their resource was renamed.
*/}}
{{- define "ecluse.gpu.discoveredProducts" -}}
{{- $gpu := .Values.gpu -}}
{{- $names := list -}}
{{- range $gpu.product -}}
  {{- $name := . -}}
  {{- if and (eq $gpu.sharing "mig") (eq $gpu.mig.strategy "single") -}}
    {{- $name = printf "%s-MIG-%s" $name (include "ecluse.gpu.profile" $) -}}
  {{- end -}}
  {{- $names = append $names $name -}}
  {{- if has $gpu.sharing (list "timeSlicing" "mps") -}}
    {{- $names = append $names (printf "%s-SHARED" $name) -}}
  {{- end -}}
{{- end -}}
{{ toJson $names }}
{{- end -}}

{{/* What the preset demands of a node, as JSON of {"terms": [matchExpressions...]}. */}}
{{- define "ecluse.gpu.expressions" -}}
{{- $gpu := .Values.gpu -}}
{{- $terms := list -}}
{{- /* A claim says by itself which devices will do. */ -}}
{{- if and $gpu.enabled (ne $gpu.preset "none") (not $gpu.dra.enabled) -}}
{{- $strategy := get (dict "timeSlicing" "time-slicing" "mps" "mps") $gpu.sharing -}}
{{- if eq $gpu.preset "gke" -}}
  {{- $terms = append $terms (include "ecluse.gpu.among" (list "cloud.google.com/gke-accelerator" $gpu.product) | fromJson) -}}
  {{- if eq $gpu.sharing "mig" -}}
    {{- $terms = append $terms (include "ecluse.gpu.among" (list "cloud.google.com/gke-gpu-partition-size" (list $gpu.mig.profile)) | fromJson) -}}
  {{- else if $strategy -}}
    {{- $strategy = ternary "time-sharing" "mps" (eq $gpu.sharing "timeSlicing") -}}
    {{- $terms = append $terms (include "ecluse.gpu.among" (list "cloud.google.com/gke-gpu-sharing-strategy" (list $strategy)) | fromJson) -}}
    {{- if $gpu.shared.replicas -}}
      {{- $terms = append $terms (include "ecluse.gpu.among" (list "cloud.google.com/gke-max-shared-clients-per-gpu" (list ($gpu.shared.replicas | toString))) | fromJson) -}}
    {{- end -}}
  {{- end -}}
{{- else if has $gpu.preset (list "karpenter" "eks-auto") -}}
  {{- /* Labels of GPU feature discovery are no help here: a node that does not exist yet has none. */ -}}
  {{- $prefix := ternary "karpenter.k8s.aws" "eks.amazonaws.com" (eq $gpu.preset "karpenter") -}}
  {{- if eq $gpu.preset "eks-auto" -}}
    {{- $terms = append $terms (include "ecluse.gpu.among" (list "eks.amazonaws.com/compute-type" (list "auto")) | fromJson) -}}
  {{- end -}}
  {{- if $gpu.product -}}
    {{- $terms = append $terms (include "ecluse.gpu.among" (list (printf "%s/instance-gpu-name" $prefix) $gpu.product) | fromJson) -}}
  {{- else if not $gpu.instanceTypes -}}
    {{- $terms = append $terms (include "ecluse.gpu.among" (list (printf "%s/instance-gpu-manufacturer" $prefix) (list "nvidia")) | fromJson) -}}
  {{- end -}}
{{- else -}}
  {{- /* gpu-operator, and the clouds whose own labels do not name the product. */ -}}
  {{- if eq $gpu.preset "aks" -}}
    {{- $terms = append $terms (include "ecluse.gpu.among" (list "kubernetes.azure.com/accelerator" (list "nvidia")) | fromJson) -}}
  {{- else if and (eq $gpu.preset "gpu-operator") (not $gpu.product) -}}
    {{- $terms = append $terms (include "ecluse.gpu.among" (list "nvidia.com/gpu.present" (list "true")) | fromJson) -}}
  {{- end -}}
  {{- if $gpu.product -}}
    {{- $terms = append $terms (include "ecluse.gpu.among" (list "nvidia.com/gpu.product" (include "ecluse.gpu.discoveredProducts" . | fromJsonArray)) | fromJson) -}}
  {{- end -}}
  {{- if $strategy -}}
    {{- $terms = append $terms (include "ecluse.gpu.among" (list "nvidia.com/gpu.sharing-strategy" (list $strategy)) | fromJson) -}}
    {{- if $gpu.shared.replicas -}}
      {{- $terms = append $terms (include "ecluse.gpu.among" (list "nvidia.com/gpu.replicas" (list ($gpu.shared.replicas | toString))) | fromJson) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}
{{- if and $gpu.enabled $gpu.instanceTypes -}}
  {{- $terms = append $terms (include "ecluse.gpu.among" (list "node.kubernetes.io/instance-type" $gpu.instanceTypes) | fromJson) -}}
{{- end -}}
{{ dict "terms" $terms | toJson }}
{{- end -}}

{{/* One expression: the label is one of these, or just there. Takes (list KEY VALUES). */}}
{{- define "ecluse.gpu.among" -}}
{{- $values := index . 1 -}}
{{- if $values -}}
{{ dict "key" (index . 0) "operator" "In" "values" $values | toJson }}
{{- else -}}
{{ dict "key" (index . 0) "operator" "Exists" | toJson }}
{{- end -}}
{{- end -}}

{{/* The taints that the preset's cloud, or custom, puts on GPU nodes, as JSON of {"terms": [tolerations...]}. */}}
{{- define "ecluse.gpu.tolerations" -}}
{{- $tolerations := list -}}
{{- if and .Values.gpu.enabled (ne .Values.gpu.preset "none") -}}
{{- $tolerations = append $tolerations (dict "key" "nvidia.com/gpu" "operator" "Exists" "effect" "NoSchedule") -}}
{{- if eq .Values.gpu.preset "aks" -}}
{{- $tolerations = append $tolerations (dict "key" "sku" "operator" "Equal" "value" "gpu" "effect" "NoSchedule") -}}
{{- end -}}
{{- end -}}
{{ dict "terms" $tolerations | toJson }}
{{- end -}}

{{/* The versions of the claims' API, newest first, as JSON. */}}
{{- define "ecluse.gpu.claimVersions" -}}
["resource.k8s.io/v1/ResourceClaimTemplate", "resource.k8s.io/v1beta2/ResourceClaimTemplate", "resource.k8s.io/v1beta1/ResourceClaimTemplate"]
{{- end -}}

{{/* The newest of them that the cluster has. */}}
{{- define "ecluse.gpu.claimVersion" -}}
{{- $version := "resource.k8s.io/v1" -}}
{{- range include "ecluse.gpu.claimVersions" . | fromJsonArray | reverse -}}{{- if $.Capabilities.APIVersions.Has . -}}{{- $version = dir . -}}{{- end -}}{{- end -}}
{{ $version }}
{{- end -}}

{{/* What a claim asks of its devices, as YAML of a map. The names are those of NVIDIA's driver. */}}
{{- define "ecluse.gpu.deviceRequest" -}}
{{- $gpu := .Values.gpu -}}
{{- $mig := eq $gpu.sharing "mig" -}}
{{- $selectors := list -}}
{{- if $gpu.product -}}
{{- $selectors = append $selectors (printf "device.attributes['gpu.nvidia.com'].productName in %s" (toJson $gpu.product | replace "\"" "'")) -}}
{{- end -}}
{{- if $mig -}}
{{- $selectors = append $selectors (printf "device.attributes['gpu.nvidia.com'].profile == '%s'" $gpu.mig.profile) -}}
{{- end -}}
{{- $selectors = concat $selectors $gpu.dra.selectors -}}
deviceClassName: {{ $gpu.dra.deviceClassName | default (ternary "mig.nvidia.com" "gpu.nvidia.com" $mig) }}
allocationMode: ExactCount
count: {{ $gpu.count }}
{{- with $selectors }}
selectors:
  {{- range . }}
  - cel:
      expression: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The pod's claims, as YAML of a list; empty where no claim is asked for. */}}
{{- define "ecluse.gpu.resourceClaims" -}}
{{- $dra := .Values.gpu.dra -}}
{{- if and .Values.gpu.enabled $dra.enabled -}}
{{- if $dra.claimName }}
- name: gpu
  resourceClaimName: {{ $dra.claimName }}
{{- else }}
- name: gpu
  resourceClaimTemplateName: {{ $dra.claimTemplateName | default (printf "%s-gpu" (include "ecluse.fullname" .)) }}
{{- end }}
{{- end -}}
{{- end -}}
