{{/*
Which ports the pods call out to, read off the addresses that they were given.
*/}}

{{/* The port of an http or https address. */}}
{{- define "ecluse.networkPolicy.port" -}}
{{- $url := urlParse . -}}
{{- $port := regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) -}}
{{- $port | default (ternary "80" "443" (eq $url.scheme "http")) -}}
{{- end -}}

{{/* What the storage initializer calls; nothing where the kubelet fetches or mounts the model. */}}
{{- define "ecluse.networkPolicy.storagePort" -}}
{{- if eq .Values.model.source "storageUri" -}}
{{- $scheme := (urlParse .Values.model.storageUri).scheme -}}
{{- if has $scheme (list "http" "https") -}}
{{- include "ecluse.networkPolicy.port" .Values.model.storageUri -}}
{{- else if not (has $scheme (list "pvc" "oci" "oci+native")) -}}
443
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "ecluse.networkPolicy.tracingPort" -}}
{{- with .Values.tracing.endpoint -}}
{{- include "ecluse.networkPolicy.port" . -}}
{{- end -}}
{{- end -}}
