"""What a desk's processes load, and what they leave alone until it is asked for: every module stays in memory for good."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runtime.machine import DEADLINE, ROOT, environment

SEEN = "import json, sys, threading; print(json.dumps([sorted(sys.modules), threading.active_count()]))"
WEB_AND_WORKER = (
    "from config.server import copying; copying.load(); from django.db import connections;"
    "assert all(one.connection is None for one in connections.all(initialized_only=True))"
)
# By what it is for, and who loads it then.
ON_REQUEST = {
    "boto3", "botocore", "storages",  # uploads on S3, where it is configured
    "discord", "aiohttp",  # the process that runs Discord bots
    "redis",  # the shared cache, likewise
    "prometheus_client",  # the process that is asked for metrics
    "httpx2", "httpcore2",  # an assistant that is somebody else's
    "markdown_it",  # an article that is shown
    "argon2",  # somebody who signs in
    "jsonschema", "drf_spectacular.validation",  # a document that is checked
    "pytest", "_pytest", "coverage", "factory", "gunicorn", "moto",  # who works on the desk
}  # fmt: skip


def loaded(statement: str, home: Path) -> tuple[set[str], int]:
    """The modules in a new process after the statement, and how many threads it has."""
    command = [sys.executable, "-c", f"{statement}\n{SEEN}"]
    given = environment(home, DJANGO_SETTINGS_MODULE="config.settings", S3_BUCKET="", REDIS_URL="", DEBUG="")
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode == 0, done.stderr
    modules, threads = json.loads(done.stdout.splitlines()[-1])
    return set(modules), threads


def test_web_and_worker_load_their_code_and_not_what_few_requests_need(tmp_path: Path) -> None:
    modules, threads = loaded(WEB_AND_WORKER, tmp_path)
    assert {"config.urls", "conversations.background", "conversations.screens.home.views", "uvloop"} <= modules
    assert not ON_REQUEST & modules
    assert threads == 1, "a copy of the process has one, and waits for the others for ever"


@pytest.mark.parametrize("part", ["config.server.supervisor", "config.server.postgres.keeper"])
def test_what_watches_processes_knows_no_django(part: str, tmp_path: Path) -> None:
    modules, _ = loaded(f"import {part}", tmp_path)
    assert part in modules
    assert not {"django.apps", "django.conf", "django.db", "asyncio", "psycopg"} & modules
