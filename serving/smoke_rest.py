"""What the smoke test asks over REST, in plain text or TLS.

The server's own certificate may be what is trusted, whoever signed it and
whatever name it is for: which names it has is told to whoever asks.
"""

import json
import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any

from serving.smoke_target import TIMEOUT_SECONDS, SmokeFailure, Target


class RestCaller:
    """One connection for each request: what is tried is a service, and any pod of it may answer."""

    def __init__(self, target: Target) -> None:
        """Raises SmokeFailure where the files of certificates cannot be used."""
        self._target = target
        self._context = _context(target)
        self.certificate_names: tuple[str, ...] = ()
        """The names that the server's certificate is for, once something was asked over TLS."""

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Give the status and the body of the answer; raises OSError, HTTPException where there is none."""
        connection = self._connection()
        try:
            connection.connect()
            if isinstance(connection.sock, ssl.SSLSocket):
                self.certificate_names = _names(connection.sock.getpeercert() or {})
            connection.request(method, path, body, {**self._target.headers, "Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def read(self, method: str, path: str, body: bytes | None = None) -> Any:
        """Give an answer's JSON, or its bytes where it has none; raises SmokeFailure unless its status is 200."""
        try:
            status, content = self.ask(method, path, body)
        except (OSError, HTTPException) as fault:
            raise SmokeFailure(f"{method} {path} got no answer: {fault}") from None
        if status != 200:
            raise SmokeFailure(f"{method} {path} was answered with {status}: {content.decode(errors='replace')[:500]}")
        try:
            return json.loads(content)
        except ValueError:
            return content

    def _connection(self) -> HTTPConnection:
        target = self._target
        if self._context is None:
            return HTTPConnection(target.host, target.http_port, timeout=TIMEOUT_SECONDS)
        return HTTPSConnection(target.host, target.http_port, timeout=TIMEOUT_SECONDS, context=self._context)


def _context(target: Target) -> ssl.SSLContext | None:
    if target.trust is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # What is trusted is given file by file, a leaf among it perhaps, and the service has names that no certificate has.
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(target.trust)
        if target.certificate is not None:
            context.load_cert_chain(target.certificate, target.key)
    except (OSError, ssl.SSLError) as fault:
        raise SmokeFailure(f"{target.trust} or {target.certificate} holds no usable certificate: {fault}") from None
    return context


def _names(certificate: dict[str, Any]) -> tuple[str, ...]:
    return tuple(value for kind, value in certificate.get("subjectAltName", ()) if kind in ("DNS", "IP Address"))
