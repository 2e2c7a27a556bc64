"""Certificates for tests: an authority of their own, and what it vouches for."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Pair:
    """The files of a certificate and its key."""

    chain: Path
    key: Path


class Authority:
    """An authority; `root` is what trusts it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Authority of the tests")
        now = datetime.datetime.now(datetime.UTC)
        signed = _builder(self._name, self._name, self._key, now - DAY, now + 30 * DAY)
        signed = signed.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        certificate = signed.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
        ).sign(self._key, hashes.SHA256())
        self.root = folder / "root.pem"
        self.root.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, host: str = "localhost", *, is_expired: bool = False, is_self_signed: bool = False) -> Pair:
        """A certificate for a host; for localhost it is valid for 127.0.0.1 too."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        start, end = (now - 30 * DAY, now - DAY) if is_expired else (now - DAY, now + 30 * DAY)
        issuer, signer = (_name(host), key) if is_self_signed else (self._name, self._key)
        names: list[x509.GeneralName] = [x509.DNSName(host)]
        if host == "localhost":
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        signed = _builder(_name(host), issuer, key, start, end)
        signed = signed.add_extension(x509.SubjectAlternativeName(names), critical=False)
        signed = signed.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        chain = self._folder / f"{host}-{key.private_numbers().private_value % 10**9}.pem"
        chain.write_bytes(signed.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        private = chain.with_suffix(".key")
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return Pair(chain, private)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    start: datetime.datetime,
    end: datetime.datetime,
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
