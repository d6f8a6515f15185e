"""Read and write the routes that lead to two versions: the HTTPRoute, and the GRPCRoute beside it.

A write goes by what was read, and by what the last look has shown: weights that
somebody else has written since are not overwritten, but where everything is
taken back, which is always done.
"""

from collections.abc import Mapping

from k8s.api_server import WRITER, ApiError, ApiServer, Conflict, NotFound
from k8s.json_object import Json
from k8s.rollout.backends.backend import Changed, Refused
from k8s.rollout.backends.ownership import last_editor
from k8s.rollout.backends.route import GROUP, Pair, Rule, called, shared, with_share, would_lead_nowhere

ATTEMPTS = 6
"""A gateway's controller writes a route's status after each change, which looks like another's write for a moment."""

Weights = tuple[Mapping[str, int], ...]


class Routes:
    """Those of one rollout."""

    def __init__(self, api: ApiServer, namespace: str, name: str, grpc_name: str = "") -> None:
        self._api = api
        self._namespace = namespace
        self._name = name
        self._grpc_name = grpc_name
        self._looked_at: dict[str, Weights] = {}
        self.rules: tuple[Rule, ...] = ()
        """Those of the last look that lead to either version."""
        self.gone = ""
        """Why the GRPCRoute that was named is not among them. What is left can be taken back all the same."""

    def http(self) -> Json:
        """Read the HTTPRoute. Raises ApiError."""
        return self._read("httproutes", self._name)

    def first(self) -> Json:
        """Read the HTTPRoute for the first time. Raises Refused where there is none, and ApiError."""
        try:
            return self.http()
        except NotFound:
            raise Refused(self._why_missing("httproute", self._name)) from None

    def look(self, pair: Pair) -> list[Json]:
        """Read all, in the order in which they are written. Raises ApiError."""
        found = [self.http()]
        self.gone = ""
        try:
            calls = self._read("grpcroutes", self._grpc_name or self._name)
        except NotFound:
            if self._grpc_name:
                self.gone = self._why_missing("grpcroute", self._grpc_name)
        else:
            # One that has the same name by chance leads elsewhere.
            if self._grpc_name or shared(calls, pair):
                found.append(calls)
        self.rules = tuple(rule for route in found for rule in shared(route, pair))
        self._looked_at = {called(route): _weights(route, pair) for route in found}
        return found

    def write(self, pair: Pair, percent: float) -> None:
        """Give the canary this share in each of them, also where one cannot be written. Raises ApiError and Changed."""
        looked_at = self._looked_at
        failed: list[Exception] = []
        for route in self.look(pair):
            try:
                self._write(route, pair, percent, looked_at.get(called(route)))
            except (ApiError, Changed) as error:
                failed.append(error)
        if failed:
            raise failed[0]

    def try_writing(self, route: Json) -> None:
        """Have the API server say whether this route may be written, and write nothing. Raises ApiError."""
        self._api.patch({"metadata": {"annotations": {}}}, *self._path(route), dryRun="All")

    def _write(self, route: Json, pair: Pair, percent: float, looked_at: Weights | None) -> None:
        for _ in range(ATTEMPTS):
            if percent and looked_at is not None and _weights(route, pair) != looked_at:
                raise Changed(f"{called(route)} was changed{last_editor(route, WRITER)} since it was looked at")
            nowhere = would_lead_nowhere(route, pair, percent)
            if nowhere:
                raise ApiError(nowhere)
            patch = with_share(route, pair, percent)
            if not patch:
                return
            version = str(route["metadata"]["resourceVersion"])
            try:
                written = self._api.patch(patch, *self._path(route), resource_version=version)
            except Conflict:
                looked_at = looked_at or _weights(route, pair)
                route = self._api.read(*self._path(route))
            else:
                self._looked_at[called(route)] = _weights(written, pair)
                return
        raise Changed(f"{called(route)} is written by others all the time{last_editor(route, WRITER)}")

    def _read(self, plural: str, name: str) -> Json:
        return self._api.read("apis", *GROUP.split("/"), "v1", "namespaces", self._namespace, plural, name)

    def _path(self, route: Json) -> tuple[str, ...]:
        plural = f"{str(route['kind']).lower()}s"
        return ("apis", GROUP, "v1", "namespaces", self._namespace, plural, str(route["metadata"]["name"]))

    def _why_missing(self, kind: str, name: str) -> str:
        try:
            self._api.read("apis", GROUP, "v1")
        except NotFound:
            return f"this cluster knows no {kind} ({GROUP}/v1): is the Gateway API installed?"
        except ApiError:
            pass
        return f"there is no {kind}/{name} in namespace {self._namespace}"


def _weights(route: Json, pair: Pair) -> Weights:
    return tuple(rule.weights for rule in shared(route, pair))
