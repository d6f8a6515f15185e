{{/*
A gated rollout that could only end with "used wrongly", or that would be undone.
*/}}
{{- define "ecluse.mistakes.gatedRollout" -}}
{{- $rollout := .Values.rollout -}}
{{- $job := $rollout.job -}}
{{- $target := include "ecluse.rollout.target" . -}}
{{- $kind := get (dict "gateway" "httproute" "replicas" "service" "kserve-canary" "inferenceservice" "kserve-knative" "inferenceservice") $rollout.backend -}}
{{- if or $rollout.rbac.create $job.enabled -}}
{{- /* guard: rollout of nothing */}}
{{- if not $target }}
- rollout.{{ ternary "job.enabled" "rbac.create" $job.enabled }} is set, and rollout.target is empty: expected {{ $kind }}/NAME, whose shares are to be moved.
{{- end }}
{{- /* guard: target of another backend */}}
{{- if and $target (not (hasPrefix (printf "%s/" $kind) $target)) }}
- rollout.target is {{ $target }}, and rollout.backend {{ $rollout.backend }} moves the shares of another kind: expected {{ $kind }}/NAME.
{{- end }}
{{- /* guard: KServe's canary without KServe */}}
{{- if and (include "ecluse.rollout.isOfKserve" .) (eq (include "ecluse.mode" .) "plain") }}
- rollout.backend is {{ $rollout.backend }}, and mode is plain: expected the backend gateway or replicas, or mode kserve.
{{- end }}
{{- /* guard: replicas that are KServe's */}}
{{- if and (eq $rollout.backend "replicas") (eq (include "ecluse.mode" .) "kserve") }}
- rollout.backend is replicas, and in mode kserve the number of pods is KServe's: expected the backend gateway, or mode plain.
{{- end }}
{{- /* guard: replicas that are an autoscaler's */}}
{{- if and (eq $rollout.backend "replicas") (ne .Values.autoscaling.type "none") }}
- rollout.backend is replicas, and autoscaling.type is {{ .Values.autoscaling.type }}: both would set the number of pods. Take the backend gateway, or autoscaling.type none.
{{- end }}
{{- /* guard: route that an upgrade puts back */}}
{{- if and (eq $rollout.backend "gateway") .Values.httpRoute.enabled (eq $target (printf "httproute/%s" (include "ecluse.fullname" .))) }}
- rollout.target is {{ $target }}, which httpRoute.enabled makes: the next upgrade would put its weights back. Expected a route that no release owns, as in k8s/examples/rollout.
{{- end }}
{{- end -}}
{{- if $job.enabled -}}
{{- /* guard: rollout with nobody to ask */}}
{{- if not $rollout.prometheus }}
- rollout.job.enabled is set, and rollout.prometheus is empty: nothing is promoted unmeasured. Expected its address, as http://prometheus-operated.monitoring.svc:9090.
{{- end }}
{{- /* guard: rollout without rights */}}
{{- if and (not $rollout.rbac.create) (not $rollout.rbac.serviceAccountName) }}
- rollout.job.enabled is set, and it would have no rights: set rollout.rbac.create, or name an account that has them in rollout.rbac.serviceAccountName.
{{- end }}
{{- /* guard: canary that is no other model */}}
{{- if and (include "ecluse.rollout.isOfKserve" .) (not (and $job.storageUri $job.canaryName)) }}
- rollout.backend is {{ $rollout.backend }}, which makes the canary itself: expected its model in rollout.job.storageUri, and its name in rollout.job.canaryName.
{{- end }}
{{- /* guard: promise of a rollout that is none */}}
{{- if and $job.slo (or (not (kindIs "map" (fromYaml $job.slo))) (hasKey (fromYaml $job.slo) "Error")) }}
- rollout.job.slo holds no promise: expected the text of a slo.yaml, as `--set-file` reads it.
{{- end }}
{{- end -}}
{{- /* guard: canary's model that nobody takes */}}
{{- if and $job.storageUri (not (include "ecluse.rollout.isOfKserve" .)) }}
- rollout.job.storageUri is {{ $job.storageUri }}, and rollout.backend {{ $rollout.backend }} makes no canary: this release is the new version, and its model is model.storageUri.
{{- end }}
{{- end -}}
