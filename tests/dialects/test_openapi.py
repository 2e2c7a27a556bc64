"""The OpenAPI documents are valid, and true: Schemathesis plays against a running desk what they promise and forbid.

Every value that a document names and every one just beyond its limits is tried. SCHEMATHESIS_EXAMPLES adds that many made-up
cases for each operation (`make soak`).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from drf_spectacular.validation import validate_schema

from conversations.api import discovery
from tests.dialects import harness
from tests.dialects.access import Access

DIALECTS = [dialect.name for dialect in discovery.all_dialects()]
EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "")
# The documents' own examples are played by test_bodies, and made-up bodies by test_bad_bodies.
PHASES = "coverage,fuzzing,stateful" if EXAMPLES else "coverage,stateful"
_CASES = re.compile(r"([\d,]+) generated")


def test_whole_document_is_made_without_a_warning(tmp_path: Path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_document_of_each_format_is_valid_and_describes_each_of_its_calls(client: Any, dialect: str) -> None:
    document = client.get(f"/api/schema/{dialect}").json()
    validate_schema(document)
    described = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert described <= {str(route) for route in harness.routes() if route.dialect == dialect}
    assert described


def configuration(access: Access, document: dict[str, Any]) -> str:
    """Schemathesis' configuration: a value for each security scheme and for what names the key's workspace, and which
    answers are no failure."""
    lines = [
        "[generation]",
        "allow-x00 = false",
        "database = 'none'",
        "[checks.negative_data_rejection]",
        # A text over the limit of its field may be over that of the whole body.
        "expected-statuses = ['400', '401', '403', '404', '405', '409', '413', '415', '422', '429']",
    ]
    for name, value in access.scene.fill(access.stated["schemes"]).items():
        kind = "bearer" if document["components"]["securitySchemes"][name]["type"] == "http" else "api_key"
        lines += [f"[auth.openapi.{name}]", f"{kind} = {json.dumps(value)}"]
    if homes := access.homes():
        lines += ["[parameters]", *(f'"path.{name}" = {json.dumps(str(value))}' for name, value in homes.items())]
    for name in access.stated.get("refused_at_times", []):
        lines += [
            "[[operations]]",
            f"include-name = {json.dumps(name)}",
            "checks.positive_data_acceptance.expected-statuses = "
            "['2xx', '3xx', '400', '401', '403', '404', '409', '429', '5xx']",
        ]
    return "\n".join(lines)


@pytest.mark.django_db
@pytest.mark.parametrize("dialect", DIALECTS)
def test_desk_does_what_its_document_says(dialect: str, desk: str, tmp_path: Path, capsys: Any) -> None:
    config = tmp_path / "schemathesis.toml"
    document = json.loads(harness.send(desk, {"method": "GET", "path": f"/api/schema/{dialect}"}).content)
    access = Access(dialect)
    config.write_text(configuration(access, document))
    # What a format's own contract contradicts, such as a 400 for a call without any credential.
    unchecked = access.stated.get("unchecked", [])
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config), "run", f"{desk}/api/schema/{dialect}",
        "--phases", PHASES, "--max-examples", EXAMPLES or "4", "--checks", "all", "--seed", "1", "--no-color",
        *(["--exclude-checks", ",".join(unchecked)] if unchecked else []),
    ]  # fmt: skip
    done = subprocess.run(
        command,
        cwd=tmp_path,  # it leaves files
        env=os.environ | {"SCHEMATHESIS_HOOKS": "tests.dialects.schemathesis_hooks", "PYTHONPATH": str(harness.ROOT)},
        capture_output=True,
        text=True,
        timeout=1800,
    )
    output = "\n".join(line[:400] for line in (done.stdout + done.stderr).splitlines())
    assert done.returncode == 0, output[-15_000:]
    assert "Authentication failed" not in output, output[-3000:]
    with capsys.disabled():
        print(f"\n{dialect}: {', '.join(_CASES.findall(done.stdout))} cases")
