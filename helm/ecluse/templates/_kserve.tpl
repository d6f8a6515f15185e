{{/*
What only KServe asks for.
*/}}

{{/* A name of our own: KServe's runtimes for TensorFlow Serving and Triton both claim "tensorflow" for themselves. */}}
{{- define "ecluse.modelFormat" -}}
ecluse-savedmodel
{{- end -}}
