{{/*
Refuses values that cannot work together. All mistakes are told at once, a sentence each, which names the values and
what is expected. Each guard begins with a comment "guard: NAME", here, in the files _guards_*.tpl and in
_capabilities.tpl, and has a row of that name in tests/contract/chart/guard_rows.py. What a single value may be is said
in values.schema.json.
*/}}

{{- define "ecluse.guards" -}}
{{- with include "ecluse.mistakes" . | trim -}}
{{- fail (printf "\n%s\n" .) -}}
{{- end -}}
{{- end -}}

{{- define "ecluse.mistakes" -}}
{{- include "ecluse.mistakes.mode" . }}
{{- include "ecluse.mistakes.capabilities" . }}
{{- include "ecluse.mistakes.model" . }}
{{- include "ecluse.mistakes.drain" . }}
{{- include "ecluse.mistakes.rollout" . }}
{{- include "ecluse.mistakes.replicas" . }}
{{- include "ecluse.mistakes.gpu" . }}
{{- include "ecluse.mistakes.access" . }}
{{- include "ecluse.mistakes.settings" . }}
{{- include "ecluse.mistakes.additions" . }}
{{- include "ecluse.mistakes.loadtest" . }}
{{- include "ecluse.mistakes.gatedRollout" . }}
{{- end -}}

{{- define "ecluse.mistakes.mode" -}}
{{- /* guard: unknown mode */}}
{{- if not (has .Values.mode (list "auto" "kserve" "plain")) }}
- mode is {{ .Values.mode }}: expected auto, kserve or plain.
{{- end }}
{{- end -}}

{{- define "ecluse.mistakes.model" -}}
{{- $model := .Values.model -}}
{{- $schemes := "pvc://, s3://, gs://, hdfs://, webhdfs://, hf://, http://, https:// or oci://" -}}
{{- /* guard: no storageUri */}}
{{- if and (eq $model.source "storageUri") (not $model.storageUri) }}
- model.source is storageUri, and model.storageUri is empty: expected an address that begins with {{ $schemes }}.
{{- end }}
{{- /* guard: storageUri of no known kind */}}
{{- if and (eq $model.source "storageUri") $model.storageUri (not (regexMatch "^(pvc|s3|gs|hdfs|webhdfs|hf|https?|oci(\\+(native|fetch))?)://." $model.storageUri)) }}
- model.storageUri is {{ $model.storageUri }}: expected an address that begins with {{ $schemes }}.
{{- end }}
{{- /* guard: storageUri in mode plain */}}
{{- if and (include "ecluse.model.isFetched" .) (not $model.fetcher.image) }}
- model.storageUri is {{ $model.storageUri }}, and in mode plain nobody fetches it: name an image that does in model.fetcher.image, set mode to kserve, or mount a volume with pvc:// or model.source existingClaim.
{{- end }}
{{- /* guard: storageUri that nobody reads */}}
{{- if and $model.storageUri (ne $model.source "storageUri") }}
- model.storageUri is {{ $model.storageUri }}, and nobody would fetch it: model.source is {{ $model.source }}, and must be storageUri.
{{- end }}
{{- /* guard: no claim */}}
{{- if and (eq $model.source "existingClaim") (not $model.existingClaim.name) }}
- model.source is existingClaim, and model.existingClaim.name is empty: expected the name of a PersistentVolumeClaim.
{{- end }}
{{- /* guard: claim that nobody mounts */}}
{{- if and $model.existingClaim.name (ne $model.source "existingClaim") }}
- model.existingClaim.name is {{ $model.existingClaim.name }}, and nobody would mount it: model.source is {{ $model.source }}, and must be existingClaim.
{{- end }}
{{- end -}}

{{- define "ecluse.mistakes.drain" -}}
{{- /* guard: drain longer than the grace period */}}
{{- $drain := .Values.drain -}}
{{- $needed := addf $drain.preStopSeconds $drain.lameDuckSeconds $drain.timeoutSeconds 5 | ceil }}
{{- if lt (float64 .Values.terminationGracePeriodSeconds) $needed }}
- terminationGracePeriodSeconds is {{ .Values.terminationGracePeriodSeconds }}, and a pod may take {{ $needed }} to end: drain.preStopSeconds {{ $drain.preStopSeconds }} + drain.lameDuckSeconds {{ $drain.lameDuckSeconds }} + drain.timeoutSeconds {{ $drain.timeoutSeconds }} + 5 to spare. Give it {{ $needed }} or more, or shorten the drain; otherwise requests in flight are killed.
{{- end }}
{{- end -}}

