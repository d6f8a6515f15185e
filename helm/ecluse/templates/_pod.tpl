{{/*
The pod of the server, once for both modes: a Deployment takes it whole, an InferenceService takes the container as its
`model` and the rest as its predictor.
*/}}

{{/* All of the pod that is no container of its own. */}}
{{- define "ecluse.pod" -}}
serviceAccountName: {{ include "ecluse.serviceAccountName" . }}
automountServiceAccountToken: {{ .Values.serviceAccount.automountToken }}
{{- /* A Service named "http" would otherwise set HTTP_PORT, which is a setting of ours. */}}
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with include "ecluse.runtimeClassName" . }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "ecluse.tolerations" . }}
tolerations:
  {{- . | nindent 2 }}
{{- end }}
{{- with include "ecluse.affinity" . }}
affinity:
  {{- . | nindent 2 }}
{{- end }}
{{- with include "ecluse.topologySpread" . }}
topologySpreadConstraints:
  {{- . | nindent 2 }}
{{- end }}
{{- with include "ecluse.gpu.resourceClaims" . }}
resourceClaims:
  {{- . | nindent 2 }}
{{- end }}
{{- with include "ecluse.initContainers" . | trim }}
initContainers:
  {{- . | nindent 2 }}
{{- end }}
volumes:
  {{- include "ecluse.volumes" . | nindent 2 }}
{{- end -}}

{{/* The server's container, without its name. */}}
{{- define "ecluse.container" -}}
image: {{ include "ecluse.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
ports:
  {{- /* KServe sends what comes to its Service's port 80 to the first. */}}
  - name: http
    containerPort: 8080
    protocol: TCP
  {{- if .Values.enableGrpc }}
  - name: grpc
    containerPort: 8081
    protocol: TCP
  {{- end }}
{{- with include "ecluse.env" . | trim }}
env:
  {{- . | nindent 2 }}
{{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
resources:
  {{- include "ecluse.resources" . | nindent 2 }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
{{- if gt (int .Values.drain.preStopSeconds) 0 }}
lifecycle:
  preStop:
    sleep:
      seconds: {{ .Values.drain.preStopSeconds }}
{{- end }}
{{- include "ecluse.probes" . }}
volumeMounts:
  {{- include "ecluse.volumeMounts" . | nindent 2 }}
{{- end -}}

{{- define "ecluse.env" -}}
{{- include "ecluse.settings.env" . | trim }}
{{- include "ecluse.secrets.env" . }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "ecluse.initContainers" -}}
{{- include "ecluse.model.initContainers" . | trim }}
{{- with .Values.extraInitContainers }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "ecluse.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: {{ .Values.tmp.sizeLimit }}
{{- include "ecluse.model.volumes" . }}
{{- include "ecluse.secrets.volumes" . }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "ecluse.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
{{- include "ecluse.model.volumeMounts" . }}
{{- include "ecluse.secrets.volumeMounts" . }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}
