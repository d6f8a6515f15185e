{{/*
A load test that could only fail, for a reason that is no server's fault.
*/}}
{{- define "ecluse.mistakes.loadtest" -}}
{{- $load := .Values.loadtest -}}
{{- if $load.enabled -}}
{{- $isOwn := ne (include "ecluse.loadtest.isOwn" .) "" -}}
{{- /* guard: profile of one's own that there is not */}}
{{- if and (eq $load.profile "custom") (not $load.customProfile) }}
- loadtest.profile is custom, and loadtest.customProfile is empty: expected a profile there, in the form of those in loadtests/profiles.
{{- end }}
{{- /* guard: profile of one's own that nobody runs */}}
{{- if and $load.customProfile (ne $load.profile "custom") }}
- loadtest.customProfile is given, and nobody would run it: loadtest.profile is {{ $load.profile }}, and must be custom.
{{- end }}
{{- /* guard: change from within */}}
{{- if or (eq $load.profile "rolling-update") (and (eq $load.profile "custom") (hasKey $load.customProfile "change")) }}
- loadtest.profile is {{ $load.profile }}, which performs a change, and a pod of the load test has no rights for one: run it from outside, `python -m loadtests run --profile rolling-update --change "helm upgrade …"`.
{{- end }}
{{- /* guard: gRPC with nobody to speak it */}}
{{- if not (include "ecluse.loadtest.grpc" .) }}
{{- range include "ecluse.loadtest.overGrpc" . | fromJsonArray }}
{{- if not (has (printf "streams.%s=null" .) $load.set) }}
- loadtest.profile is {{ $load.profile }}, which asks over gRPC in its stream {{ . }}, and {{ ternary "enableGrpc is false" "loadtest.target.grpc is empty" $isOwn }}: expected streams.{{ . }}=null in loadtest.set, or gRPC.
{{- end }}
{{- end }}
{{- end }}
{{- /* guard: promise that is none */}}
{{- if and $load.slo (or (not (kindIs "map" (fromYaml $load.slo))) (hasKey (fromYaml $load.slo) "Error")) }}
- loadtest.slo holds no promise: expected the text of a slo.yaml, as `--set-file` reads it.
{{- end }}
{{- /* guard: two rates */}}
{{- range $load.set }}
{{- if and (hasPrefix "rate=" .) (gt (float64 $load.rate) 0.0) }}
- loadtest.set has {{ . }}, and loadtest.rate is {{ $load.rate }}: expected one of them.
{{- end }}
{{- end }}
{{- /* guard: load on pods that there are not */}}
{{- if and $isOwn (eq .Values.autoscaling.type "none") (eq (int .Values.replicas) 0) }}
- loadtest.enabled is set, and replicas is 0: nobody would answer. Give it 1 or more, or another server in loadtest.target.url.
{{- end }}
{{- /* guard: load without a key */}}
{{- if and $isOwn .Values.auth.secretName (not $load.target.keySecretName) }}
- loadtest.enabled is set, and auth.secretName has callers show a key: name a Secret that holds one in loadtest.target.keySecretName.
{{- end }}
{{- /* guard: load without a certificate */}}
{{- if and $isOwn .Values.tls.clientCaSecretName }}
- loadtest.enabled is set, and tls.clientCaSecretName has callers show a certificate, which load tests cannot: put the load on a release without it.
{{- end }}
{{- /* guard: address for gRPC alone */}}
{{- if and $isOwn $load.target.grpc }}
- loadtest.target.grpc is {{ $load.target.grpc }}, and loadtest.target.url is empty: both must be of one server, expected its address over REST too.
{{- end }}
{{- end -}}
{{- end -}}
