{{/*
Ways of asking for GPUs that end in a pod that waits for ever, or in a card that lies idle.
*/}}
{{- define "ecluse.mistakes.gpu" -}}
{{- $gpu := .Values.gpu -}}
{{- $on := $gpu.enabled -}}
{{- $mig := and $on (eq $gpu.sharing "mig") -}}
{{- $shared := and $on (has $gpu.sharing (list "timeSlicing" "mps")) -}}
{{- $discovered := has $gpu.preset (list "gpu-operator" "eks" "aks") -}}
{{- $counted := "" -}}
{{- range $name, $_ := .Values.resources.limits -}}
{{- if contains "nvidia.com/" $name -}}{{- $counted = $name -}}{{- end -}}
{{- end -}}
{{- $forGpus := eq .Values.image.variant "gpu" -}}
{{- /* guard: image for GPUs without a GPU */}}
{{- if and $forGpus (not (or $on $counted .Values.resources.claims)) }}
- image.variant is gpu, but no GPU is asked for: set gpu.enabled, or image.variant cpu.
{{- end }}
{{- /* guard: GPU for an image that knows none */}}
{{- if and $on (not $forGpus) }}
- gpu.enabled is set, but image.variant is cpu, whose TensorFlow cannot use a GPU: set image.variant gpu.
{{- end }}
{{- /* guard: GPU in the resources of an image that knows none */}}
{{- if and $counted (not $on) (not $forGpus) }}
- resources.limits asks for {{ $counted }}, but image.variant is cpu, whose TensorFlow cannot use a GPU: set image.variant gpu.
{{- end }}
{{- /* guard: preset without a GPU */}}
{{- if and (not $on) (ne $gpu.preset "none") }}
- gpu.preset is {{ $gpu.preset }}, but no GPU is asked for: set gpu.enabled.
{{- end }}
{{- /* guard: claim without a GPU */}}
{{- if and (not $on) $gpu.dra.enabled }}
- gpu.dra.enabled is set, but no GPU is asked for: set gpu.enabled.
{{- end }}
{{- /* guard: slice without a profile */}}
{{- if and $mig (not $gpu.mig.profile) }}
- gpu.sharing is mig, but gpu.mig.profile does not say which slice: expected one as 1g.5gb.
{{- end }}
{{- /* guard: more than one slice */}}
{{- if and $mig (gt (int $gpu.count) 1) }}
- gpu.count is {{ $gpu.count }} of gpu.sharing mig: a process sees one slice only, expected 1 (and more replicas).
{{- end }}
{{- /* guard: more than one part of a card */}}
{{- if and $shared (gt (int $gpu.count) 1) }}
- gpu.count is {{ $gpu.count }} of gpu.sharing {{ $gpu.sharing }}: more parts of a card give no more of it, expected 1.
{{- end }}
{{- /* guard: slices that GKE does not know */}}
{{- if and $mig (eq $gpu.preset "gke") (eq $gpu.mig.strategy "mixed") }}
- gpu.mig.strategy is mixed with gpu.preset gke, which knows slices as nvidia.com/gpu only: expected single.
{{- end }}
{{- /* guard: slice that looks like a card */}}
{{- if and $mig $discovered (eq $gpu.mig.strategy "single") (not (or $gpu.dra.enabled $gpu.product .Values.nodeSelector .Values.affinity)) }}
- gpu.mig.strategy is single with gpu.preset {{ $gpu.preset }}, where the product's label tells a slice from a whole card: give gpu.product.
{{- end }}
{{- /* guard: parts on nodes that are made on demand */}}
{{- if and $shared (not $gpu.dra.enabled) (has $gpu.preset (list "karpenter" "eks-auto")) (gt (int $gpu.shared.replicas) 0) }}
- gpu.shared.replicas is {{ $gpu.shared.replicas }} with gpu.preset {{ $gpu.preset }}, which makes nodes before they have the label for it: expected 0.
{{- end }}
{{- /* guard: product without a label */}}
{{- if and $on (eq $gpu.preset "none") $gpu.product (not $gpu.dra.enabled) }}
- gpu.product is given with gpu.preset none, which knows no label for it: choose a preset, or use nodeSelector.
{{- end }}
{{- /* guard: two claims */}}
{{- if and $on $gpu.dra.claimName $gpu.dra.claimTemplateName }}
- gpu.dra.claimName and gpu.dra.claimTemplateName are both given: expected one of them.
{{- end }}
{{- /* guard: all memory of a shared card */}}
{{- if and $shared (not .Values.tensorflow.memoryGrowth) (eq (int .Values.tensorflow.memoryLimitMib) 0) }}
- tensorflow.memoryGrowth is off on a GPU that is shared (gpu.sharing {{ $gpu.sharing }}): the first pod would take all its memory; set tensorflow.memoryLimitMib.
{{- end }}
{{- /* guard: GPU that TensorFlow may not see */}}
{{- if and $on (eq .Values.tensorflow.visibleDevices "none") }}
- gpu.enabled is set, but tensorflow.visibleDevices is none: the GPU would lie idle.
{{- end }}
{{- end -}}
