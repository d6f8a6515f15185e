{{/*
The load test: a Job whose pod leads it and whose exit status is the verdict, and a Job of workers that make the load.

A Job cannot be changed, so each revision of the release has its own, and Helm deletes that of the revision before. They
are no hooks: Helm runs hooks one after the other, and the two Jobs need each other; as plain objects they are waited for
by `helm upgrade --wait --wait-for-jobs` where the verdict is to decide, and by `kubectl wait` where it is not. What else
there is has one name for all revisions: Helm forgets what was new in an upgrade that failed, and Jobs end by themselves.
*/}}

{{- define "ecluse.loadtest.fullname" -}}
{{- include "ecluse.fullname" . | trunc 36 | trimSuffix "-" }}-load
{{- end -}}

{{/* The run's name, short enough for the workers' pods, whose name is a label: NAME-load-REVISION-workers-INDEX. */}}
{{- define "ecluse.loadtest.name" -}}
{{- printf "%s-%d" (include "ecluse.loadtest.fullname" .) .Release.Revision -}}
{{- end -}}

{{- define "ecluse.loadtest.labels" -}}
{{- include "ecluse.labels" . | replace "component: server" "component: load" -}}
{{- end -}}

{{/* What finds all pods of all load tests of the release. */}}
{{- define "ecluse.loadtest.selector" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: load
{{- end -}}

{{/* Labels of a pod: (list $ ROLE), where the role is lead or worker. Those of two revisions never meet. */}}
{{- define "ecluse.loadtest.podLabels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "ecluse.name" $root }}
{{ include "ecluse.loadtest.selector" $root }}
app.kubernetes.io/part-of: ecluse
ecluse.dev/load-run: {{ $root.Release.Revision | quote }}
ecluse.dev/load-role: {{ index . 1 }}
{{- end -}}

{{- define "ecluse.loadtest.image" -}}
{{- $image := .Values.loadtest.image -}}
{{- $registry := .Values.global.imageRegistry | default $image.registry | default .Values.image.registry -}}
{{- $name := ternary (printf "%s/%s" $registry $image.repository) $image.repository (ne $registry "") -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name ($image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{/* Whether this release is asked, and no other server. */}}
{{- define "ecluse.loadtest.isOwn" -}}
{{- if not .Values.loadtest.target.url }}yes{{ end -}}
{{- end -}}

{{- define "ecluse.loadtest.url" -}}
{{- $scheme := ternary "https" "http" (ne .Values.tls.secretName "") -}}
{{- .Values.loadtest.target.url | default (printf "%s://%s.%s.svc:80" $scheme (include "ecluse.serviceName" .) .Release.Namespace) -}}
{{- end -}}

{{- define "ecluse.loadtest.grpc" -}}
{{- if and (include "ecluse.loadtest.isOwn" .) .Values.enableGrpc -}}
{{- printf "%s.%s.svc:8081" (include "ecluse.serviceName" .) .Release.Namespace -}}
{{- else -}}
{{- .Values.loadtest.target.grpc -}}
{{- end -}}
{{- end -}}

{{/* The streams of the profile that ask over gRPC, as a JSON array: the profiles themselves are in the image, not here. */}}
{{- define "ecluse.loadtest.overGrpc" -}}
{{- $profile := .Values.loadtest.profile -}}
{{- $streams := list -}}
{{- if eq $profile "custom" -}}
{{- if kindIs "slice" .Values.loadtest.customProfile.streams -}}
{{- range .Values.loadtest.customProfile.streams -}}
{{- if and (kindIs "map" .) (eq (toString .protocol) "grpc") -}}
{{- $streams = append $streams .name -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- else if eq $profile "mixed-models" -}}
{{- $streams = list "a-grpc" "b-grpc" -}}
{{- else if not (has $profile (list "batch-sweep" "overload" "rolling-update")) -}}
{{- $streams = list "grpc" -}}
{{- end -}}
{{- $streams | toJson -}}
{{- end -}}

{{/* The Secret with the certificate to trust, where there is one to be named. */}}
{{- define "ecluse.loadtest.caSecret" -}}
{{- if and (include "ecluse.loadtest.isOwn" .) .Values.tls.secretName -}}
{{- .Values.loadtest.target.caSecretName | default .Values.tls.secretName -}}
{{- else -}}
{{- .Values.loadtest.target.caSecretName -}}
{{- end -}}
{{- end -}}

{{/* What the ConfigMap holds, as YAML; empty where it is not needed. */}}
{{- define "ecluse.loadtest.files" -}}
{{- with .Values.loadtest.customProfile }}
custom.yaml: {{ toYaml . | quote }}
{{- end }}
{{- with .Values.loadtest.slo }}
slo.yaml: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* All of a pod but for what its container is told: (dict "root" $ "role" lead|worker "args" ARGS "resources" …). */}}
{{- define "ecluse.loadtest.pod" -}}
{{- $root := .root -}}
{{- $load := $root.Values.loadtest -}}
{{- $leads := eq .role "lead" -}}
restartPolicy: Never
enableServiceLinks: false
automountServiceAccountToken: false
serviceAccountName: {{ include "ecluse.serviceAccountName" $root }}
{{- /* The one that leads writes what was measured, the one that works tells it. */}}
terminationGracePeriodSeconds: 60
securityContext:
  {{- toYaml $root.Values.podSecurityContext | nindent 2 }}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $load.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $load.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
affinity:
  {{- $apart := dict "podAffinityTerm" (dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" (include "ecluse.podSelector" $root | fromYaml))) "weight" 100 }}
  {{- $load.affinity | default (dict "podAntiAffinity" (dict "preferredDuringSchedulingIgnoredDuringExecution" (list $apart))) | toYaml | nindent 2 }}
containers:
  - name: load
    image: {{ include "ecluse.loadtest.image" $root }}
    imagePullPolicy: {{ $load.image.pullPolicy }}
    {{- /* What a failed one said last stands in the pod's status, for whoever has no log any more. */}}
    terminationMessagePolicy: FallbackToLogsOnError
    args:
      {{- .args | nindent 6 }}
    {{- with $load.target.keySecretName }}
    env:
      - name: KEY
        valueFrom:
          secretKeyRef:
            name: {{ . }}
            key: {{ $load.target.keySecretKey }}
      {{- /* Kubernetes puts the key in, so that it stands in no object but its Secret. */}}
      - name: LOADTEST_HEADERS
        value: "Authorization: Bearer $(KEY)"
    {{- end }}
    {{- if $leads }}
    ports:
      - name: workers
        containerPort: 5557
        protocol: TCP
      - name: metrics
        containerPort: 9646
        protocol: TCP
    {{- end }}
    resources:
      {{- toYaml .resources | nindent 6 }}
    securityContext:
      {{- toYaml $root.Values.securityContext | nindent 6 }}
    volumeMounts:
      - name: tmp
        mountPath: /tmp
      {{- if $leads }}
      - name: results
        mountPath: /results
      {{- if include "ecluse.loadtest.files" $root | trim }}
      - name: files
        mountPath: /etc/ecluse/load
        readOnly: true
      {{- end }}
      {{- if include "ecluse.loadtest.caSecret" $root }}
      - name: trust
        mountPath: /etc/ecluse/trust
        readOnly: true
      {{- end }}
      {{- end }}
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: 64Mi
  {{- if $leads }}
  - name: results
    {{- if $load.results.existingClaim }}
    persistentVolumeClaim:
      claimName: {{ $load.results.existingClaim }}
    {{- else }}
    emptyDir:
      sizeLimit: {{ $load.results.sizeLimit }}
    {{- end }}
  {{- if include "ecluse.loadtest.files" $root | trim }}
  - name: files
    configMap:
      name: {{ include "ecluse.loadtest.fullname" $root }}
  {{- end }}
  {{- with include "ecluse.loadtest.caSecret" $root }}
  {{- include "ecluse.secrets.volume" (dict "name" "trust" "secret" . "items" (dict "ca.crt" "ca.crt")) | nindent 2 }}
  {{- end }}
  {{- end }}
{{- end -}}

{{/* Annotations of a pod: nobody who tidies nodes up is to end a run. */}}
{{- define "ecluse.loadtest.annotations" -}}
{{- $ours := dict "cluster-autoscaler.kubernetes.io/safe-to-evict" "false" "karpenter.sh/do-not-disrupt" "true" -}}
{{- mergeOverwrite $ours (tpl (toYaml .Values.loadtest.annotations) . | fromYaml) | toYaml -}}
{{- end -}}

{{- define "ecluse.loadtest.leadArgs" -}}
{{- $load := .Values.loadtest -}}
{{- $name := include "ecluse.loadtest.name" . -}}
- run
- --profile={{ ternary "/etc/ecluse/load/custom.yaml" $load.profile (eq $load.profile "custom") }}
- --url={{ include "ecluse.loadtest.url" . }}
{{- with include "ecluse.loadtest.grpc" . }}
- --grpc={{ . }}
{{- end }}
- --model={{ $load.target.model | default .Values.model.name }}
- --wait-ready={{ $load.waitSeconds }}
- --out=/results{{ if $load.results.existingClaim }}/{{ $name }}{{ end }}
- --metrics-port=9646
- --json
{{- if $load.slo }}
- --slo=/etc/ecluse/load/slo.yaml
{{- end }}
{{- if include "ecluse.loadtest.caSecret" . }}
- --ca=/etc/ecluse/trust/ca.crt
{{- end }}
{{- if gt (float64 $load.rate) 0.0 }}
- --set=rate={{ $load.rate }}
{{- end }}
{{- range $load.set }}
- {{ printf "--set=%s" . | quote }}
{{- end }}
{{- if gt (int $load.workers) 0 }}
- --expect-workers={{ $load.workers }}
- --worker-wait={{ $load.waitSeconds }}
{{- end }}
{{- end -}}

{{- define "ecluse.loadtest.workerArgs" -}}
- worker
- --master={{ include "ecluse.loadtest.fullname" . }}.{{ .Release.Namespace }}.svc:5557
{{- /* The one that leads looks at the server first. */}}
- --wait={{ mul .Values.loadtest.waitSeconds 2 }}
{{- end -}}
