"""Who an alert is about, as templates of Prometheus': what is not known is left out."""

IN = "{{ with $labels.namespace }} in {{ . }}{{ end }}"

MODEL = "model {{ or $labels.model_name `(none)` }}" + IN
VERSION = "version {{ $labels.model_version }} of model {{ $labels.model_name }}" + IN
SERVER = "{{ or $labels.pod $labels.instance }}" + IN
REVISION = "revision {{ $labels.revision }} of {{ $labels.variant }}" + IN
VARIANT = "{{ $labels.variant }}" + IN
CONTAINER = "container {{ $labels.container }} of {{ $labels.pod }}" + IN

SHARE = "{{ $value | humanizePercentage }}"
VALUE = "{{ $value | humanize }}"
TIME = "{{ $value | humanizeDuration }}"
