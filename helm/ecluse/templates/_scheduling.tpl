{{/*
Where a pod may run and what it asks for: the user's words first, then the GPU
preset's, then the spread over hosts and zones. One template for each field of a
pod, each empty where nothing is said. Never overrides what the user gave.
*/}}

{{/* Every key of a node's labels that the user speaks of, as JSON of a map: the preset is silent on those. */}}
{{- define "ecluse.scheduling.usersKeys" -}}
{{- $keys := dict -}}
{{- range $key, $_ := .Values.nodeSelector -}}{{- $_ := set $keys $key true -}}{{- end -}}
{{- $required := dig "nodeAffinity" "requiredDuringSchedulingIgnoredDuringExecution" "nodeSelectorTerms" list .Values.affinity -}}
{{- range $required -}}{{- range .matchExpressions -}}{{- $_ := set $keys .key true -}}{{- end -}}{{- end -}}
{{ toJson $keys }}
{{- end -}}

{{/*
Affinity as YAML. Terms are alternatives and the expressions of one all hold, so the preset's expressions are added
to each alternative of the user's.
*/}}
{{- define "ecluse.affinity" -}}
{{- $affinity := deepCopy .Values.affinity -}}
{{- $usersKeys := include "ecluse.scheduling.usersKeys" . | fromJson -}}
{{- $expressions := list -}}
{{- range (include "ecluse.gpu.expressions" . | fromJson).terms -}}
  {{- if not (hasKey $usersKeys .key) -}}{{- $expressions = append $expressions . -}}{{- end -}}
{{- end -}}
{{- if $expressions -}}
  {{- $terms := list -}}
  {{- range dig "nodeAffinity" "requiredDuringSchedulingIgnoredDuringExecution" "nodeSelectorTerms" list $affinity -}}
    {{- $terms = append $terms (merge (dict "matchExpressions" (concat (.matchExpressions | default list) $expressions)) .) -}}
  {{- end -}}
  {{- $terms = $terms | default (list (dict "matchExpressions" $expressions)) -}}
  {{- $required := dict "requiredDuringSchedulingIgnoredDuringExecution" (dict "nodeSelectorTerms" $terms) -}}
  {{- $_ := set $affinity "nodeAffinity" (merge $required ($affinity.nodeAffinity | default dict)) -}}
{{- end -}}
{{- if $affinity -}}{{ toYaml $affinity }}{{- end -}}
{{- end -}}

{{/* Tolerations as YAML: the user's, and those of the preset on keys that the user does not speak of. */}}
{{- define "ecluse.tolerations" -}}
{{- $tolerations := .Values.tolerations -}}
{{- $keys := dict -}}
{{- range $tolerations -}}{{- $_ := set $keys (.key | default "") true -}}{{- end -}}
{{- range (include "ecluse.gpu.tolerations" . | fromJson).terms -}}
  {{- if not (hasKey $keys .key) -}}{{- $tolerations = append $tolerations . -}}{{- end -}}
{{- end -}}
{{- if $tolerations -}}{{ toYaml $tolerations }}{{- end -}}
{{- end -}}

{{/* The container's resources as YAML: the user's, with the GPUs unless the user counted them. */}}
{{- define "ecluse.resources" -}}
{{- $resources := deepCopy .Values.resources -}}
{{- $counted := false -}}
{{- range $name, $_ := $resources.limits -}}{{- if contains "nvidia.com/" $name -}}{{- $counted = true -}}{{- end -}}{{- end -}}
{{- with include "ecluse.gpu.limits" . | fromYaml -}}
  {{- if not $counted -}}{{- $_ := set $resources "limits" (merge ($resources.limits | default dict) .) -}}{{- end -}}
{{- end -}}
{{- if and .Values.gpu.enabled .Values.gpu.dra.enabled -}}
  {{- $_ := set $resources "claims" (append ($resources.claims | default list) (dict "name" "gpu")) -}}
{{- end -}}
{{ toYaml $resources }}
{{- end -}}

{{/*
The spread as YAML. Soft, so that one node is enough; counted per revision, or the pods that a rolling update is
about to delete would push the new ones together.
*/}}
{{- define "ecluse.topologySpread" -}}
{{- if .Values.topologySpread.constraints -}}
{{ tpl (toYaml .Values.topologySpread.constraints) . }}
{{- else if .Values.topologySpread.enabled -}}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- topologyKey: {{ . }}
  maxSkew: 1
  whenUnsatisfiable: {{ $.Values.topologySpread.whenUnsatisfiable }}
  labelSelector:
    matchLabels: {{- include "ecluse.podSelector" $ | nindent 6 }}
  matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end -}}
{{- end -}}

{{/* The runtime class: one of the user's for GPUs counts where GPUs are asked for. */}}
{{- define "ecluse.runtimeClassName" -}}
{{- if .Values.gpu.enabled -}}{{ .Values.gpu.runtimeClassName }}{{- end -}}
{{- end -}}

{{/* The fewest pods that there are when nothing is wrong. */}}
{{- define "ecluse.leastReplicas" -}}
{{- if eq .Values.autoscaling.type "none" }}{{ .Values.replicas }}{{ else }}{{ .Values.autoscaling.minReplicas }}{{ end -}}
{{- end -}}

{{/* The most pods that there are when nothing is wrong. */}}
{{- define "ecluse.mostReplicas" -}}
{{- if eq .Values.autoscaling.type "none" }}{{ .Values.replicas }}{{ else }}{{ .Values.autoscaling.maxReplicas }}{{ end -}}
{{- end -}}
