{{/*
Refuses ways of asking for GPUs that end in a pod that waits for ever, or in a card that lies idle.
*/}}
{{- define "ecluse.guards.gpu" -}}
{{- $gpu := .Values.gpu -}}
{{- $mig := eq $gpu.sharing "mig" -}}
{{- $shared := has $gpu.sharing (list "timeSlicing" "mps") -}}
{{- $discovered := has $gpu.preset (list "gpu-operator" "eks" "aks") -}}
{{- $counted := "" -}}
{{- range $name, $_ := .Values.resources.limits -}}
{{- if contains "nvidia.com/" $name -}}{{- $counted = $name -}}{{- end -}}
{{- end -}}
{{- if eq .Values.image.variant "gpu" -}}
{{- if not (or $gpu.enabled $counted .Values.resources.claims) -}}
{{- fail "image.variant is gpu, but no GPU is asked for: set gpu.enabled, or image.variant cpu" -}}
{{- end -}}
{{- else if $gpu.enabled -}}
{{- fail "gpu.enabled is set, but image.variant is cpu, whose TensorFlow cannot use a GPU: set image.variant gpu" -}}
{{- else if $counted -}}
{{- fail (printf "resources.limits asks for %s, but image.variant is cpu, whose TensorFlow cannot use a GPU: set image.variant gpu" $counted) -}}
{{- end -}}
{{- if not $gpu.enabled -}}
{{- if ne $gpu.preset "none" -}}
{{- fail (printf "gpu.preset is %s, but no GPU is asked for: set gpu.enabled" $gpu.preset) -}}
{{- end -}}
{{- if $gpu.dra.enabled -}}
{{- fail "gpu.dra.enabled is set, but no GPU is asked for: set gpu.enabled" -}}
{{- end -}}
{{- else -}}
{{- if and $mig (not $gpu.mig.profile) -}}
{{- fail "gpu.sharing is mig, but gpu.mig.profile does not say which slice: expected one as 1g.5gb" -}}
{{- end -}}
{{- if and $mig (gt (int $gpu.count) 1) -}}
{{- fail (printf "gpu.count is %v of gpu.sharing mig: a process sees one slice only, expected 1 (and more replicas)" $gpu.count) -}}
{{- end -}}
{{- if and $shared (gt (int $gpu.count) 1) -}}
{{- fail (printf "gpu.count is %v of gpu.sharing %s: more parts of a card give no more of it, expected 1" $gpu.count $gpu.sharing) -}}
{{- end -}}
{{- if and $mig (eq $gpu.preset "gke") (eq $gpu.mig.strategy "mixed") -}}
{{- fail "gpu.mig.strategy is mixed with gpu.preset gke, which knows slices as nvidia.com/gpu only: expected single" -}}
{{- end -}}
{{- if and $mig $discovered (eq $gpu.mig.strategy "single") (not (or $gpu.dra.enabled $gpu.product .Values.nodeSelector .Values.affinity)) -}}
{{- fail (printf "gpu.mig.strategy is single with gpu.preset %s, where the product's label tells a slice from a whole card: give gpu.product" $gpu.preset) -}}
{{- end -}}
{{- if and $shared (not $gpu.dra.enabled) (has $gpu.preset (list "karpenter" "eks-auto")) (gt (int $gpu.shared.replicas) 0) -}}
{{- fail (printf "gpu.shared.replicas is %v with gpu.preset %s, which makes nodes before they have the label for it: expected 0" $gpu.shared.replicas $gpu.preset) -}}
{{- end -}}
{{- if and (eq $gpu.preset "none") $gpu.product (not $gpu.dra.enabled) -}}
{{- fail "gpu.product is given with gpu.preset none, which knows no label for it: choose a preset, or use nodeSelector" -}}
{{- end -}}
{{- if and $gpu.dra.claimName $gpu.dra.claimTemplateName -}}
{{- fail "gpu.dra.claimName and gpu.dra.claimTemplateName are both given: expected one of them" -}}
{{- end -}}
{{- $tensorflow := .Values.tensorflow | default dict -}}
{{- if and $shared (eq ($tensorflow.memoryGrowth | toString) "false") (eq ($tensorflow.memoryLimitMib | default 0 | int) 0) -}}
{{- fail (printf "tensorflow.memoryGrowth is off on a GPU that is shared (gpu.sharing %s): the first pod would take all its memory; set tensorflow.memoryLimitMib" $gpu.sharing) -}}
{{- end -}}
{{- if eq ($tensorflow.visibleDevices | default "") "none" -}}
{{- fail "gpu.enabled is set, but tensorflow.visibleDevices is none: the GPU would lie idle" -}}
{{- end -}}
{{- end -}}
{{- end -}}
