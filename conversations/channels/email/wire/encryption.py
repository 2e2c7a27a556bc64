"""TLS to mail servers: certificates are always checked, with plain words for what is wrong with one."""

from __future__ import annotations

import functools
import socket
import ssl

from conversations.channels.email.wire.errors import CannotConnect, Step

_PROBLEMS = {
    9: "The server's certificate is not valid yet.",
    10: "The server's certificate has expired.",
    18: "The server's certificate is self-signed, so nobody vouches for it.",
    19: "The server's certificate comes from an authority that this machine does not trust.",
    20: "The server's certificate comes from an authority that this machine does not trust.",
    21: "The server's certificate comes from an authority that this machine does not trust.",
    23: "The server's certificate has been revoked.",
    62: "The server's certificate is for another name.",
    64: "The server's certificate is for another name.",
}
"""By the numbers of OpenSSL (X509_V_ERR_…)."""
_ANOTHER_NAME = (62, 64)


@functools.cache
def context() -> ssl.SSLContext:
    """Checks certificates and names by the authorities of the system, or of SSL_CERT_FILE. Reading them takes 50 ms."""
    return ssl.create_default_context()


def encrypted(sock: socket.socket, host: str) -> socket.socket:
    """The connection, encrypted. The certificate has to be the host's. Closes it and raises CannotConnect otherwise."""
    try:
        return context().wrap_socket(sock, server_hostname=host.rstrip("."))
    except (OSError, ValueError) as error:
        sock.close()
        raise _failure(error) from error


def _failure(error: Exception) -> CannotConnect:
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = _PROBLEMS.get(error.verify_code, "The server's certificate is not valid.")
        hint = "Ask the people who run the server for a valid certificate."
        if error.verify_code in _ANOTHER_NAME:
            hint = "Use the server's name as its provider writes it."
        return CannotConnect(reason, step=Step.ENCRYPTION, hint=hint, is_temporary=False)
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        reason = "The server does not speak TLS on this port, or only in versions that are no longer safe."
        hint = "Ports 993 and 465 are encrypted from the first byte; 143 and 587 begin without and use STARTTLS."
        return CannotConnect(reason, step=Step.ENCRYPTION, hint=hint, is_temporary=False)
    if isinstance(error, TimeoutError):
        return CannotConnect("The server did not answer while encryption was set up.", step=Step.ENCRYPTION)
    return CannotConnect("The server hung up while encryption was set up.", step=Step.ENCRYPTION)
