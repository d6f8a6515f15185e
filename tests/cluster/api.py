"""The API server as the cluster's tests see it: objects as they are in JSON, by kind.

Knows which path each kind has by asking the server, so that no test needs a model
class for what it reads. Refusals carry the server's own sentence. Knows neither
Helm nor the chart.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubernetes import config  # type: ignore[import-untyped,unused-ignore]
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

Object = dict[str, Any]
"""One object, as the API server keeps it."""

REQUEST_SECONDS = 30
AGAIN = Retry(
    3, status_forcelist=(429, 500, 502, 504), allowed_methods=["GET"], backoff_factor=0.5, raise_on_status=False
)
"""An API server that is busy with a rollout may miss a beat: what only reads, or never reached it, is asked again."""
MERGE_PATCH = "application/merge-patch+json"
SERVER_SIDE_APPLY = "application/apply-patch+yaml"


class NoCluster(Exception):
    """There is no API server to be had; the message says why in one sentence."""


class Refused(Exception):
    """The API server said no; the message is what it said."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Kind:
    """How objects of one kind are addressed."""

    name: str
    group_version: str
    plural: str
    namespaced: bool
    can_list: bool

    @property
    def group(self) -> str:
        return self.group_version.rpartition("/")[0]

    def path(self, namespace: str | None, name: str = "", part: str = "") -> str:
        root = "/api" if "/" not in self.group_version else "/apis"
        where = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return "/".join(filter(None, (f"{root}/{self.group_version}{where}/{self.plural}", name, part)))


class Api:
    """A connection with the rights of the kubeconfig that KUBECONFIG names."""

    def __init__(self) -> None:
        """Raise NoCluster where no kubeconfig is named, or nobody answers at its address."""
        file = os.environ.get("KUBECONFIG")
        if not file:
            raise NoCluster("no cluster: KUBECONFIG is not set, or unset by `make check` (see `make test-cluster`)")
        try:
            self._client = config.new_client_from_config(file)
        except config.ConfigException as error:
            raise NoCluster(f"no cluster: {file} is no kubeconfig ({error})") from None
        self.address: str = self._client.configuration.host
        try:
            self.version: str = self.request("GET", "/version")["gitVersion"]
        except (HTTPError, OSError):
            raise NoCluster(f"no cluster: nobody answers at {self.address}, which {file} names") from None
        self._kinds: dict[str, Kind] = {}

    # Requests

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, Any] = {},
        content_type: str = "application/json",
    ) -> Any:
        """Send one request and give the answer; the body goes as JSON. Raises Refused."""
        return json.loads(self._send(method, path, body, query, content_type))

    def text(self, path: str, **query: Any) -> str:
        """Read what is not JSON: a log."""
        return self._send("GET", path, None, query, "application/json").decode(errors="replace")

    def _send(self, method: str, path: str, body: object, query: Mapping[str, Any], content_type: str) -> bytes:
        # The client's own calls know a class for each kind; its connection and its credentials serve any.
        _, url, headers, _, _ = self._client.param_serialize(
            method,
            path,
            query_params=list(query.items()),
            header_params={"Content-Type": content_type},
            auth_settings=["BearerToken"],
        )
        answer = self._client.rest_client.pool_manager.request(
            method,
            url,
            body=None if body is None else json.dumps(body).encode(),
            headers=headers,
            timeout=REQUEST_SECONDS,
            retries=AGAIN,
        )
        if answer.status >= 300:
            raise Refused(answer.status, said(answer.data))
        data: bytes = answer.data
        return data

    # Kinds

    def kind(self, name: str) -> Kind:
        """Find a kind by its name, as in `Deployment`; the group that is listed first wins."""
        if name not in self._kinds:
            self._kinds = {kind.name: kind for kind in reversed(self.kinds())}
        return self._kinds[name]

    def knows(self, group_version: str) -> bool:
        """Say whether a version of an API is served, as in `serving.kserve.io/v1beta1`."""
        try:
            self.request("GET", f"/apis/{group_version}")
        except Refused:
            return False
        return True

    def kinds(self) -> list[Kind]:
        """Every kind that the server has, once, in the version that it prefers."""
        groups = self.request("GET", "/apis")["groups"]
        versions = ["v1", *(each["groupVersion"] for group in groups for each in preferred_first(group))]
        found: dict[tuple[str, str], Kind] = {}
        for version in versions:
            for kind in self._kinds_of(version):
                found.setdefault((kind.group, kind.name), kind)
        return list(found.values())

    def _kinds_of(self, group_version: str) -> list[Kind]:
        root = "/api" if "/" not in group_version else "/apis"
        try:
            resources = self.request("GET", f"{root}/{group_version}")["resources"]
        except Refused:  # an API server of somebody else's that is down at the moment
            return []
        return [
            Kind(each["kind"], group_version, each["name"], each["namespaced"], "list" in each["verbs"])
            for each in resources
            if "/" not in each["name"]
        ]

    # Objects

    def get(self, kind: str, name: str, namespace: str | None = None) -> Object:
        found: Object = self.request("GET", self.kind(kind).path(namespace, name))
        return found

    def find(self, kind: str, namespace: str | None = None, **query: Any) -> list[Object]:
        items: list[Object] = self.request("GET", self.kind(kind).path(namespace), query=query)["items"]
        return items

    def create(self, made: Object) -> Object:
        """Make an object in the namespace that it names itself."""
        path = self.kind(made["kind"]).path(made["metadata"].get("namespace"))
        created: Object = self.request("POST", path, made)
        return created

    def patch(self, kind: str, name: str, change: object, namespace: str | None = None, part: str = "") -> Object:
        """Merge a change into an object, or into a part of it such as its status."""
        path = self.kind(kind).path(namespace, name, part)
        patched: Object = self.request("PATCH", path, change, content_type=MERGE_PATCH)
        return patched

    def delete(self, kind: str, name: str, namespace: str | None = None, **options: Any) -> None:
        """Ask for the end of an object; it is no fault where there is none."""
        try:
            self.request("DELETE", self.kind(kind).path(namespace, name), options)
        except Refused as refused:
            if refused.status != 404:
                raise


def preferred_first(group: Object) -> list[Object]:
    preferred = group["preferredVersion"]
    return [preferred, *(version for version in group["versions"] if version != preferred)]


def said(answer: bytes) -> str:
    """The sentence of a refusal."""
    try:
        return str(json.loads(answer)["message"])
    except (ValueError, KeyError, TypeError):
        return answer.decode(errors="replace").strip()
