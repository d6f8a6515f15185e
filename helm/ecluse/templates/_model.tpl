{{/*
Where the model comes from, as volumes and containers of the pod. Whatever the source, it ends in /mnt/models.
*/}}

{{/* A claim to mount: {name, path}, as YAML; nothing where none is mounted by us. KServe mounts its own pvc://. */}}
{{- define "ecluse.model.claim" -}}
{{- if eq .Values.model.source "existingClaim" -}}
name: {{ .Values.model.existingClaim.name | quote }}
path: {{ .Values.model.existingClaim.path | trimAll "/" | quote }}
{{- else if and (include "ecluse.model.isOurs" .) (hasPrefix "pvc://" .Values.model.storageUri) -}}
{{- $parts := regexSplit "/" (trimPrefix "pvc://" .Values.model.storageUri) 2 -}}
name: {{ first $parts | quote }}
path: {{ rest $parts | join "" | trimAll "/" | quote }}
{{- end -}}
{{- end -}}

{{/* Whether a `storageUri` is for us to bring rather than for KServe. */}}
{{- define "ecluse.model.isOurs" -}}
{{- if and (eq .Values.model.source "storageUri") (or (eq (include "ecluse.mode" .) "plain") .Values.model.fetcher.image) }}true{{ end -}}
{{- end -}}

{{/* Whether a container of the user's choice fetches it before the server starts. */}}
{{- define "ecluse.model.isFetched" -}}
{{- if and (include "ecluse.model.isOurs" .) (not (hasPrefix "pvc://" .Values.model.storageUri)) }}true{{ end -}}
{{- end -}}

{{- define "ecluse.model.volumes" -}}
{{- with include "ecluse.model.claim" . | fromYaml }}
- name: model
  persistentVolumeClaim:
    claimName: {{ .name }}
    readOnly: true
{{- end }}
{{- if include "ecluse.model.isFetched" . }}
- name: model
  emptyDir:
    {{- toYaml .Values.model.fetcher.emptyDir | nindent 4 }}
{{- end }}
{{- end -}}

{{- define "ecluse.model.volumeMounts" -}}
{{- with include "ecluse.model.claim" . | fromYaml }}
- name: model
  mountPath: /mnt/models
  readOnly: true
  {{- with .path }}
  {{- /* A folder is no file: what changes in it is seen, so new versions are found. */}}
  subPath: {{ . | quote }}
  {{- end }}
{{- end }}
{{- if include "ecluse.model.isFetched" . }}
- name: model
  mountPath: /mnt/models
  readOnly: true
{{- end }}
{{- end -}}

{{- define "ecluse.model.initContainers" -}}
{{- if include "ecluse.model.isFetched" . }}
{{- with .Values.model.fetcher }}
- name: model-fetcher
  image: {{ .image }}
  {{- with .command }}
  command:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  args:
    {{- tpl (toYaml .args) $ | nindent 4 }}
  {{- with .env }}
  env:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .envFrom }}
  envFrom:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  resources:
    {{- toYaml .resources | nindent 4 }}
  securityContext:
    {{- toYaml $.Values.securityContext | nindent 4 }}
  volumeMounts:
    - name: model
      mountPath: /mnt/models
    - name: tmp
      mountPath: /tmp
{{- end }}
{{- end }}
{{- end -}}
