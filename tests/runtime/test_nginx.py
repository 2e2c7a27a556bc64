"""The sample for nginx (docs/samples/nginx.conf), before a running web process."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import template
from tests.runtime.machine import ROOT, eventually, free_port, get, new_home, python, stop

HOST = "desk.example.com"
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def proxy() -> Iterator[int]:
    """The port of nginx as the sample sets it up, with a certificate of its own."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None or shutil.which("openssl") is None:
        if os.environ.get("REQUIRE_PROXY"):
            pytest.fail("REQUIRE_PROXY is set, and nginx or openssl is not installed")
        pytest.skip("nginx or openssl is not installed")
    desk, plain, secure = free_port(), free_port(), free_port()
    with new_home() as home, template.copied() as address:
        public = {"PUBLIC_URL": f"https://{HOST}:{secure}", "TRUSTED_PROXIES": "1", "DATABASE_URL": address}
        public["JSON_BODY_LIMIT"] = str(25 * MEGABYTE)
        web = python(home, "-m", "tests.runtime.web_process", PORT=str(desk), **public)
        config = _configured(home, desk, plain, secure)
        nginx = subprocess.Popen(
            [program, "-p", home, "-c", config, "-g", "daemon off;"], stderr=subprocess.PIPE, text=True
        )
        try:
            eventually(lambda: get(f"http://127.0.0.1:{desk}/healthz")[0] == 200, "the web process")
            eventually(lambda: nginx.poll() is not None or _is_up(secure), "the proxy")
            assert nginx.poll() is None, nginx.communicate()[1]
            yield secure
        finally:
            stop(nginx, web)


def _configured(home: Path, desk: int, plain: int, secure: int) -> Path:
    subprocess.run(
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN={HOST} -keyout key.pem -out cert.pem".split(),
        cwd=home,
        check=True,
        capture_output=True,
    )
    sample = (ROOT / "docs/samples/nginx.conf").read_text()
    for was, becomes in (
        (r"listen \[::\].*;\n", "\n"),
        (r"listen 80;", f"listen 127.0.0.1:{plain};"),
        (r"listen 443 ssl;", f"listen 127.0.0.1:{secure} ssl;"),
        (r"127\.0\.0\.1:8000", f"127.0.0.1:{desk}"),
        (r"ssl_certificate .*;", f"ssl_certificate {home}/cert.pem;"),
        (r"ssl_certificate_key .*;", f"ssl_certificate_key {home}/key.pem;"),
    ):
        sample, found = re.subn(was, becomes, sample)
        assert found, was
    folders = " ".join(
        f"{name}_temp_path {home}/nginx;" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    owner = "user root;\n" if os.geteuid() == 0 else ""
    config = home / "nginx.conf"
    config.write_text(
        f"{owner}pid {home}/nginx.pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{folders}\n{sample}\n}}\n"
    )
    return config


def _is_up(port: int) -> bool:
    try:
        return _ask(port, "GET", "/healthz").status == 200
    except OSError:
        return False


def _ask(port: int, method: str, path: str, body: bytes | None = None, **headers: str) -> http.client.HTTPResponse:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=25, context=trusting)
    connection.request(method, path, body, {"Host": f"{HOST}:{port}", **headers})
    return connection.getresponse()


def test_the_desk_knows_the_name_and_that_it_is_https(proxy: int) -> None:
    answer = _ask(proxy, "GET", "/plain")
    assert answer.status == 200  # not sent on to https once more
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert _ask(proxy, "GET", "/plain", Host="stranger.example").status != 200


def test_bodies_as_large_as_an_upload_pass(proxy: int) -> None:
    passed = _ask(proxy, "POST", "/large", b"x" * (20 * MEGABYTE))
    assert json.loads(passed.read()) == {"length": 20 * MEGABYTE}
    assert _ask(proxy, "POST", "/large", b"x" * (27 * MEGABYTE)).status == 413


def test_a_stream_arrives_while_it_goes_on(proxy: int) -> None:
    answer = _ask(proxy, "GET", "/stream")
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    received = b""
    while b"event: ready" not in received:
        piece = answer.read1(4096)
        assert piece, received
        received += piece
    answer.close()


def test_a_stranger_cannot_choose_an_address(proxy: int) -> None:
    answer = _ask(proxy, "GET", "/address", **{"X-Forwarded-For": "203.0.113.9"})
    assert json.loads(answer.read()) == {"forwarded": "127.0.0.1", "is_secure": True}
