"""As many open files as the system lets this process have: each connection is one, and 1,024 is a usual limit."""

import resource
from contextlib import suppress


def allow_all() -> None:
    """Raise the limit as far as it may be."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
