{{/*
What the kubelet asks. Liveness asks whether the process answers at all and never depends on load or on the model.
*/}}
{{- define "ecluse.probes" -}}
{{- range $kind, $path := dict "startup" "/v2/health/ready" "readiness" "/v2/health/ready" "liveness" "/v2/health/live" }}
{{ $kind }}Probe:
  {{- if $.Values.tls.clientCaSecretName }}
  {{- /* The kubelet's own HTTP probes have no certificate to show. */}}
  exec:
    command: [python, -I, -S, serving/probe.py, "8080", {{ $path }}, /etc/ecluse/client/tls.crt, /etc/ecluse/client/tls.key]
  {{- else }}
  httpGet:
    path: {{ $path }}
    port: http
    scheme: {{ ternary "HTTPS" "HTTP" (ne $.Values.tls.secretName "") }}
  {{- end }}
  {{- toYaml (index $.Values.probes $kind) | nindent 2 }}
{{- end }}
{{- end -}}
