"""A desk of its own for one measurement, with a workspace and an agent, gone afterwards; and that agent's browser."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.runtime.machine import ROOT, environment, eventually, free_port, get, kill_everything, manage, python, stop

WORKSPACE = "acme"
_EMAIL, _PASSWORD = "ben@acme.example", "correct horse battery staple"
Settings = dict[str, str]


@contextmanager
def desk(home: Path, **settings: str) -> Iterator[tuple[str, Settings]]:
    """Start a desk in an empty data folder: where it is, and the settings that commands for it need."""
    shutil.rmtree(home, ignore_errors=True)
    port = free_port()
    more = {**settings, "PORT": str(port), "HOST": "127.0.0.1"}
    base = f"http://127.0.0.1:{port}"
    try:
        with home.with_suffix(".log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "config.server", "run"],
                cwd=ROOT,
                env=environment(home, **more),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        eventually(lambda: get(f"{base}/readyz")[0] == 200, "the desk")
        try:
            manage(home, "create_workspace", WORKSPACE, "--name", "Acme", **more)
            agent = (_EMAIL, "--name", "Ben", "--workspace", WORKSPACE, "--role", "agent", "--password-stdin")
            made = python(home, "manage.py", "create_operator", *agent, **more)
            assert _EMAIL in made.communicate(_PASSWORD, timeout=60)[0]
            yield base, more
        finally:
            stop(process)
    finally:
        kill_everything(home)


@contextmanager
def signed_in(base: str) -> Iterator[httpx2.Client]:
    """The agent's browser."""
    with httpx2.Client(base_url=base, follow_redirects=True, timeout=60) as client:
        form = {
            "login": _EMAIL,
            "password": _PASSWORD,
            "csrfmiddlewaretoken": token(client.get("/accounts/login/").text),
        }
        assert "/inbox" in str(client.post("/accounts/login/", data=form, headers={"Referer": base}).url)
        yield client


def token(page: str) -> str:
    """What a form of a page has to send along."""
    return page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
