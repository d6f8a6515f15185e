{{/*
Refuses values that cannot work together. All mistakes are told at once, a sentence each, which names the values and
what is expected. Each guard begins with a line "guard: NAME", and has a row of that name in
tests/contract/chart/test_guards.py. What a single value may be is said in values.schema.json.
*/}}

{{- define "ecluse.guards" -}}
{{- with include "ecluse.mistakes" . | trim -}}
{{- fail (printf "\n%s\n" .) -}}
{{- end -}}
{{- end -}}

{{- define "ecluse.mistakes" -}}
{{- include "ecluse.mistakes.mode" . }}
{{- include "ecluse.mistakes.model" . }}
{{- include "ecluse.mistakes.drain" . }}
{{- include "ecluse.mistakes.rollout" . }}
{{- include "ecluse.mistakes.access" . }}
{{- include "ecluse.mistakes.settings" . }}
{{- include "ecluse.mistakes.additions" . }}
{{- end -}}

{{/*
Whether the cluster was asked what it knows: `helm template` asks none, and has versions of APIs but no kinds.
*/}}
{{- define "ecluse.clusterIsKnown" -}}
{{- if .Capabilities.APIVersions.Has "v1/Pod" -}}yes{{- end -}}
{{- end -}}

{{- define "ecluse.mistakes.mode" -}}
{{- /* guard: unknown mode */}}
{{- if not (has .Values.mode (list "auto" "kserve" "plain")) }}
- mode is {{ .Values.mode }}: expected auto, kserve or plain.
{{- end }}
{{- /* guard: kserve without KServe */}}
{{- if and (eq .Values.mode "kserve") (include "ecluse.clusterIsKnown" .) (not (.Capabilities.APIVersions.Has "serving.kserve.io/v1beta1")) }}
- mode is kserve, and this cluster does not know serving.kserve.io/v1beta1: install KServe first, or set mode to plain (or auto).
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
{{- if and (eq $model.source "storageUri") (eq (include "ecluse.mode" .) "plain") }}
- model.source is storageUri, which only KServe fetches, and the mode is plain: set mode to kserve, or model.source to existingClaim for a model in a volume.
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
{{- $scaling := .Values.autoscaling -}}
{{- $scaled := ne $scaling.type "none" -}}
{{- $least := ternary (int64 $scaling.minReplicas) (int64 .Values.replicas) $scaled -}}
{{- $leastName := ternary "autoscaling.minReplicas" "replicas" $scaled -}}
{{- /* guard: no pod more and no pod less */}}
{{- if and (eq $strategy.profile "availability") (has (toString $strategy.maxSurge) (list "0" "0%")) }}
- strategy.maxSurge is {{ $strategy.maxSurge }}, and the profile availability takes no pod away before another is ready, so that no pod could ever be replaced: give it 1 or more, or set strategy.profile to resourceAware.
{{- end }}
{{- /* guard: one pod, and that one taken away first */}}
{{- if and (eq $strategy.profile "resourceAware") (eq $least 1) }}
- strategy.profile is resourceAware, which takes a pod away before another is ready (maxUnavailable 1), and {{ $leastName }} is 1: nobody would answer meanwhile. Give it 2 or more, or set strategy.profile to availability, or to recreate where an outage is accepted.
{{- end }}
{{- /* guard: replicas beside an autoscaler */}}
{{- if and $scaled (ne (int64 .Values.replicas) 2) }}
- replicas is {{ .Values.replicas }}, and autoscaling.type is {{ $scaling.type }}, which decides how many pods there are: give autoscaling.minReplicas and autoscaling.maxReplicas, and leave replicas as it is.
{{- end }}
{{- /* guard: fewest above most */}}
{{- if and $scaled (gt (int64 $scaling.minReplicas) (int64 $scaling.maxReplicas)) }}
- autoscaling.minReplicas is {{ $scaling.minReplicas }}, and autoscaling.maxReplicas only {{ $scaling.maxReplicas }}.
{{- end }}
{{- /* guard: HPA that scales to zero */}}
{{- if and (eq $scaling.type "hpa") (eq (int64 $scaling.minReplicas) 0) }}
- autoscaling.minReplicas is 0, and an HPA keeps at least one pod: give it 1 or more, or set autoscaling.type to keda.
{{- end }}
{{- /* guard: two autoscalers */}}
{{- range .Values.extraObjects }}
{{- if and (kindIs "map" .) $scaled (has .kind (list "HorizontalPodAutoscaler" "ScaledObject")) }}
- extraObjects hold a {{ .kind }}, and autoscaling.type is {{ $scaling.type }}: two autoscalers would fight over the same pods. Set autoscaling.type to none, or take the object out.
{{- end }}
{{- end }}
{{- end -}}

{{- define "ecluse.mistakes.access" -}}
{{- /* guard: client certificates without TLS */}}
{{- if and .Values.tls.clientCaSecretName (not .Values.tls.secretName) }}
- tls.clientCaSecretName is {{ .Values.tls.clientCaSecretName }}, and tls.secretName is empty: callers can show certificates only over TLS. Name the Secret with the server's own.
{{- end }}
{{- /* guard: admin without keys */}}
{{- if and .Values.admin.enabled (not .Values.admin.secretName) }}
- admin.enabled is true, and admin.secretName is empty: whoever reaches a pod could load and unload models. Name a Secret with the keys that this takes.
{{- end }}
{{- /* guard: metrics behind keys that there are not */}}
{{- if and .Values.auth.metrics (not .Values.auth.secretName) }}
- auth.metrics is true, and auth.secretName is empty: there are no keys that /metrics could ask for. Name a Secret with them.
{{- end }}
{{- /* guard: node ports without a type that has them */}}
{{- if and (eq .Values.service.type "ClusterIP") (or .Values.service.nodePorts.http .Values.service.nodePorts.grpc) }}
- service.nodePorts are given, and service.type is ClusterIP, which has none: set it to NodePort or LoadBalancer.
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
