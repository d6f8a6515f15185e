"""The one file that speaks to the Kubernetes API server.

Reads objects and logs, as plain JSON and text; creates, patches and deletes
objects; and sends requests through proxies. Each is tried once. Whatever goes
wrong is one of five mistakes with a sentence of its own: no way in
(BadKubeconfig), no answer (Unreachable), no right (Forbidden), nothing there
(NotFound), or another's write in between (Conflict). A write that was not
answered may have been done. Knows no kind of object.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode

import urllib3
import yaml
from kubernetes import client, config

from k8s.json_object import Json

ANSWER_SECONDS = 10.0
"""An API server that is well answers in milliseconds; a caller who tries again must not hang on one attempt."""

PROXY_SECONDS = 30.0
"""Behind a proxy a model may have to run first."""

WRITER = "ecluse"
"""What stands in `managedFields` beside each field that was written here."""

NAMESPACE_OF_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class ApiError(Exception):
    """What was asked for was not done; the message is one sentence, and `answer` what came instead, status first."""

    def __init__(self, sentence: str, answer: str = "") -> None:
        super().__init__(sentence)
        self.answer = answer


class BadKubeconfig(ApiError):
    """There is no way to the API server that could be tried."""


class Unreachable(ApiError):
    """The API server did not answer, or not with sense; it may at the next attempt."""


class Forbidden(ApiError):
    """A right is missing, which the message names."""


class NotFound(ApiError):
    """What was asked for is not there."""


class Conflict(ApiError):
    """Somebody else has written since what this write goes by was read, or has made the same object."""


class ApiServer:
    """Reads from and writes to one API server."""

    def __init__(self, configuration: Any) -> None:
        # One attempt each: who waits for a rollout tries again anyway, and must know of each failure.
        configuration.retries = False
        self._configuration = configuration
        self._client = client.ApiClient(configuration)

    @property
    def address(self) -> str:
        return str(self._configuration.host)

    def close(self) -> None:
        """Give the connections back."""
        self._client.rest_client.pool_manager.clear()

    def read(self, *path: str, **query: str) -> Json:
        """Give the object or list at a path, whose parts are quoted here. Raises ApiError."""
        return self._object(self._get(path, query))

    def text(self, *path: str, **query: str) -> str:
        """Give what is at a path as text, which is how logs come. Raises ApiError."""
        return self._get(path, query).decode(errors="replace")

    def create(self, body: Json, *path: str, **query: str) -> Json:
        """Make an object at the path of its kind, and give it as it became. Raises ApiError."""
        return self._write("POST", path, query, body, "application/json")

    def patch(self, body: Json, *path: str, resource_version: str = "", **query: str) -> Json:
        """Change an object by a merge patch: what is None goes away, lists are replaced as a whole.

        With a resource version, Conflict is raised where the object has changed since. Raises ApiError.
        """
        if resource_version:
            body = {**body, "metadata": {**(body.get("metadata") or {}), "resourceVersion": resource_version}}
        return self._write("PATCH", path, query, body, "application/merge-patch+json")

    def delete(self, *path: str, resource_version: str = "") -> None:
        """Ask for the end of an object. Raises ApiError; NotFound where it is gone already."""
        told = {"preconditions": {"resourceVersion": resource_version}} if resource_version else {}
        self._demand("DELETE", path, {}, json.dumps(told).encode(), "application/json")

    def send(
        self,
        method: str,
        *path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
        **query: str,
    ) -> tuple[int, bytes]:
        """Send one request through a proxy; give status and body as whoever is behind it answered.

        Where nobody could be reached behind it, that is the API server's own answer, 503. Raises ApiError.
        """
        content_type = "" if body is None else "application/json"
        status, answer = self._ask(method, path, query, body, content_type, PROXY_SECONDS, headers)
        if status in (401, 403, 404) and _is_of_the_api_server(answer):
            raise _refusal(status, answer, "/".join(path))
        return status, answer

    def _get(self, path: tuple[str, ...], query: Mapping[str, str]) -> bytes:
        return self._demand("GET", path, query)

    def _write(
        self, method: str, path: tuple[str, ...], query: Mapping[str, str], body: Json, content_type: str
    ) -> Json:
        query = {"fieldManager": WRITER, **query}
        told = self._demand(method, path, query, json.dumps(body).encode(), content_type)
        return self._object(told)

    def _object(self, body: bytes) -> Json:
        try:
            told = json.loads(body)
        except ValueError:
            raise Unreachable(f"{self.address} did not answer in JSON; is it a Kubernetes API server?") from None
        if not isinstance(told, dict):
            raise Unreachable(f"{self.address} did not answer with an object; is it a Kubernetes API server?")
        return told

    def _demand(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, str],
        body: bytes | None = None,
        content_type: str = "",
    ) -> bytes:
        status, answer = self._ask(method, path, query, body, content_type, ANSWER_SECONDS)
        if 200 <= status < 300:
            return answer
        raise _refusal(status, answer, "/".join(path))

    def _ask(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, str],
        body: bytes | None,
        content_type: str,
        seconds: float,
        further_headers: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[int, bytes]:
        url = f"{self.address}/" + "/".join(quote(part, safe=":") for part in path)
        if query:
            url += "?" + urlencode(query)
        headers = {"Accept": "application/json, */*", "User-Agent": "ecluse-k8s", **further_headers}
        if content_type:
            headers["Content-Type"] = content_type
        try:
            # Asked for each time, since a token may have to be renewed.
            for way_in in self._configuration.auth_settings().values():
                if way_in["value"]:
                    headers[way_in["key"]] = way_in["value"]
            answer = self._client.rest_client.pool_manager.request(
                method, url, body=body, headers=headers, timeout=urllib3.Timeout(total=seconds), redirect=False
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(f"the API server at {self.address} cannot be reached: {_told(error)}") from None
        except config.ConfigException as error:
            raise BadKubeconfig(f"the kubeconfig's way to sign in failed: {error}") from None
        return int(answer.status), bytes(answer.data)


def _is_of_the_api_server(body: bytes) -> bool:
    """Tell its own refusals from those of whoever is behind a proxy."""
    try:
        told = json.loads(body)
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("kind") == "Status" and told.get("apiVersion") == "v1"


def _refusal(status: int, body: bytes, path: str) -> ApiError:
    try:
        told = json.loads(body)
        message = str(told["message"])
    except (ValueError, TypeError, KeyError):
        message = " ".join(body.decode(errors="replace").split())[:200] or f"status {status}"
    answer = f"{status} {message}"
    if status == 401:
        sentence = f"the API server does not know who asks (401 for {path}): are the credentials out of date?"
        return Forbidden(sentence, answer)
    if status == 403:
        return Forbidden(f"a right is missing: {message}", answer)
    if status == 404:
        return NotFound(message, answer)
    if status == 409:
        return Conflict(f"somebody else has written {path} at the same moment: {message}", answer)
    if status in (408, 429) or status >= 500:
        return Unreachable(f"the API server answered {status} for {path}: {message}", answer)
    return ApiError(f"the API server refused {path} with {status}: {message}", answer)


def _told(error: BaseException) -> str:
    """Give the last cause's words, without the addresses in memory that urllib3 puts first."""
    words = str(error)
    return words.rsplit(">: ", 1)[-1].rsplit("): ", 1)[-1] or type(error).__name__


