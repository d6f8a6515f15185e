"""Ask this pod's own server for its health, with a certificate: `python -I -S serving/probe.py PORT PATH FILE KEY`.

What the kubelet runs where callers must show a certificate (mTLS), because its
own HTTP probes have none. It runs every few seconds in every pod, so it loads
nothing but sockets and TLS, and is a script rather than a module of the package.
"""

import socket
import ssl
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 4 or not arguments[0].isdecimal():
        sys.exit("usage: python -I -S serving/probe.py PORT PATH CERTIFICATE KEY")
    port, path, certificate, key = arguments
    # As the kubelet does: it is this pod that answers on this address, whatever its certificate is for.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        context.load_cert_chain(certificate, key)
        answer = _ask(context, int(port), path)
    except OSError as fault:
        sys.exit(f"{path} got no answer: {fault}")
    if not answer:
        sys.exit(
            f"{path} got no answer: the server closed the connection, as it does on a certificate it does not know"
        )
    status = answer.partition(b"\r\n")[0].split(b" ")
    if status[1:2] != [b"200"]:
        sys.exit(f"{path} was answered with {answer[:200].decode(errors='replace')}")
    return 0


def _ask(context: ssl.SSLContext, port: int, path: str) -> bytes:
    with (
        # The kubelet's own timeout ends this process; the socket needs none.
        socket.create_connection(("127.0.0.1", port)) as plain,
        context.wrap_socket(plain) as connection,
    ):
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
    return answer


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
