"""A run and its verdict for people and machines: files, the terminal, Prometheus."""

from loadtests.report.folder import write

__all__ = ["write"]
