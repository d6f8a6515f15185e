"""What a Grafana is given (provisioning/), and what a real one is asked to show that it took it (check.py)."""
