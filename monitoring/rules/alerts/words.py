"""Who an alert is about, as templates of Prometheus': what is not known is left out."""

IN = "{{ with $labels.namespace }} in {{ . }}{{ end }}"

MODEL = "model {{ or $labels.model_name `(none)` }}" + IN
VERSION = "version {{ $labels.model_version }} of model {{ $labels.model_name }}" + IN
NAME = "{{ or $labels.pod $labels.instance }}"
"""Of a server, where its namespace is told already."""
SERVER = NAME + IN
REVISION = "revision {{ $labels.revision }} of {{ $labels.variant }}" + IN
VARIANT = "{{ $labels.variant }}" + IN
CONTAINER = "container {{ $labels.container }} of {{ $labels.pod }}" + IN

SHARE = "{{ $value | humanizePercentage }}"
COUNT = '{{ $value | printf "%.0f" }}'
NUMBER = '{{ $value | printf "%.2f" }}'
"""Not `humanize`, which writes 0.88 as 880m."""
TIME = "{{ $value | humanizeDuration }}"
