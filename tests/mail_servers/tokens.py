"""A server that grants OAuth tokens, as Google and Microsoft do, and that knows whose they are."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT_ID, CLIENT_SECRET = "desk", "client-secret"


class TokenServer(http.server.ThreadingHTTPServer):
    """Grants what is asked for properly. People sign in there as `user` without being asked anything."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.user = "desk"
        self.answer: tuple[int, Any] | None = None  # instead of what would be right; the body as JSON, or bytes
        self.more: dict[str, Any] = {}  # beside what is granted; None takes something away
        self.forms: list[dict[str, str]] = []
        self.owners: dict[str, str] = {}  # by access token
        self._codes: dict[str, dict[str, str]] = {}
        self._refreshing: dict[str, str] = {}  # users by refresh token

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def endpoints(self) -> tuple[str, str]:
        """Where people sign in, and where tokens are granted."""
        return f"{self.url}/authorize", f"{self.url}/token"

    def configure(self, settings: Any) -> None:
        """Have the desk sign in here instead of at Google and Microsoft."""
        settings.OAUTH_ENDPOINTS = {"google": self.endpoints, "microsoft": self.endpoints}
        settings.GOOGLE_OAUTH_CLIENT_ID = settings.MICROSOFT_OAUTH_CLIENT_ID = CLIENT_ID
        settings.GOOGLE_OAUTH_CLIENT_SECRET = settings.MICROSOFT_OAUTH_CLIENT_SECRET = CLIENT_SECRET

    def sign_in(self, url: str) -> dict[str, str]:
        """What a person brings back who goes to this address and agrees."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert (query["client_id"], query["response_type"]) == (CLIENT_ID, "code")
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self._codes[code] = query
        return {"code": code, "state": query["state"]}

    def revoke(self) -> None:
        """All people withdraw their consent."""
        self.owners.clear()
        self._refreshing.clear()

    def granted(self, form: dict[str, str]) -> tuple[int, Any]:
        self.forms.append(form)
        if self.answer is not None:
            return self.answer
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return 401, {"error": "invalid_client"}
        user = self._user(form)
        if user is None:
            return 400, {"error": "invalid_grant", "error_description": f"not for {self.user}"}
        access, refresh = f"access-{secrets.token_hex(8)}", f"refresh-{secrets.token_hex(8)}"
        self.owners[access] = self._refreshing[refresh] = user
        given = {
            "access_token": access,
            "refresh_token": refresh,
            "expires_in": 3599,
            "token_type": "Bearer",
            **self.more,
        }
        return 200, {name: value for name, value in given.items() if value is not None}

    def _user(self, form: dict[str, str]) -> str | None:
        if form.get("grant_type") == "refresh_token":
            return self._refreshing.get(form["refresh_token"])
        query = self._codes.pop(form.get("code", ""), None)
        if query is None or query["redirect_uri"] != form.get("redirect_uri"):
            return None
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        is_theirs = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == query["code_challenge"]
        return self.user if is_theirs else None


class _Request(http.server.BaseHTTPRequestHandler):
    server: TokenServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/authorize":
            self.send_response(302)
            self.send_header("Location", f"{query['redirect_uri']}?{urlencode(self.server.sign_in(self.path))}")
            self.end_headers()
        elif (owner := self.server.owners.get(query.get("access_token", ""))) is not None:
            self._say(200, {"email": owner})
        else:
            self._say(401, {"error": "invalid_token"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._say(*self.server.granted({name: values[0] for name, values in parse_qs(body).items()}))

    def log_message(self, *values: Any) -> None:
        """Nothing."""

    def _say(self, status: int, body: Any) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def running() -> Iterator[TokenServer]:
    """A token server."""
    with TokenServer() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
