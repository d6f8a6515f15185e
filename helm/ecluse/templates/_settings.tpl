{{- /* Written by `make generate` from serving/settings.py. */ -}}

{{- /* A fraction given by --set comes as text, which the schema cannot compare. */ -}}
{{- define "ecluse.settings.within" -}}
{{- $number := float64 .value }}
{{- if and .above (not (gt $number (float64 .least))) }}
{{- fail (printf "%s is %v: expected more than %v" .name .value .least) }}
{{- else if lt $number (float64 .least) }}
{{- fail (printf "%s is %v: expected %v or more" .name .value .least) }}
{{- else if and (hasKey . "most") (gt $number (float64 .most)) }}
{{- fail (printf "%s is %v: expected %v or less" .name .value .most) }}
{{- end }}
{{- end }}

{{- /* A number without an exponent, whether it came as one or as text. */ -}}
{{- define "ecluse.settings.plain" -}}
{{- if kindIs "string" . }}{{ . }}{{ else }}{{ toJson . }}{{ end }}
{{- end }}

{{- /* The environment of the settings that are not as the server has them by itself. */ -}}
{{- define "ecluse.settings.env" -}}
{{- if ne .Values.model.name "model" }}
- name: MODEL_NAME
  value: {{ .Values.model.name | quote }}
{{- end }}
{{- if ne .Values.model.signatureName "serving_default" }}
- name: SIGNATURE_NAME
  value: {{ .Values.model.signatureName | quote }}
{{- end }}
{{- if not .Values.enableGrpc }}
- name: ENABLE_GRPC
  value: {{ toString .Values.enableGrpc | quote }}
{{- end }}
{{- if not .Values.batch.enabled }}
- name: BATCH_ENABLED
  value: {{ toString .Values.batch.enabled | quote }}
{{- end }}
{{- if ne (int64 .Values.batch.maxRows) 64 }}
- name: BATCH_MAX_ROWS
  value: {{ int64 .Values.batch.maxRows | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "batch.maxWaitSeconds" "value" .Values.batch.maxWaitSeconds "above" false "least" 0 "most" 10) }}
{{- if ne (float64 .Values.batch.maxWaitSeconds) 0.0 }}
- name: BATCH_MAX_WAIT_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.batch.maxWaitSeconds | quote }}
{{- end }}
{{- if ne (int64 .Values.batch.settleTurns) 2 }}
- name: BATCH_SETTLE_TURNS
  value: {{ int64 .Values.batch.settleTurns | quote }}
{{- end }}
{{- if ne (int64 .Values.batch.grpcExtraSettleTurns) 24 }}
- name: BATCH_GRPC_EXTRA_SETTLE_TURNS
  value: {{ int64 .Values.batch.grpcExtraSettleTurns | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "batch.inlineSeconds" "value" .Values.batch.inlineSeconds "above" false "least" 0 "most" 0.1) }}
{{- if ne (float64 .Values.batch.inlineSeconds) 0.002 }}
- name: BATCH_INLINE_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.batch.inlineSeconds | quote }}
{{- end }}
{{- if ne (int64 .Values.batch.queueRows) 4096 }}
- name: BATCH_QUEUE_ROWS
  value: {{ int64 .Values.batch.queueRows | quote }}
{{- end }}
{{- if ne (int64 .Values.batch.queueBytes) 268435456 }}
- name: BATCH_QUEUE_BYTES
  value: {{ int64 .Values.batch.queueBytes | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "batch.coolDownSeconds" "value" .Values.batch.coolDownSeconds "above" true "least" 0) }}
{{- if ne (float64 .Values.batch.coolDownSeconds) 30.0 }}
- name: BATCH_COOL_DOWN_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.batch.coolDownSeconds | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "deadline.defaultSeconds" "value" .Values.deadline.defaultSeconds "above" false "least" 0) }}
{{- if ne (float64 .Values.deadline.defaultSeconds) 0.0 }}
- name: DEADLINE_DEFAULT_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.deadline.defaultSeconds | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "deadline.batchPart" "value" .Values.deadline.batchPart "above" true "least" 0 "most" 1) }}
{{- if ne (float64 .Values.deadline.batchPart) 0.5 }}
- name: DEADLINE_BATCH_PART
  value: {{ include "ecluse.settings.plain" .Values.deadline.batchPart | quote }}
{{- end }}
{{- if ne (int64 .Values.priority.levels) 1 }}
- name: PRIORITY_LEVELS
  value: {{ int64 .Values.priority.levels | quote }}
{{- end }}
{{- if ne (int64 .Values.priority.defaultLevel) 1 }}
- name: PRIORITY_DEFAULT_LEVEL
  value: {{ int64 .Values.priority.defaultLevel | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "priority.ageingSeconds" "value" .Values.priority.ageingSeconds "above" true "least" 0) }}
{{- if ne (float64 .Values.priority.ageingSeconds) 1.0 }}
- name: PRIORITY_AGEING_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.priority.ageingSeconds | quote }}
{{- end }}
{{- if ne (int64 .Values.device.lanes) 1 }}
- name: DEVICE_LANES
  value: {{ int64 .Values.device.lanes | quote }}
{{- end }}
{{- if ne (int64 .Values.limit.payloadBytes) 67108864 }}
- name: LIMIT_PAYLOAD_BYTES
  value: {{ int64 .Values.limit.payloadBytes | quote }}
{{- end }}
{{- if ne (int64 .Values.limit.headBytes) 65536 }}
- name: LIMIT_HEAD_BYTES
  value: {{ int64 .Values.limit.headBytes | quote }}
{{- end }}
{{- if ne (int64 .Values.limit.headFields) 128 }}
- name: LIMIT_HEAD_FIELDS
  value: {{ int64 .Values.limit.headFields | quote }}
{{- end }}
{{- if ne (int64 .Values.limit.inflightBytes) 536870912 }}
- name: LIMIT_INFLIGHT_BYTES
  value: {{ int64 .Values.limit.inflightBytes | quote }}
{{- end }}
{{- if ne (int64 .Values.shed.status) 503 }}
- name: SHED_STATUS
  value: {{ int64 .Values.shed.status | quote }}
{{- end }}
{{- if .Values.auth.metrics }}
- name: AUTH_METRICS
  value: {{ toString .Values.auth.metrics | quote }}
{{- end }}
{{- if .Values.admin.enabled }}
- name: ADMIN_ENABLED
  value: {{ toString .Values.admin.enabled | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "log.sampleRatio" "value" .Values.log.sampleRatio "above" false "least" 0 "most" 1) }}
{{- if ne (float64 .Values.log.sampleRatio) 0.0 }}
- name: LOG_SAMPLE_RATIO
  value: {{ include "ecluse.settings.plain" .Values.log.sampleRatio | quote }}
{{- end }}
{{- if ne .Values.capture.path "" }}
- name: CAPTURE_PATH
  value: {{ .Values.capture.path | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "capture.sampleRatio" "value" .Values.capture.sampleRatio "above" false "least" 0 "most" 1) }}
{{- if ne (float64 .Values.capture.sampleRatio) 0.0 }}
- name: CAPTURE_SAMPLE_RATIO
  value: {{ include "ecluse.settings.plain" .Values.capture.sampleRatio | quote }}
{{- end }}
{{- if ne (int64 .Values.capture.recordBytes) 65536 }}
- name: CAPTURE_RECORD_BYTES
  value: {{ int64 .Values.capture.recordBytes | quote }}
{{- end }}
{{- if ne (int64 .Values.capture.fileBytes) 67108864 }}
- name: CAPTURE_FILE_BYTES
  value: {{ int64 .Values.capture.fileBytes | quote }}
{{- end }}
{{- if ne (int64 .Values.capture.files) 4 }}
- name: CAPTURE_FILES
  value: {{ int64 .Values.capture.files | quote }}
{{- end }}
{{- if not .Values.monitor.enabled }}
- name: MONITOR_ENABLED
  value: {{ toString .Values.monitor.enabled | quote }}
{{- end }}
{{- if ne .Values.monitor.output "" }}
- name: MONITOR_OUTPUT
  value: {{ .Values.monitor.output | quote }}
{{- end }}
{{- if ne .Values.monitor.baseline "assets.extra/baseline.json" }}
- name: MONITOR_BASELINE
  value: {{ .Values.monitor.baseline | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "monitor.inputRowsPerSecond" "value" .Values.monitor.inputRowsPerSecond "above" false "least" 0) }}
{{- if ne (float64 .Values.monitor.inputRowsPerSecond) 1000.0 }}
- name: MONITOR_INPUT_ROWS_PER_SECOND
  value: {{ include "ecluse.settings.plain" .Values.monitor.inputRowsPerSecond | quote }}
{{- end }}
{{- if ne (int64 .Values.monitor.queueBytes) 67108864 }}
- name: MONITOR_QUEUE_BYTES
  value: {{ int64 .Values.monitor.queueBytes | quote }}
{{- end }}
{{- if ne .Values.tracing.endpoint "" }}
- name: TRACING_ENDPOINT
  value: {{ .Values.tracing.endpoint | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "tracing.sampleRatio" "value" .Values.tracing.sampleRatio "above" false "least" 0 "most" 1) }}
{{- if ne (float64 .Values.tracing.sampleRatio) 0.01 }}
- name: TRACING_SAMPLE_RATIO
  value: {{ include "ecluse.settings.plain" .Values.tracing.sampleRatio | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "feedback.maxAgeSeconds" "value" .Values.feedback.maxAgeSeconds "above" true "least" 0) }}
{{- if ne (float64 .Values.feedback.maxAgeSeconds) 2592000.0 }}
- name: FEEDBACK_MAX_AGE_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.feedback.maxAgeSeconds | quote }}
{{- end }}
{{- if ne (int64 .Values.feedback.labels) 1000 }}
- name: FEEDBACK_LABELS
  value: {{ int64 .Values.feedback.labels | quote }}
{{- end }}
{{- if ne (int64 .Values.feedback.remembered) 200000 }}
- name: FEEDBACK_REMEMBERED
  value: {{ int64 .Values.feedback.remembered | quote }}
{{- end }}
{{- if ne (int64 .Values.http.keepAliveSeconds) 65 }}
- name: HTTP_KEEP_ALIVE_SECONDS
  value: {{ int64 .Values.http.keepAliveSeconds | quote }}
{{- end }}
{{- if ne (int64 .Values.http.compressBytes) 16384 }}
- name: HTTP_COMPRESS_BYTES
  value: {{ int64 .Values.http.compressBytes | quote }}
{{- end }}
{{- if ne (int64 .Values.http.longJsonBytes) 262144 }}
- name: HTTP_LONG_JSON_BYTES
  value: {{ int64 .Values.http.longJsonBytes | quote }}
{{- end }}
{{- if ne (int64 .Values.http.connections) 4096 }}
- name: HTTP_CONNECTIONS
  value: {{ int64 .Values.http.connections | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "http.headSeconds" "value" .Values.http.headSeconds "above" true "least" 0) }}
{{- if ne (float64 .Values.http.headSeconds) 20.0 }}
- name: HTTP_HEAD_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.http.headSeconds | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "http.bodySeconds" "value" .Values.http.bodySeconds "above" true "least" 0) }}
{{- if ne (float64 .Values.http.bodySeconds) 30.0 }}
- name: HTTP_BODY_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.http.bodySeconds | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "http.writeSeconds" "value" .Values.http.writeSeconds "above" true "least" 0) }}
{{- if ne (float64 .Values.http.writeSeconds) 60.0 }}
- name: HTTP_WRITE_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.http.writeSeconds | quote }}
{{- end }}
{{- if ne .Values.grpc.transport "auto" }}
- name: GRPC_TRANSPORT
  value: {{ .Values.grpc.transport | quote }}
{{- end }}
{{- if ne (int64 .Values.grpc.connections) 4096 }}
- name: GRPC_CONNECTIONS
  value: {{ int64 .Values.grpc.connections | quote }}
{{- end }}
{{- if ne (int64 .Values.grpc.streams) 1024 }}
- name: GRPC_STREAMS
  value: {{ int64 .Values.grpc.streams | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "grpc.ageSeconds" "value" .Values.grpc.ageSeconds "above" false "least" 0) }}
{{- if ne (float64 .Values.grpc.ageSeconds) 300.0 }}
- name: GRPC_AGE_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.grpc.ageSeconds | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "grpc.ageGraceSeconds" "value" .Values.grpc.ageGraceSeconds "above" true "least" 0) }}
{{- if ne (float64 .Values.grpc.ageGraceSeconds) 60.0 }}
- name: GRPC_AGE_GRACE_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.grpc.ageGraceSeconds | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "grpc.keepaliveSeconds" "value" .Values.grpc.keepaliveSeconds "above" false "least" 0) }}
{{- if ne (float64 .Values.grpc.keepaliveSeconds) 30.0 }}
- name: GRPC_KEEPALIVE_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.grpc.keepaliveSeconds | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "grpc.bodySeconds" "value" .Values.grpc.bodySeconds "above" true "least" 0) }}
{{- if ne (float64 .Values.grpc.bodySeconds) 30.0 }}
- name: GRPC_BODY_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.grpc.bodySeconds | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "grpc.writeSeconds" "value" .Values.grpc.writeSeconds "above" true "least" 0) }}
{{- if ne (float64 .Values.grpc.writeSeconds) 60.0 }}
- name: GRPC_WRITE_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.grpc.writeSeconds | quote }}
{{- end }}
{{- if ne (int64 .Values.grpc.answerBytes) 2147483647 }}
- name: GRPC_ANSWER_BYTES
  value: {{ int64 .Values.grpc.answerBytes | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "drain.lameDuckSeconds" "value" .Values.drain.lameDuckSeconds "above" false "least" 0) }}
{{- if ne (float64 .Values.drain.lameDuckSeconds) 10.0 }}
- name: DRAIN_LAME_DUCK_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.drain.lameDuckSeconds | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "drain.timeoutSeconds" "value" .Values.drain.timeoutSeconds "above" true "least" 0) }}
{{- if ne (float64 .Values.drain.timeoutSeconds) 30.0 }}
- name: DRAIN_TIMEOUT_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.drain.timeoutSeconds | quote }}
{{- end }}
{{- if ne (int64 .Values.tensorflow.intraOpThreads) 0 }}
- name: TENSORFLOW_INTRA_OP_THREADS
  value: {{ int64 .Values.tensorflow.intraOpThreads | quote }}
{{- end }}
{{- if ne (int64 .Values.tensorflow.interOpThreads) 1 }}
- name: TENSORFLOW_INTER_OP_THREADS
  value: {{ int64 .Values.tensorflow.interOpThreads | quote }}
{{- end }}
{{- if not .Values.tensorflow.memoryGrowth }}
- name: TENSORFLOW_MEMORY_GROWTH
  value: {{ toString .Values.tensorflow.memoryGrowth | quote }}
{{- end }}
{{- if ne (int64 .Values.tensorflow.memoryLimitMib) 0 }}
- name: TENSORFLOW_MEMORY_LIMIT_MIB
  value: {{ int64 .Values.tensorflow.memoryLimitMib | quote }}
{{- end }}
{{- if ne .Values.tensorflow.visibleDevices "" }}
- name: TENSORFLOW_VISIBLE_DEVICES
  value: {{ .Values.tensorflow.visibleDevices | quote }}
{{- end }}
{{- if ne .Values.tensorflow.mixedPrecision "off" }}
- name: TENSORFLOW_MIXED_PRECISION
  value: {{ .Values.tensorflow.mixedPrecision | quote }}
{{- end }}
{{- if .Values.tensorflow.xla }}
- name: TENSORFLOW_XLA
  value: {{ toString .Values.tensorflow.xla | quote }}
{{- end }}
{{- if ne .Values.versions.policy "latest:1" }}
- name: VERSIONS_POLICY
  value: {{ .Values.versions.policy | quote }}
{{- end }}
{{- if ne .Values.versions.labels "" }}
- name: VERSIONS_LABELS
  value: {{ .Values.versions.labels | quote }}
{{- end }}
{{- include "ecluse.settings.within" (dict "name" "versions.pollSeconds" "value" .Values.versions.pollSeconds "above" false "least" 0 "most" 3600) }}
{{- if ne (float64 .Values.versions.pollSeconds) 2.0 }}
- name: VERSIONS_POLL_SECONDS
  value: {{ include "ecluse.settings.plain" .Values.versions.pollSeconds | quote }}
{{- end }}
{{- if ne .Values.versions.swap "beside" }}
- name: VERSIONS_SWAP
  value: {{ .Values.versions.swap | quote }}
{{- end }}
{{- if ne .Values.repository.mode "poll" }}
- name: REPOSITORY_MODE
  value: {{ .Values.repository.mode | quote }}
{{- end }}
{{- end }}

