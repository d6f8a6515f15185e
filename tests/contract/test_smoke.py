"""What `helm test` and the probes of mTLS make of real servers."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from tests.servers import ROOT, RunningServer

KEY = "a long and random key"


@dataclass
class Outcome:
    status: int
    said: str
    complained: str


def smoke(server: RunningServer, *options: str, key: str = "") -> Outcome:
    where = ("--http_port", str(server.http_port), "--grpc_port", str(server.grpc_port), "--wait_seconds", "5")
    command = (sys.executable, "-m", "serving.smoke", *where, *options)
    return finished(command, {"ECLUSE_KEY": key} if key else {})


def finished(command: tuple[str, ...], variables: dict[str, str] | None = None) -> Outcome:
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, **(variables or {})}
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("model", ["image", "two_inputs", "echo", "text", "open_length", "scalar", "constant"])
def test_a_model_that_nobody_knows_is_tried_with_zeros(zoo_server: RunningServer, model: str) -> None:
    outcome = smoke(zoo_server, "--model_name", model)
    assert outcome.status == 0, outcome.complained
    assert outcome.said.splitlines()[0] == "ready"
    assert outcome.said.splitlines()[-1] == "PASSED"
    assert {line.split(":")[0] for line in outcome.said.splitlines()} >= {"REST", "gRPC", "metrics"}


def test_a_request_of_ones_own_is_sent_and_its_answer_expected(zoo_server: RunningServer, tmp_path: Path) -> None:
    request = {"inputs": [{"name": "x", "shape": [1, 3], "datatype": "FP32", "data": [1.5, 2.5, 1]}]}
    tmp_path.joinpath("request.json").write_text(json.dumps(request))
    options = ("--model_name", "dense", "--request", str(tmp_path / "request.json"))
    right = smoke(zoo_server, *options, "--expect", '{"y": [2.5, 3.5]}')
    assert right.status == 0, right.complained
    wrong = smoke(zoo_server, *options, "--expect", '{"y": [3]}')
    assert wrong.status == 1
    assert "output 'y' is [2.5, 3.5], expected [3]" in wrong.complained


def test_a_model_that_refuses_zeros_is_told_with_what_it_said(zoo_server: RunningServer) -> None:
    outcome = smoke(zoo_server, "--model_name", "positive")
    assert outcome.status == 1
    assert outcome.complained.startswith("FAILED: POST /v2/models/positive/infer was answered with 400:")


def test_a_server_that_is_not_there_is_told_in_a_sentence() -> None:
    command = (sys.executable, "-m", "serving.smoke", "--http_port", "1", "--wait_seconds", "0")
    outcome = finished(command)
    assert outcome.status == 1
    assert outcome.complained.startswith("FAILED: the server is not ready after 0 s: it cannot be reached:")


@dataclass
class Guarded:
    """A server that asks for keys and for certificates, and the files of one who has both."""

    server: RunningServer
    folder: Path

    @property
    def shown(self) -> tuple[str, str]:
        return str(self.folder / "client.crt"), str(self.folder / "client.key")


@pytest.fixture(scope="module")
def guarded(zoo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    server, client = trustme.CA(), trustme.CA()
    # A name of some gateway's: none that this server is called by here.
    for issued, name in ((server.issue_cert("models.example.com"), "tls"), (client.issue_cert("caller"), "client")):
        issued.private_key_pem.write_to_path(folder / f"{name}.key")
        issued.cert_chain_pems[0].write_to_path(folder / f"{name}.crt")
    client.cert_pem.write_to_path(folder / "ca.crt")
    folder.joinpath("keys").write_text(f"tester:{hashlib.sha256(KEY.encode()).hexdigest()}\n")
    tls = ("--tls_certificate", str(folder / "tls.crt"), "--tls_key", str(folder / "tls.key"))
    asks = ("--tls_client_ca", str(folder / "ca.crt"), "--auth_keys_file", str(folder / "keys"), "--auth_metrics=true")
    with RunningServer(zoo / "image", "--model_name", "image", *tls, *asks) as running:
        yield Guarded(running, folder)


def test_keys_and_certificates_are_shown_over_both_protocols(guarded: Guarded) -> None:
    certificate, key = guarded.shown
    trust = ("--trust", str(guarded.folder / "tls.crt"), "--certificate", certificate, "--key", key)
    outcome = smoke(guarded.server, "--model_name", "image", *trust, key=KEY)
    assert outcome.status == 0, outcome.complained
    assert "note: the certificate is for models.example.com and not for 127.0.0.1" in outcome.said

    without_key = smoke(guarded.server, "--model_name", "image", *trust)
    assert without_key.status == 1
    assert "401" in without_key.complained


def test_a_probe_shows_a_certificate(guarded: Guarded) -> None:
    outcome = probe(guarded.server.http_port, "/v2/health/ready", *guarded.shown)
    assert (outcome.status, outcome.complained) == (0, "")


def test_a_probe_without_the_right_certificate_fails_and_says_why(guarded: Guarded) -> None:
    own = (str(guarded.folder / "tls.crt"), str(guarded.folder / "tls.key"))
    outcome = probe(guarded.server.http_port, "/v2/health/ready", *own)
    assert outcome.status == 1
    assert outcome.complained.startswith("/v2/health/ready got no answer:")


def test_a_probe_of_what_is_not_well_fails(guarded: Guarded) -> None:
    outcome = probe(guarded.server.http_port, "/v2/models/other/ready", *guarded.shown)
    assert outcome.status == 1
    assert outcome.complained.startswith("/v2/models/other/ready was answered with HTTP/1.1 404")


def probe(port: int, *arguments: str) -> Outcome:
    return finished((sys.executable, "-I", "-S", "serving/probe.py", str(port), *arguments))
