"""Doors that the chart locks with Secrets: callers show a certificate and a key, and so do probes and `helm test`."""

import base64
import hashlib
import ssl
from collections.abc import Iterator, Mapping
from http.client import HTTPSConnection
from typing import Any

import grpc
import pytest
import trustme

from serving import oip_pb2
from tests.cluster.callers import REQUEST_SECONDS, SEVEN
from tests.cluster.conftest import RESTRICTED, Install
from tests.cluster.namespaces import Namespaces
from tests.cluster.releases import MODES, Release

KEY = "sesame"
LOCKED: Mapping[str, Any] = {
    "auth": {"secretName": "callers"},
    "tls": {"secretName": "server", "clientCaSecretName": "authority", "clientSecretName": "prober"},
    "tests": {"keySecretName": "tester"},
}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module", params=MODES)
def locked(
    request: pytest.FixtureRequest, namespaces: Namespaces, install: Install, authority: trustme.CA
) -> Iterator[Release]:
    with namespaces.new(f"locked-{request.param}", RESTRICTED) as namespace:
        services = [f"{name}.{namespace.name}.svc" for name in ("ecluse", "ecluse-predictor")]
        sums = f"tests:{hashlib.sha256(KEY.encode()).hexdigest()}\n".encode()
        for name, data in {
            "callers": {"keys": sums},
            "tester": {"key": KEY.encode()},
            "server": pair(authority.issue_cert("127.0.0.1", "localhost", *services)),
            "prober": pair(authority.issue_cert("prober.ecluse.dev")),
            "authority": {"ca.crt": authority.cert_pem.bytes()},
        }.items():
            namespace.create(secret(name, data))
        yield install(namespace, LOCKED, mode=request.param)


def pair(certificate: trustme.LeafCert) -> dict[str, bytes]:
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    return {"tls.crt": chain, "tls.key": certificate.private_key_pem.bytes()}


def secret(name: str, data: Mapping[str, bytes]) -> dict[str, Any]:
    encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
    kind = "kubernetes.io/tls" if "tls.key" in data else "Opaque"
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": kind, "data": encoded}


def asked(release: Release, context: ssl.SSLContext, headers: Mapping[str, str]) -> int:
    """The status of one request over TLS."""
    host, _, port = release.addresses.rest.partition(":")
    connection = HTTPSConnection(host, int(port), timeout=REQUEST_SECONDS, context=context)
    try:
        connection.request("POST", "/v2/models/mnist/infer", SEVEN, {"Content-Type": "application/json", **headers})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.fixture(scope="module")
def context(authority: trustme.CA) -> ssl.SSLContext:
    """What a caller has who shows a certificate of the authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    authority.issue_cert("caller.ecluse.dev").configure_cert(context)
    return context


def test_a_certificate_and_a_key_open_the_door(locked: Release, context: ssl.SSLContext) -> None:
    assert asked(locked, context, {"Authorization": f"Bearer {KEY}"}) == 200


def test_a_certificate_alone_does_not(locked: Release, context: ssl.SSLContext) -> None:
    assert asked(locked, context, {}) == 401
    assert asked(locked, context, {"Authorization": "Bearer crowbar"}) == 401


def test_a_key_alone_does_not(locked: Release, authority: trustme.CA) -> None:
    bare = ssl.create_default_context()
    authority.configure_trust(bare)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        asked(locked, bare, {"Authorization": f"Bearer {KEY}"})


def test_the_same_holds_over_grpc(locked: Release, authority: trustme.CA) -> None:
    mine = pair(authority.issue_cert("caller.ecluse.dev"))
    credentials = grpc.ssl_channel_credentials(authority.cert_pem.bytes(), mine["tls.key"], mine["tls.crt"])
    with grpc.secure_channel(locked.addresses.grpc, credentials) as channel:
        call: Any = channel.unary_unary(
            "/inference.GRPCInferenceService/ModelMetadata",
            request_serializer=oip_pb2.ModelMetadataRequest.SerializeToString,
            response_deserializer=oip_pb2.ModelMetadataResponse.FromString,
        )
        metadata = oip_pb2.ModelMetadataRequest(name="mnist")
        with pytest.raises(grpc.RpcError) as refused:
            call(metadata, timeout=REQUEST_SECONDS)
        assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
        shown = (("authorization", f"Bearer {KEY}"),)
        assert call(metadata, metadata=shown, timeout=REQUEST_SECONDS).name == "mnist"


def test_helm_test_and_the_probes_show_what_they_were_given(locked: Release) -> None:
    assert "Succeeded" in locked.test("--logs")
    (pod,) = [pod for pod in locked.pods() if "deletionTimestamp" not in pod["metadata"]]
    assert pod["status"]["containerStatuses"][0]["restartCount"] == 0
