{{/*
Certificates and keys, mounted read-only from Secrets that the user made. Whole folders are mounted, never single files
(subPath): the kubelet renews folders alone, and the server reads what was renewed without a restart.
*/}}

{{/* One volume for each: (dict "name" NAME "secret" SECRET "items" {key: file}). */}}
{{- define "ecluse.secrets.volume" -}}
- name: {{ .name }}
  secret:
    secretName: {{ .secret | quote }}
    defaultMode: 0440
    items:
      {{- range $key, $path := .items }}
      - key: {{ $key | quote }}
        path: {{ $path }}
      {{- end }}
{{- end -}}

{{/* What is mounted, as a list of such dicts, in YAML. The folder is /etc/ecluse/NAME. */}}
{{- define "ecluse.secrets" -}}
{{- $pair := dict "tls.crt" "tls.crt" "tls.key" "tls.key" -}}
{{- $found := list -}}
{{- with .Values.auth }}{{ if .secretName }}
{{- $found = append $found (dict "name" "keys" "secret" .secretName "items" (dict .key "keys")) -}}
{{- end }}{{ end -}}
{{- with .Values.admin }}{{ if and .enabled .secretName }}
{{- $found = append $found (dict "name" "admin-keys" "secret" .secretName "items" (dict .key "keys")) -}}
{{- end }}{{ end -}}
{{- with .Values.feedback }}{{ if .secretName }}
{{- $found = append $found (dict "name" "feedback-keys" "secret" .secretName "items" (dict .key "keys")) -}}
{{- end }}{{ end -}}
{{- with .Values.tls }}{{ if .secretName }}
{{- $found = append $found (dict "name" "tls" "secret" .secretName "items" $pair) -}}
{{- if .clientCaSecretName }}
{{- $found = append $found (dict "name" "client-ca" "secret" .clientCaSecretName "items" (dict "ca.crt" "ca.crt")) -}}
{{- $found = append $found (dict "name" "client" "secret" .clientSecretName "items" $pair) -}}
{{- end }}
{{- end }}{{ end -}}
{{- toYaml $found -}}
{{- end -}}

{{- define "ecluse.secrets.volumes" -}}
{{- range include "ecluse.secrets" . | fromYamlArray }}
{{ include "ecluse.secrets.volume" . }}
{{- end }}
{{- end -}}

{{- define "ecluse.secrets.volumeMounts" -}}
{{- range include "ecluse.secrets" . | fromYamlArray }}
- name: {{ .name }}
  mountPath: /etc/ecluse/{{ .name }}
  readOnly: true
{{- end }}
{{- end -}}

{{- define "ecluse.secrets.env" -}}
{{- range include "ecluse.secrets" . | fromYamlArray }}
{{- if eq .name "keys" }}
- name: AUTH_KEYS_FILE
  value: /etc/ecluse/keys/keys
{{- else if eq .name "admin-keys" }}
- name: ADMIN_KEYS_FILE
  value: /etc/ecluse/admin-keys/keys
{{- else if eq .name "feedback-keys" }}
- name: FEEDBACK_KEYS_FILE
  value: /etc/ecluse/feedback-keys/keys
{{- else if eq .name "tls" }}
- name: TLS_CERTIFICATE
  value: /etc/ecluse/tls/tls.crt
- name: TLS_KEY
  value: /etc/ecluse/tls/tls.key
{{- else if eq .name "client-ca" }}
- name: TLS_CLIENT_CA
  value: /etc/ecluse/client-ca/ca.crt
{{- end }}
{{- end }}
{{- end -}}
