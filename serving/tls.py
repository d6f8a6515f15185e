"""Server-side TLS from files, which are read anew when they change.

    tls = ServerTls(TlsFiles(certificate, key, client_ca), ("http/1.1",))   # or ("h2",); files_of() reads settings
    server = await loop.create_server(factory, sock=own_socket.dup(), ssl=tls.context)
    if tls.has_changed():                 # asked by the listener every RELOAD_SECONDS
        ...                               # begin a new server with the new tls.context on another dup(), close the old

A new context for new files, and never a change of the old one: so a client CA
that is taken away is gone, session tickets included, and open connections keep
what they were made with. Mistakes in the files end the start-up in one sentence;
later they are logged, and what was read before stays in force.
"""

import hashlib
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from serving import logs
from serving.errors import StartupError

RELOAD_SECONDS = 10.0
"""How often to ask whether the files have changed; Kubernetes takes a minute to bring a new secret to a pod."""


class TlsFiles(NamedTuple):
    """Where the files are; all in PEM."""

    certificate: Path
    """The server's certificate, with its chain behind it."""
    key: Path
    """The certificate's key, not encrypted."""
    client_ca: Path | None = None
    """Whose certificates callers must show; none asks for none."""


def files_of(certificate: Path | None, key: Path | None, client_ca: Path | None) -> TlsFiles | None:
    """Give the files that the settings name, None for plain text; raises StartupError where one is missing."""
    if certificate is not None and key is not None:
        return TlsFiles(certificate, key, client_ca)
    if certificate is None and key is None and client_ca is None:
        return None
    missing = "tls_certificate" if certificate is None else "tls_key"
    raise StartupError(f"{missing} is missing: TLS needs both tls_certificate and tls_key")


class ServerTls:
    """A context for the listener of one protocol."""

    def __init__(self, files: TlsFiles, protocols: Sequence[str]) -> None:
        """Read the files; raises StartupError. `protocols` are told by ALPN, in order of preference."""
        self._files = files
        self._protocols = list(protocols)
        try:
            self._digest = self._read()
            self.context, self._expires = self._context()
        except InvalidFiles as error:
            raise StartupError(f"TLS cannot be served: {error}") from error
        self._complaint = ""
        """What was last logged, so that it is said once."""

    @property
    def expires(self) -> float:
        """When the certificate that is shown to new callers ends, in seconds since 1970."""
        return self._expires

    def has_changed(self) -> bool:
        """Read the files again; say whether there is another context now."""
        try:
            digest = self._read()
            if digest == self._digest:
                return False
            context, expires = self._context()
            if self._read() != digest:
                return False  # they are being written: the next look finds them whole
        except InvalidFiles as error:
            self._complain(str(error))
            return False
        self.context, self._expires = context, expires
        self._digest, self._complaint = digest, ""
        logs.event("tls_reloaded", protocol=self._protocols[0], certificate=self._files.certificate)
        return True

    def not_taken(self, error: OSError) -> None:
        """Hear that nobody could listen by the new context, so that the next look gives it again."""
        self._digest = b""
        self._complain(f"no socket to listen on: {error.strerror}")

    def _complain(self, why: str) -> None:
        if why != self._complaint:
            logs.event("tls_reload_failed", level=logs.ERROR, protocol=self._protocols[0], why=why)
        self._complaint = why

    def _read(self) -> bytes:
        """Digest what the files hold. Kubernetes swaps a link far above them, and a time stamp may lie."""
        digest = hashlib.sha256()
        for path in self._files:
            if path is None:
                continue
            try:
                content = path.read_bytes()
            except OSError as error:
                raise InvalidFiles(f"{path} cannot be read: {error.strerror}") from error
            digest.update(b"%d:" % len(content) + content)
        return digest.digest()

    def _context(self) -> tuple[ssl.SSLContext, float]:
        """Make the context of what the files hold, and say when its certificate ends."""
        files = self._files
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION
        context.set_alpn_protocols(self._protocols)
        expires = _check_dates(files.certificate)
        try:
            context.load_cert_chain(files.certificate, files.key, password=_no_password)
        except EncryptedKey:
            raise InvalidFiles(f"the key {files.key} is encrypted, expected one without a password") from None
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise InvalidFiles(f"the key {files.key} is not that of the certificate {files.certificate}") from error
            raise InvalidFiles(f"{files.key} holds no key in PEM ({error.reason or error})") from error
        if files.client_ca is not None:
            try:
                context.load_verify_locations(files.client_ca)
            except ssl.SSLError as error:
                raise InvalidFiles(
                    f"{files.client_ca} holds no certificate in PEM ({error.reason or error})"
                ) from error
            context.verify_mode = ssl.CERT_REQUIRED
        return context, expires.timestamp()


class InvalidFiles(Exception):
    """The files cannot be used; says which, and why."""


class EncryptedKey(Exception):
    """OpenSSL asked for a password."""


def _no_password() -> bytes:
    raise EncryptedKey


def _check_dates(certificate: Path) -> datetime:
    """Give the time the certificate ends; raises InvalidFiles unless it is valid now."""
    # Imported by those alone who serve TLS.
    from cryptography import x509

    try:
        leaf = x509.load_pem_x509_certificate(certificate.read_bytes())
    except ValueError as error:
        raise InvalidFiles(f"{certificate} holds no certificate in PEM") from error
    now = datetime.now(UTC)
    if leaf.not_valid_after_utc < now:
        raise InvalidFiles(f"the certificate {certificate} expired at {leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC")
    if leaf.not_valid_before_utc > now:
        raise InvalidFiles(
            f"the certificate {certificate} is not valid before {leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        )
    return leaf.not_valid_after_utc
