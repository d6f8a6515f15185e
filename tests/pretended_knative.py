"""KServe on Knative, in memory: revisions of one InferenceService and what its status tells of their traffic.

After KServe's ksvc_reconciler and PropagateStatus: the newest revision gets the
percent, the rest goes to the one that last had everything, and where that is
the same one, to the one before it.
"""

import copy
from collections.abc import Mapping
from typing import Any

from k8s.api_server import ApiError, NotFound
from k8s.rollout.backends.kserve_knative import SOURCE
from tests.pretended_kserve import NAMESPACE, OLD, merged

Object = dict[str, Any]


class PretendedKnative:
    """One InferenceService with all requests on its first revision."""

    def __init__(self) -> None:
        self.service: Object = {
            "metadata": {"name": "digits", "resourceVersion": "1"},
            "spec": {"predictor": {"model": {"modelFormat": {"name": "ecluse"}, "storageUri": OLD}}},
            "status": {"deploymentMode": "Knative", "components": {"predictor": {}}},
        }
        self.revisions: list[str] = []
        """The models, in order."""
        self.broken: set[str] = set()
        """Models that never become ready."""
        self.writes: list[Object] = []
        self.rolled_out = ""
        self.rolled_out_before = ""
        self.advance()

    def read(self, *path: str, **query: str) -> Object:
        match path[-2:]:
            case ("inferenceservices", "digits"):
                return copy.deepcopy(self.service)
            case ("revisions", name) if name in self._names():
                return self._revision(name)
            case ("services", name) if name in self._names():
                return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": {"ports": [{"port": 80}]}}
            case (_, "pods"):
                return {"items": [{"status": {"containerStatuses": [{"restartCount": 2}]}}]}
        raise NotFound("not found", "404 not found")

    def text(self, *path: str, **query: str) -> str:
        raise NotFound("no log", "404 no log")

    def send(
        self, method: str, *path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> tuple[int, bytes]:
        return 200, repr((path[-2], dict(headers))).encode()

    def patch(self, body: Mapping[str, Any], *path: str, resource_version: str = "", **query: str) -> Object:
        changed: Object = merged(self.service, body)
        percent = changed["spec"]["predictor"].get("canaryTrafficPercent", 0)
        if not isinstance(percent, int) or not 0 <= percent <= 100:
            raise ApiError("denied", "422 canaryTrafficPercent is no percent")
        if "dryRun" not in query:
            self.service = changed
            self.writes.append(dict(body))
        return changed

    def advance(self) -> None:
        predictor = self.service["spec"]["predictor"]
        model = predictor["model"]["storageUri"]
        if not self.revisions or self.revisions[-1] != model:
            self.revisions.append(model)
        names = self._names()
        ready = [name for name, each in zip(names, self.revisions, strict=True) if each not in self.broken]
        newest, percent = ready[-1], predictor.get("canaryTrafficPercent")
        given = {newest: 100}
        if percent is not None and self.rolled_out:
            if self.rolled_out == newest and percent < 100:
                self.rolled_out = self.rolled_out_before
            given = {newest: percent} | ({self.rolled_out: 100 - percent} if percent < 100 else {})
        if given.get(newest) == 100 and self.rolled_out != newest:
            self.rolled_out, self.rolled_out_before = newest, self.rolled_out
        self.service["status"]["components"]["predictor"] = {
            "latestCreatedRevision": names[-1],
            "latestReadyRevision": newest,
            "latestRolledoutRevision": self.rolled_out,
            "traffic": [{"revisionName": name, "percent": share} for name, share in given.items()],
        }

    def _names(self) -> list[str]:
        return [f"digits-predictor-{number:05}" for number in range(1, len(self.revisions) + 1)]

    def _revision(self, name: str) -> Object:
        model = self.revisions[self._names().index(name)]
        is_broken = model in self.broken
        ready = {"type": "Ready", "status": "False" if is_broken else "True", "message": "it crashes"}
        return {
            "metadata": {"name": name, "annotations": {SOURCE: model}},
            "status": {"conditions": [ready], "actualReplicas": 0 if is_broken else 1},
        }
