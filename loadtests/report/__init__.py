"""A run and its verdict for people and machines: files, the terminal, Prometheus."""
