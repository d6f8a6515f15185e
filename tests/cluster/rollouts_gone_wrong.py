"""Deployments that cannot be rolled out, each for one reason, and some that can.

Pods run plain Python out of the server's image, so that a test needs no other
image and each rollout takes a second or two. Knows neither chart nor server.
"""

from collections.abc import Mapping
from typing import Any

from tests.cluster.api import Object

SERVE = """
import http.server, json, os

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"ready": False, "phase": os.environ.get("PHASE", "loading")}).encode()
        self.send_response(503 if "unready" in self.path else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass

print("still loading the model", flush=True)
http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
"""
"""Ready at /ready, and never at /unready."""

READY = {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1, "timeoutSeconds": 5}
UNREADY = {**READY, "httpGet": {"path": "/unready", "port": 8080}}

LEAST = {"requests": {"cpu": "1m", "memory": "8Mi"}}


def python(code: str) -> Object:
    return {"command": ["python", "-u", "-c", code]}


def serving(**rest: Any) -> Object:
    return {**python(SERVE), "readinessProbe": READY, **rest}


def pod_spec(image: str, container: Mapping[str, Any], pod: Mapping[str, Any] = {}) -> Object:
    return {
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "containers": [
            {
                "name": "server",
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "resources": LEAST,
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                **container,
            }
        ],
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        **pod,
    }


def deployment(name: str, image: str, container: Mapping[str, Any], pod: Mapping[str, Any] = {}, **spec: Any) -> Object:
    """One replica that `restricted` admits, but for what is said otherwise."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": pod_spec(image, container, pod)},
            **spec,
        },
    }


def gone_wrong(image: str) -> dict[str, Object]:
    """Every Deployment that says on its own what is wrong with it."""
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1}
    fetching = {
        "name": "storage-initializer",
        "image": image,
        **python("raise SystemExit('there is no model at s3://models/mnist')"),
    }
    made = [
        deployment("no-registry", "127.0.0.1:1/nobody/nothing:1", serving()),
        deployment("never-pulled", "nowhere.invalid/nobody:1", serving(imagePullPolicy="Never")),
        deployment("no-name", "Not An Image", serving()),
        deployment("crash", image, python("raise ValueError('the model has no signature')")),
        deployment(
            "memory",
            image,
            {**python("b'x' * 10**9"), "resources": {"limits": {"memory": "32Mi"}}, "readinessProbe": READY},
        ),
        deployment("killed", image, {**serving(), "startupProbe": never}),
        deployment(
            "secret",
            image,
            serving(env=[{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "key"}}}]),
        ),
        deployment(
            "key",
            image,
            serving(env=[{"name": "K", "valueFrom": {"configMapKeyRef": {"name": "kube-root-ca.crt", "key": "k"}}}]),
        ),
        deployment("command", image, {"command": ["there-is-no-such-program"]}),
        deployment("room", image, serving(resources={"limits": {"example.com/device": "1", "cpu": "1m"}})),
        deployment(
            "claim", image, serving(), {"volumes": [{"name": "m", "persistentVolumeClaim": {"claimName": "models"}}]}
        ),
        deployment(
            "volume",
            image,
            serving(volumeMounts=[{"name": "keys", "mountPath": "/keys"}]),
            {"volumes": [{"name": "keys", "secret": {"secretName": "keys"}}]},
        ),
        deployment("account", image, serving(), {"serviceAccountName": "nobody"}),
        deployment("model", image, serving(), {"initContainers": [fetching]}),
        deployment("deadline", image, serving(readinessProbe=UNREADY), progressDeadlineSeconds=2),
        deployment("paused", image, serving(), paused=True),
        deployment("zero", image, serving(), replicas=0),
    ]
    return {each["metadata"]["name"]: each for each in made}
