"""Send one request straight to a version, past every share: to its own Service, or to one of its pods.

Inside the cluster by name or address; from outside by the API server's proxy,
which takes the right to `services/proxy` or `pods/proxy`. Whoever speaks TLS is
always asked by the proxy, which does not ask for a certificate.
"""

from collections.abc import Mapping
from typing import Protocol

import urllib3

from k8s.api_server import PROXY_SECONDS, is_in_a_pod
from k8s.json_object import Json
from k8s.rollout.backends.backend import NO_HEADERS
from k8s.wait.seen import is_ready, is_terminating


class Sends(Protocol):
    """What a proxy is asked with."""

    def send(
        self, method: str, *path: str, body: bytes | None = None, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, bytes]:
        """Give status and body. Raises ApiError."""


class ReadsAndSends(Sends, Protocol):
    """What finds a pod as well."""

    def read(self, *path: str, **query: str) -> Json:
        """Give an object or a list. Raises ApiError."""


def ask(
    api: Sends,
    service: Json,
    port: int,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] = NO_HEADERS,
) -> tuple[int, bytes]:
    """Give status and body; 503 and why where nobody was reached. Raises ApiError."""
    name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
    method = "GET" if body is None else "POST"
    if is_in_a_pod() and not _speaks_tls(service, port):
        return _straight(method, f"http://{name}.{namespace}.svc:{port}/{path.lstrip('/')}", body, headers)
    scheme = "https:" if _speaks_tls(service, port) else ""
    where = ("api", "v1", "namespaces", namespace, "services", f"{scheme}{name}:{port}", "proxy")
    return api.send(method, *where, *path.strip("/").split("/"), body=body, headers=headers)


def ask_a_pod(
    api: ReadsAndSends,
    service: Json,
    deployment: Json,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] = NO_HEADERS,
) -> tuple[int, bytes]:
    """Send it to one ready pod of a Deployment, at the first port of the Service that leads to it and to others.

    Give status and body; 503 and why where there is no pod. Raises ApiError.
    """
    namespace = service["metadata"]["namespace"]
    chosen = ",".join(f"{key}={value}" for key, value in deployment["spec"]["selector"]["matchLabels"].items())
    pods = api.read("api", "v1", "namespaces", namespace, "pods", labelSelector=chosen).get("items") or ()
    pod = next((each for each in pods if is_ready(each) and not is_terminating(each)), None)
    if pod is None:
        return 503, f"no pod of deployment/{deployment['metadata']['name']} is ready".encode()
    port = service["spec"]["ports"][0]
    number = _number(pod, port.get("targetPort", port["port"]))
    method = "GET" if body is None else "POST"
    is_tls = port.get("appProtocol") == "https"
    address = pod["status"].get("podIP", "")
    if is_in_a_pod() and address and not is_tls:
        return _straight(method, f"http://{address}:{number}/{path.lstrip('/')}", body, headers)
    scheme = "https:" if is_tls else ""
    where = ("api", "v1", "namespaces", namespace, "pods", f"{scheme}{pod['metadata']['name']}:{number}", "proxy")
    return api.send(method, *where, *path.strip("/").split("/"), body=body, headers=headers)


def _number(pod: Json, port: int | str) -> int:
    """Give the number of a port that may be named."""
    if isinstance(port, int) or port.isdecimal():
        return int(port)
    named = [each for container in pod["spec"]["containers"] for each in container.get("ports") or ()]
    return next((int(each["containerPort"]) for each in named if each.get("name") == port), 80)


def _straight(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
    told = {"User-Agent": "ecluse-k8s"} | ({"Content-Type": "application/json"} if body is not None else {})
    try:
        answer = urllib3.request(
            method, url, body=body, headers={**told, **headers}, timeout=PROXY_SECONDS, retries=False, redirect=False
        )
    except (urllib3.exceptions.HTTPError, OSError) as error:
        return 503, f"nobody could be reached at {url}: {error}".encode()
    return int(answer.status), bytes(answer.data)


def _speaks_tls(service: Json, port: int) -> bool:
    ports = (service.get("spec") or {}).get("ports") or ()
    return any(each.get("port") == port and each.get("appProtocol") == "https" for each in ports)
