"""Who an alert is about, as templates of Prometheus': what is not known is left out."""

_IN = "{{ with $labels.namespace }} in {{ . }}{{ end }}"

MODEL = "model {{ or $labels.model_name `(none)` }}" + _IN
VERSION = "version {{ $labels.model_version }} of model {{ $labels.model_name }}" + _IN
SERVER = "{{ or $labels.pod $labels.instance }}" + _IN
REVISION = "revision {{ $labels.revision }} of {{ $labels.variant }}" + _IN
VARIANT = "{{ $labels.variant }}" + _IN
CONTAINER = "container {{ $labels.container }} of {{ $labels.pod }}" + _IN

SHARE = "{{ $value | humanizePercentage }}"
VALUE = "{{ $value | humanize }}"
TIME = "{{ $value | humanizeDuration }}"
