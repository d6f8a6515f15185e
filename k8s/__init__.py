"""What a cluster needs around the chart, and the tools that follow a rollout and decide about one.

`k8s.wait` follows one until it is out or has failed for a reason; `k8s.rollout`
moves traffic to a new version, judged by Prometheus, and back. One file,
`api_server.py`, knows the Kubernetes client; all others read plain objects as
the API server tells them. Nothing here knows the server or the model.
"""
