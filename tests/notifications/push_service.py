"""A browser and its push service on this machine: it checks what the desk sends, and reads it as the browser would."""

from __future__ import annotations

import base64
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import http_ece
import jwt
import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class PushService:
    """What was sent to the one browser that it knows."""

    folder: Path
    port: int = 0
    answers: list[int] = field(default_factory=list)
    received: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: dict[str, int | str] = field(default_factory=dict)
    """What is answered at a path: a status, or "hangs" and "drips", which never come to their end."""
    is_over: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.auth = os.urandom(16)

    @property
    def endpoint(self) -> str:
        return f"https://localhost:{self.port}/push/a-browser?x=1"

    def at(self, path: str, answer: int | str) -> str:
        """The endpoint of another browser, whose messages are answered so."""
        self.paths[path] = answer
        return f"https://localhost:{self.port}{path}"

    @property
    def keys(self) -> dict[str, str]:
        """What the browser gives to the page."""
        point = self.private.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return {"p256dh": base64url(point), "auth": base64url(self.auth)}

    def take(self, headers: dict[str, str], body: bytes) -> int:
        self.headers.append(headers)
        status = self.answers.pop(0) if self.answers else 201
        if status < 300:
            content = http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth, version="aes128gcm")
            self.received.append(orjson.loads(content))
        return status

    def claims(self, public_key: str) -> dict[str, Any]:
        """What the token of the last message says, which the key has to have signed."""
        scheme, _, rest = self.headers[-1]["authorization"].partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        assert scheme == "vapid"
        assert parts["k"] == public_key
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(public_key))
        audience = f"https://localhost:{self.port}"
        found: dict[str, Any] = jwt.decode(parts["t"], key, algorithms=["ES256"], audience=audience)
        return found

    def context(self) -> ssl.SSLContext:
        """Trusts this machine's certificate."""
        return ssl.create_default_context(cafile=str(self.folder / "cert.pem"))

    def certify(self) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(key, hashes.SHA256())
        )  # fmt: skip
        (self.folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
        (self.folder / "key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
        return context


@contextmanager
def running(folder: Path) -> Iterator[PushService]:
    """The service on a port of its own."""
    service = PushService(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = service.paths.get(self.path)
            if isinstance(answer, str):
                self.wait(answer)
                return
            if answer is not None:
                service.answers.append(answer)
            status = service.take({name.lower(): value for name, value in self.headers.items()}, body)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", service.endpoint)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def wait(self, how: str) -> None:
            self.close_connection = True
            with suppress(OSError):
                while not service.is_over.wait(0.05 if how == "drips" else 10):
                    self.wfile.write(b"H" if how == "drips" else b"")

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = service.certify().wrap_socket(server.socket, server_side=True)
    service.port = server.server_address[1]
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield service
    finally:
        service.is_over.set()
        server.shutdown()
        server.server_close()
