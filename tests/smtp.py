"""A mail server of our own for tests: speaks SMTP on a port of this machine, keeps what it gets."""

from __future__ import annotations

import base64
import datetime
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Mailbox:
    """What the server got, and how it answers; `answers` to addresses or to the text, by part."""

    port: int = 0
    got: list[EmailMessage] = field(default_factory=list)
    logged_in: list[str] = field(default_factory=list)
    answers: dict[str, bytes] = field(default_factory=dict)
    drops: int = 0  # so many texts are taken and then the line is cut before the answer


class _Talk(socketserver.StreamRequestHandler):
    timeout = 20

    def handle(self) -> None:
        box: Mailbox = self.server.box  # type: ignore[attr-defined]
        tls: ssl.SSLContext | None = self.server.tls  # type: ignore[attr-defined]
        secret = False
        self._say(b"220 test ready")
        while line := self.rfile.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            match verb.upper():
                case "EHLO":
                    offers = [b"STARTTLS"] if tls and not secret else [b"AUTH PLAIN"]
                    self._say(b"\r\n".join([b"250-test", b"250 " + offers[0]]))
                case "STARTTLS" if tls:
                    self._say(b"220 go on")
                    try:
                        self.connection = tls.wrap_socket(self.connection, server_side=True)
                    except OSError:  # the other one trusts us not, and hangs up
                        return
                    self.rfile = self.connection.makefile("rb")
                    secret = True
                case "AUTH":
                    box.logged_in.append(base64.b64decode(rest.split()[1]).decode())
                    self._say(b"235 welcome" if secret else b"538 not in clear")
                case "RCPT":
                    self._say(box.answers.get(rest.partition("<")[2].partition(">")[0], b"250 ok"))
                case "DATA":
                    self._say(b"354 go on")
                    if not self._text(box):
                        return
                case "QUIT":
                    self._say(b"221 bye")
                    return
                case _:
                    self._say(b"250 ok")

    def _text(self, box: Mailbox) -> bool:
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        box.got.append(message_from_bytes(b"".join(lines), policy=policy.default))
        if box.drops:
            box.drops -= 1
            return False
        self._say(b"250 taken")
        return True

    def _say(self, line: bytes) -> None:
        self.connection.sendall(line + b"\r\n")

    def finish(self) -> None:
        super().finish()
        self.connection.close()


@contextmanager
def running(certificate: Path | None = None) -> Iterator[Mailbox]:
    """A mail server on a free port of this machine; with a certificate it speaks STARTTLS."""
    box = Mailbox()
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Talk)
    server.daemon_threads = True
    server.box, server.tls = box, None  # type: ignore[attr-defined]
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.tls = context  # type: ignore[attr-defined]
    box.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def certificate(folder: Path) -> Path:
    """A key and a certificate for this machine in one file, signed by themselves."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path
