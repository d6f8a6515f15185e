"""The one file that speaks to the Kubernetes API server.

Reads objects and logs, as plain JSON and text, and writes nothing. Whatever
goes wrong is one of four mistakes with a sentence of its own: no way in
(BadKubeconfig), no answer (Unreachable), no right (Forbidden), or nothing
there (NotFound). Knows no kind of object.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from k8s.json_object import Json

ANSWER_SECONDS = 10.0
"""An API server that is well answers a read in milliseconds; a caller who tries again must not hang on one attempt."""

NAMESPACE_OF_POD = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")


class ApiError(Exception):
    """A read gave nothing; the message is one sentence, and `answer` what came instead, status first."""

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


class ApiServer:
    """Reads from one API server."""

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
        try:
            told = json.loads(self._get(path, query))
        except ValueError:
            raise Unreachable(f"{self.address} did not answer in JSON; is it a Kubernetes API server?") from None
        if not isinstance(told, dict):
            raise Unreachable(f"{self.address} did not answer with an object; is it a Kubernetes API server?")
        return told

    def text(self, *path: str, **query: str) -> str:
        """Give what is at a path as text, which is how logs come. Raises ApiError."""
        return self._get(path, query).decode(errors="replace")

    def _get(self, path: tuple[str, ...], query: Mapping[str, str]) -> bytes:
        url = f"{self.address}/" + "/".join(quote(part, safe=":") for part in path)
        if query:
            url += "?" + urlencode(query)
        headers = {"Accept": "application/json, */*", "User-Agent": "ecluse-k8s"}
        try:
            # Asked for each time, since a token may have to be renewed.
            for way_in in self._configuration.auth_settings().values():
                if way_in["value"]:
                    headers[way_in["key"]] = way_in["value"]
            answer = self._client.rest_client.request("GET", url, headers=headers, _request_timeout=ANSWER_SECONDS)
            status, body = answer.status, answer.read()
        except ApiException as error:
            status, body = error.status, error.body or b""
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Unreachable(f"the API server at {self.address} cannot be reached: {_told(error)}") from None
        except config.ConfigException as error:
            raise BadKubeconfig(f"the kubeconfig's way to sign in failed: {error}") from None
        if status == 200:
            return bytes(body)
        raise _refusal(status, body, "/".join(path))


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
        if kubeconfig is None and context is None and _is_in_a_pod():
            config.load_incluster_config(client_configuration=configuration)
            return ApiServer(configuration), NAMESPACE_OF_POD.read_text().strip() or "default"
        file = None if kubeconfig is None else str(kubeconfig)
        config.load_kube_config(config_file=file, context=context, client_configuration=configuration)
        contexts, active = config.list_kube_config_contexts(config_file=file)
    except (config.ConfigException, OSError, ValueError, TypeError) as error:
        raise BadKubeconfig(f"the kubeconfig cannot be used: {error}") from None
    chosen = next((each for each in contexts if each["name"] == context), active)
    return ApiServer(configuration), str(chosen["context"].get("namespace") or "default")


def _is_in_a_pod() -> bool:
    return not os.environ.get("KUBECONFIG") and "KUBERNETES_SERVICE_HOST" in os.environ and NAMESPACE_OF_POD.exists()