{{- /* Which variable is which value, and which is none and why, as JSON. */ -}}
{{- define "ecluse.settings.variables" -}}
{
  "values": {
    "MODEL_NAME": "model.name",
    "SIGNATURE_NAME": "model.signatureName",
    "ENABLE_GRPC": "enableGrpc",
    "BATCH_ENABLED": "batch.enabled",
    "BATCH_MAX_ROWS": "batch.maxRows",
    "BATCH_MAX_WAIT_SECONDS": "batch.maxWaitSeconds",
    "BATCH_SETTLE_TURNS": "batch.settleTurns",
    "BATCH_GRPC_EXTRA_SETTLE_TURNS": "batch.grpcExtraSettleTurns",
    "BATCH_INLINE_SECONDS": "batch.inlineSeconds",
    "BATCH_QUEUE_ROWS": "batch.queueRows",
    "BATCH_QUEUE_BYTES": "batch.queueBytes",
    "BATCH_COOL_DOWN_SECONDS": "batch.coolDownSeconds",
    "DEADLINE_DEFAULT_SECONDS": "deadline.defaultSeconds",
    "DEADLINE_BATCH_PART": "deadline.batchPart",
    "PRIORITY_LEVELS": "priority.levels",
    "PRIORITY_DEFAULT_LEVEL": "priority.defaultLevel",
    "PRIORITY_AGEING_SECONDS": "priority.ageingSeconds",
    "DEVICE_LANES": "device.lanes",
    "LIMIT_PAYLOAD_BYTES": "limit.payloadBytes",
    "LIMIT_HEAD_BYTES": "limit.headBytes",
    "LIMIT_HEAD_FIELDS": "limit.headFields",
    "LIMIT_INFLIGHT_BYTES": "limit.inflightBytes",
    "SHED_STATUS": "shed.status",
    "AUTH_METRICS": "auth.metrics",
    "ADMIN_ENABLED": "admin.enabled",
    "LOG_SAMPLE_RATIO": "log.sampleRatio",
    "CAPTURE_PATH": "capture.path",
    "CAPTURE_SAMPLE_RATIO": "capture.sampleRatio",
    "CAPTURE_RECORD_BYTES": "capture.recordBytes",
    "CAPTURE_FILE_BYTES": "capture.fileBytes",
    "CAPTURE_FILES": "capture.files",
    "MONITOR_ENABLED": "monitor.enabled",
    "MONITOR_OUTPUT": "monitor.output",
    "MONITOR_BASELINE": "monitor.baseline",
    "MONITOR_INPUT_ROWS_PER_SECOND": "monitor.inputRowsPerSecond",
    "MONITOR_QUEUE_BYTES": "monitor.queueBytes",
    "TRACING_ENDPOINT": "tracing.endpoint",
    "TRACING_SAMPLE_RATIO": "tracing.sampleRatio",
    "FEEDBACK_MAX_AGE_SECONDS": "feedback.maxAgeSeconds",
    "FEEDBACK_LABELS": "feedback.labels",
    "FEEDBACK_REMEMBERED": "feedback.remembered",
    "HTTP_KEEP_ALIVE_SECONDS": "http.keepAliveSeconds",
    "HTTP_COMPRESS_BYTES": "http.compressBytes",
    "HTTP_LONG_JSON_BYTES": "http.longJsonBytes",
    "HTTP_CONNECTIONS": "http.connections",
    "HTTP_HEAD_SECONDS": "http.headSeconds",
    "HTTP_BODY_SECONDS": "http.bodySeconds",
    "HTTP_WRITE_SECONDS": "http.writeSeconds",
    "GRPC_TRANSPORT": "grpc.transport",
    "GRPC_CONNECTIONS": "grpc.connections",
    "GRPC_STREAMS": "grpc.streams",
    "GRPC_AGE_SECONDS": "grpc.ageSeconds",
    "GRPC_AGE_GRACE_SECONDS": "grpc.ageGraceSeconds",
    "GRPC_KEEPALIVE_SECONDS": "grpc.keepaliveSeconds",
    "GRPC_BODY_SECONDS": "grpc.bodySeconds",
    "GRPC_WRITE_SECONDS": "grpc.writeSeconds",
    "GRPC_ANSWER_BYTES": "grpc.answerBytes",
    "DRAIN_LAME_DUCK_SECONDS": "drain.lameDuckSeconds",
    "DRAIN_TIMEOUT_SECONDS": "drain.timeoutSeconds",
    "TENSORFLOW_INTRA_OP_THREADS": "tensorflow.intraOpThreads",
    "TENSORFLOW_INTER_OP_THREADS": "tensorflow.interOpThreads",
    "TENSORFLOW_MEMORY_GROWTH": "tensorflow.memoryGrowth",
    "TENSORFLOW_MEMORY_LIMIT_MIB": "tensorflow.memoryLimitMib",
    "TENSORFLOW_VISIBLE_DEVICES": "tensorflow.visibleDevices",
    "TENSORFLOW_MIXED_PRECISION": "tensorflow.mixedPrecision",
    "TENSORFLOW_XLA": "tensorflow.xla",
    "VERSIONS_POLICY": "versions.policy",
    "VERSIONS_LABELS": "versions.labels",
    "VERSIONS_POLL_SECONDS": "versions.pollSeconds",
    "VERSIONS_SWAP": "versions.swap",
    "REPOSITORY_MODE": "repository.mode"
  },
  "decided": {
    "MODEL_DIR": "the model is mounted where KServe mounts it",
    "MODELS_DIR": "a release serves one model",
    "BIND_ADDRESS": "a pod is reached by its address",
    "HTTP_PORT": "a pod has its address to itself, so no port is ever taken",
    "GRPC_PORT": "a pod has its address to itself, so no port is ever taken",
    "TLS_CERTIFICATE": "mounted from the secret of tls",
    "TLS_KEY": "mounted from the secret of tls",
    "TLS_CLIENT_CA": "mounted from the secret of tls",
    "AUTH_KEYS_FILE": "mounted from the secret of auth",
    "ADMIN_KEYS_FILE": "mounted from the secret of admin",
    "FEEDBACK_KEYS_FILE": "mounted from the secret of feedback"
  }
}
{{- end }}