{{- define "ecluse.mistakes.rollout" -}}
{{- $strategy := .Values.strategy -}}
{{- $least := ternary "replicas" "autoscaling.minReplicas" (eq .Values.autoscaling.type "none") -}}
{{- /* guard: no pod more and no pod less */}}
{{- if and (eq $strategy.profile "availability") (has (toString $strategy.maxSurge) (list "0" "0%")) }}
- strategy.maxSurge is {{ $strategy.maxSurge }}, and the profile availability takes no pod away before another is ready, so that no pod could ever be replaced: give it 1 or more, or set strategy.profile to resourceAware.
{{- end }}
{{- /* guard: one pod, and that one taken away first */}}
{{- if and (eq $strategy.profile "resourceAware") (lt (include "ecluse.leastReplicas" . | int) 2) (or (ne .Values.autoscaling.type "none") (gt (int .Values.replicas) 0)) }}
- strategy.profile is resourceAware, which takes a pod away before another is ready (maxUnavailable 1), and {{ $least }} is {{ include "ecluse.leastReplicas" . }}: nobody would answer meanwhile. Give it 2 or more, or set strategy.profile to availability, or to recreate where an outage is accepted.
{{- end }}
{{- end -}}

{{- define "ecluse.mistakes.settings" -}}
{{- /* guard: default level above the levels */}}
{{- if gt (int64 .Values.priority.defaultLevel) (int64 .Values.priority.levels) }}
- priority.defaultLevel is {{ int64 .Values.priority.defaultLevel }}, and priority.levels only {{ int64 .Values.priority.levels }}.
{{- end }}
{{- /* guard: capture where nothing can be written */}}
{{- $path := .Values.capture.path }}
{{- if $path }}
{{- $writable := hasPrefix "/tmp/" $path }}
{{- range .Values.extraVolumeMounts }}
{{- if and (hasPrefix (printf "%s/" (trimSuffix "/" .mountPath)) $path) (not .readOnly) }}{{ $writable = true }}{{ end }}
{{- end }}
{{- if not $writable }}
- capture.path is {{ $path }}, where nothing can be written: the root of the file system is read-only. Mount a volume there with extraVolumes and extraVolumeMounts, or capture below /tmp.
{{- end }}
{{- end }}
{{- end -}}

{{- define "ecluse.mistakes.additions" -}}
{{- /* guard: a label that pods are found by */}}
{{- range $value, $labels := dict "podLabels" .Values.podLabels "kserve.labels" .Values.kserve.labels }}
{{- range $label, $_ := $labels }}
{{- if or (hasPrefix "app.kubernetes.io/" $label) (hasPrefix "serving.kserve.io/" $label) (has $label (list "app" "component" "pod-template-hash")) }}
- {{ $value }} sets {{ $label }}, which pods are found by: budgets, policies and Services would lose them. Expected a label of your own.
{{- end }}
{{- end }}
{{- end }}
{{- $known := include "ecluse.settings.variables" . | fromJson -}}
{{- range .Values.extraEnv }}
{{- /* guard: a setting as extra environment */}}
{{- if hasKey $known.values .name }}
- extraEnv sets {{ .name }}, which is the value {{ get $known.values .name }}: set that instead.
{{- end }}
{{- /* guard: a decided setting as extra environment */}}
{{- if hasKey $known.decided .name }}
- extraEnv sets {{ .name }}, which is the chart's to decide: {{ get $known.decided .name }}.
{{- end }}
{{- end }}
{{- /* guard: a name twice */}}
{{- $server := dict "name" (include "ecluse.containerName" .) }}
{{- range $what, $names := dict
  "extraEnv names the variable" (include "ecluse.named" (list (include "ecluse.env" . | fromYamlArray) "name") | fromJsonArray)
  "extraVolumes names the volume" (include "ecluse.named" (list (include "ecluse.volumes" . | fromYamlArray) "name") | fromJsonArray)
  "extraVolumeMounts mounts on" (include "ecluse.named" (list (include "ecluse.volumeMounts" . | fromYamlArray) "mountPath") | fromJsonArray)
  "extraContainers and extraInitContainers name the container" (include "ecluse.named" (list (concat (list $server) .Values.extraContainers .Values.extraInitContainers) "name") | fromJsonArray)
}}
{{- range $name := uniq $names }}
{{- if gt (len (include "ecluse.times" (list $name $names))) 1 }}
- {{ $what }} {{ $name }}, which is there already: give each once.
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What each of a list's entries has under a key, as JSON. */}}
{{- define "ecluse.named" -}}
{{- $key := index . 1 -}}
{{- $names := list -}}
{{- range index . 0 -}}{{- $names = append $names (get . $key) -}}{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{/* A letter for each time that a name is in a list. */}}
{{- define "ecluse.times" -}}
{{- $name := index . 0 -}}
{{- range index . 1 -}}{{- if eq . $name -}}x{{- end -}}{{- end -}}
{{- end -}}
