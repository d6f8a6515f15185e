"""Certificates from files: what is taken, what is refused in which sentence, and what a change of the files does."""

import logging
import shutil
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from serving.errors import StartupError
from serving.tls import ServerTls, TlsFiles, files_of


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def files(tmp_path: Path, ca: trustme.CA) -> TlsFiles:
    return write(tmp_path, ca.issue_cert("localhost"))


def write(folder: Path, issued: trustme.LeafCert) -> TlsFiles:
    """Put a certificate and its key where they are looked for."""
    issued.private_key_pem.write_to_path(folder / "tls.key")
    folder.joinpath("tls.crt").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    return TlsFiles(folder / "tls.crt", folder / "tls.key")


def serial(tls: ServerTls, ca: trustme.CA, client: ssl.SSLContext | None = None) -> int:
    """The serial number of the certificate that a caller is shown."""
    return int(str(shake_hands(tls, client or trusting(ca)).getpeercert()["serialNumber"]), 16)  # type: ignore[index]


def trusting(ca: trustme.CA) -> ssl.SSLContext:
    client = ssl.create_default_context()
    ca.configure_trust(client)
    return client


def shake_hands(tls: ServerTls, client_context: ssl.SSLContext) -> ssl.SSLObject:
    """Run both sides of a handshake in memory; raises what the client or the server finds wrong."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context.wrap_bio(to_client, to_server, server_hostname="localhost")
    server = tls.context.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    for _ in range(10):
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                continue
    assert not waiting
    return client


def test_a_caller_is_shown_the_certificate_and_told_the_protocol(files: TlsFiles, ca: trustme.CA) -> None:
    tls = ServerTls(files, ["http/1.1"])
    client = trusting(ca)
    client.set_alpn_protocols(["h2", "http/1.1"])
    connection = shake_hands(tls, client)
    assert connection.selected_alpn_protocol() == "http/1.1"
    assert connection.version() == "TLSv1.3"


def test_versions_before_1_2_are_refused(files: TlsFiles, ca: trustme.CA) -> None:
    assert ServerTls(files, ["h2"]).context.minimum_version == ssl.TLSVersion.TLSv1_2
    client = trusting(ca)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    assert shake_hands(ServerTls(files, ["h2"]), client).version() == "TLSv1.2"


class TestClientCertificates:
    @pytest.fixture
    def tls(self, files: TlsFiles, ca: trustme.CA, tmp_path: Path) -> ServerTls:
        ca.cert_pem.write_to_path(tmp_path / "ca.crt")
        return ServerTls(files._replace(client_ca=tmp_path / "ca.crt"), ["http/1.1"])

    def test_a_caller_without_one_is_refused(self, tls: ServerTls, ca: trustme.CA) -> None:
        with pytest.raises(ssl.SSLError, match="did not return a certificate"):
            shake_hands(tls, trusting(ca))

    def test_a_caller_with_another_cas_is_refused(self, tls: ServerTls, ca: trustme.CA) -> None:
        client = trusting(ca)
        trustme.CA().issue_cert("caller").configure_cert(client)
        with pytest.raises(ssl.SSLError, match="unable to get local issuer"):
            shake_hands(tls, client)

    def test_a_caller_with_the_right_one_is_served(self, tls: ServerTls, ca: trustme.CA) -> None:
        client = trusting(ca)
        ca.issue_cert("caller").configure_cert(client)
        assert shake_hands(tls, client).version() == "TLSv1.3"

    def test_a_ca_that_is_taken_away_is_trusted_no_longer(self, tls: ServerTls, ca: trustme.CA, tmp_path: Path) -> None:
        client = trusting(ca)
        ca.issue_cert("caller").configure_cert(client)
        session = shake_hands(tls, client).session
        assert session is not None
        trustme.CA().cert_pem.write_to_path(tmp_path / "ca.crt")
        assert tls.has_changed()
        with pytest.raises(ssl.SSLError, match=r"unable to get local issuer|self.signed"):
            shake_hands(tls, client)


class TestChanges:
    def test_files_that_stay_change_nothing(self, files: TlsFiles) -> None:
        tls = ServerTls(files, ["h2"])
        context = tls.context
        assert not tls.has_changed()
        assert tls.context is context

    def test_a_new_pair_is_shown_to_new_callers(self, files: TlsFiles, ca: trustme.CA) -> None:
        tls = ServerTls(files, ["h2"])
        before = serial(tls, ca)
        write(files.certificate.parent, ca.issue_cert("localhost"))
        assert tls.has_changed()
        assert not tls.has_changed()
        assert serial(tls, ca) != before

    def test_when_the_certificate_ends_is_told_of_the_one_that_is_shown(self, files: TlsFiles, ca: trustme.CA) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        folder = files.certificate.parent
        write(folder, ca.issue_cert("localhost", not_after=now + timedelta(days=3)))
        tls = ServerTls(files, ["h2"])
        assert tls.expires == (now + timedelta(days=3)).timestamp()
        write(folder, ca.issue_cert("localhost", not_after=now + timedelta(days=9)))
        assert tls.expires == (now + timedelta(days=3)).timestamp()
        assert tls.has_changed()
        assert tls.expires == (now + timedelta(days=9)).timestamp()
        files.certificate.write_text("nonsense")
        assert not tls.has_changed()
        assert tls.expires == (now + timedelta(days=9)).timestamp()

    def test_a_pair_that_nobody_could_listen_by_is_given_again(
        self, files: TlsFiles, ca: trustme.CA, caplog: pytest.LogCaptureFixture
    ) -> None:
        tls = ServerTls(files, ["http/1.1"])
        write(files.certificate.parent, ca.issue_cert("localhost"))
        assert tls.has_changed()
        tls.not_taken(OSError(24, "Too many open files"))
        assert "tls_reload_failed" in caplog.messages
        assert tls.has_changed()
        assert not tls.has_changed()

    def test_a_link_that_kubernetes_swaps_is_seen(self, tmp_path: Path, ca: trustme.CA) -> None:
        for name in ("old", "new"):
            tmp_path.joinpath(name).mkdir()
            write(tmp_path / name, ca.issue_cert("localhost"))
        link = tmp_path / "..data"
        link.symlink_to("old")
        tls = ServerTls(TlsFiles(link / "tls.crt", link / "tls.key"), ["h2"])
        before = serial(tls, ca)
        tmp_path.joinpath("..tmp").symlink_to("new")
        tmp_path.joinpath("..tmp").rename(link)
        assert tls.has_changed()
        assert serial(tls, ca) != before

    @pytest.mark.parametrize("mistake", ["no key", "another key", "no certificate", "gone"])
    def test_a_broken_pair_keeps_the_old_one_and_is_logged_once(
        self, files: TlsFiles, ca: trustme.CA, mistake: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.ERROR, "ecluse")
        tls = ServerTls(files, ["h2"])
        before = serial(tls, ca)
        match mistake:
            case "no key":
                files.key.write_text("nonsense")
            case "another key":
                ca.issue_cert("localhost").private_key_pem.write_to_path(files.key)
            case "no certificate":
                files.certificate.write_text("nonsense")
            case "gone":
                files.certificate.unlink()
        assert not tls.has_changed()
        assert serial(tls, ca) == before
        assert [record.message for record in caplog.records] == ["tls_reload_failed"]
        assert not tls.has_changed()
        assert len(caplog.records) == 1
        write(files.certificate.parent, ca.issue_cert("localhost"))
        assert tls.has_changed(), "a pair that works is taken"
        assert serial(tls, ca) != before


CERTIFICATE, KEY, CA = Path("tls.crt"), Path("tls.key"), Path("ca.crt")


class TestMistakesAtTheStart:
    def test_all_files_or_none(self) -> None:
        assert files_of(None, None, None) is None
        assert files_of(CERTIFICATE, KEY, None) == TlsFiles(CERTIFICATE, KEY)
        assert files_of(CERTIFICATE, KEY, CA) == TlsFiles(CERTIFICATE, KEY, CA)

    @pytest.mark.parametrize(
        ("given", "missing"),
        [
            ((CERTIFICATE, None, None), "tls_key"),
            ((None, KEY, None), "tls_certificate"),
            ((None, None, CA), "tls_cert"),
        ],
    )
    def test_half_of_them(self, given: tuple[Path | None, Path | None, Path | None], missing: str) -> None:
        with pytest.raises(StartupError, match=missing):
            files_of(*given)

    def test_a_missing_file(self, files: TlsFiles) -> None:
        files.key.unlink()
        assert mistake(files) == f"TLS cannot be served: {files.key} cannot be read: No such file or directory"

    def test_a_certificate_that_is_none(self, files: TlsFiles) -> None:
        files.certificate.write_bytes(b"\x00nonsense")
        assert mistake(files) == f"TLS cannot be served: {files.certificate} holds no certificate in PEM"

    def test_a_key_that_is_none(self, files: TlsFiles) -> None:
        files.key.write_text("nonsense")
        assert mistake(files).startswith(f"TLS cannot be served: {files.key} holds no key in PEM (")

    def test_a_key_of_another_certificate(self, files: TlsFiles, ca: trustme.CA) -> None:
        ca.issue_cert("localhost").private_key_pem.write_to_path(files.key)
        assert f"{files.key} is not that of the certificate" in mistake(files)

    def test_a_client_ca_that_is_none(self, files: TlsFiles) -> None:
        empty = files.key.parent / "ca.crt"
        empty.write_text("nonsense")
        assert f"{empty} holds no certificate in PEM" in mistake(files._replace(client_ca=empty))

    def test_an_expired_certificate(self, tmp_path: Path, ca: trustme.CA) -> None:
        expired = ca.issue_cert("localhost", not_after=datetime.now(UTC) - timedelta(days=1))
        files = write(tmp_path, expired)
        assert f"{files.certificate} expired at " in mistake(files)

    def test_a_certificate_of_the_future(self, tmp_path: Path, ca: trustme.CA) -> None:
        future = ca.issue_cert("localhost", not_before=datetime.now(UTC) + timedelta(days=1))
        assert "is not valid before " in mistake(write(tmp_path, future))

    @pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command here")
    def test_an_encrypted_key_does_not_ask_at_the_terminal(self, files: TlsFiles) -> None:
        encrypted = files.key.parent / "encrypted.key"
        subprocess.run(
            ["openssl", "pkey", "-in", files.key, "-aes256", "-passout", "pass:secret", "-out", encrypted],
            check=True,
            capture_output=True,
        )
        assert "is encrypted, expected one without a password" in mistake(files._replace(key=encrypted))


def mistake(files: TlsFiles) -> str:
    with pytest.raises(StartupError) as refused:
        ServerTls(files, ["h2"])
    return str(refused.value)
