"""What an object of Kubernetes is to all who read it."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]
"""An object as the API server tells it."""
