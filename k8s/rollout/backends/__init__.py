"""Ways to share traffic between two versions, all with the same face.

- `backend.py` is the face; `detect.py` chooses, by what `wishes.py` holds
- `gateway.py` goes by the weights of routes: `routes.py` reads and writes them, `route.py`, `sides.py`, `taken_up.py`,
  `ownership.py` and `weights.py` decide
- `replicas.py` goes by numbers of pods, which `pod_counts.py` and `two_deployments.py` decide
- `kserve_canary.py` and `kserve_knative.py` go by KServe
- `behind.py` finds the Deployment behind a Service, `pods.py` says how its pods are, `asking.py` asks one side alone
"""
