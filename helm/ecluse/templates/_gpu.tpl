{{/*
What `gpu` asks of the pod, each as YAML of one kind; nothing where no GPU is asked for. What the user gives beside
(`nodeSelector`, `tolerations`, `affinity`, `resources`) is joined in `_pod.tpl`, and wins.
*/}}

{{/* A map for `resources`: limits, claims. */}}
{{- define "ecluse.gpu.resources" -}}
{{- end -}}

{{/* A map. */}}
{{- define "ecluse.gpu.nodeSelector" -}}
{{- end -}}

{{/* A list. */}}
{{- define "ecluse.gpu.tolerations" -}}
{{- end -}}

{{/* A map. */}}
{{- define "ecluse.gpu.affinity" -}}
{{- end -}}

{{/* A list for the pod's `resourceClaims`. */}}
{{- define "ecluse.gpu.resourceClaims" -}}
{{- end -}}

{{/* A name. */}}
{{- define "ecluse.gpu.runtimeClassName" -}}
{{- end -}}
