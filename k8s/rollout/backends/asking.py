"""Send one request straight to a Service, past every route.

Inside the cluster by the Service's name; from outside by the API server's proxy,
which takes the right to `services/proxy`. A Service that speaks TLS is always
asked by the proxy, which does not ask for its certificate.
"""

from collections.abc import Mapping
from typing import Protocol

import urllib3

from k8s.api_server import PROXY_SECONDS, is_in_a_pod
from k8s.json_object import Json
from k8s.rollout.backends.backend import NO_HEADERS


class Sends(Protocol):
    """What a proxy is asked with."""

    def send(
        self, method: str, *path: str, body: bytes | None = None, headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, bytes]:
        """Give status and body. Raises ApiError."""


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