def connect(kubeconfig: Path | None = None, context: str | None = None) -> tuple[ApiServer, str]:
    """Give the API server and the namespace that a kubeconfig names; inside a pod, its own. Raises BadKubeconfig."""
    configuration = client.Configuration()
    try:
        if kubeconfig is None and context is None and is_in_a_pod():
            config.load_incluster_config(client_configuration=configuration)
            return ApiServer(configuration), NAMESPACE_OF_POD.read_text().strip() or "default"
        file = None if kubeconfig is None else str(kubeconfig)
        config.load_kube_config(config_file=file, context=context, client_configuration=configuration)
        contexts, active = config.list_kube_config_contexts(config_file=file)
    except yaml.YAMLError as error:
        raise BadKubeconfig(f"the kubeconfig cannot be used, it is no YAML: {' '.join(str(error).split())}") from None
    except (config.ConfigException, OSError, ValueError, TypeError) as error:
        raise BadKubeconfig(f"the kubeconfig cannot be used: {error}") from None
    chosen = next((each for each in contexts if each["name"] == context), active)
    return ApiServer(configuration), str(chosen["context"].get("namespace") or "default")


def is_in_a_pod() -> bool:
    """Whether this process speaks for a pod's own account, and so reaches Services by their names."""
    return not os.environ.get("KUBECONFIG") and "KUBERNETES_SERVICE_HOST" in os.environ and NAMESPACE_OF_POD.exists()
