"""The OpenAPI document: what drf-spectacular makes of the formats' calls, and a head that says what they have in common."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.generators import SchemaGenerator

from conversations.api import discovery

_CREDENTIALS = """\
One support desk with the documented API formats of several products. A key of a workspace works in all of them.

## Which credential goes where

| Format | Calls | Credential | Kind of key |
|---|---|---|---|
{rows}

`SERVER KEY` begins with `parley_sv_` and belongs in a backend. `CLIENT KEY` begins with `parley_cl_` and may stand in a
web page: it starts conversations by itself, and reads and goes on with those of the end user whom a call proves, by
`X-User-Email` with `X-User-Hash` or by `X-Conversation-Token`. To try a call here, choose **Authorize** and fill in what
its format asks for, nothing else."""


class Generator(SchemaGenerator):
    """Adds where the desk is, which credential goes where, and what each format is for."""

    def get_schema(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        document: dict[str, Any] = super().get_schema(*args, **kwargs)  # type: ignore[no-untyped-call]
        used = {tag for item in document["paths"].values() for operation in item.values() for tag in operation["tags"]}
        formats = [dialect for dialect in discovery.all_dialects() if dialect.title in used]
        rows = [f"| {dialect.title} | {' | '.join(row)} |" for dialect in formats for row in dialect.credentials]
        document["info"] |= {
            "description": _CREDENTIALS.format(rows="\n".join(rows)),
            "contact": {"name": "Operator of this desk", "url": settings.PUBLIC_URL},
            "license": {"name": "MIT", "identifier": "MIT"},
        }
        document["servers"] = [
            {"url": settings.PUBLIC_URL, "description": "This desk."},
            {"url": "/", "description": "The address at which you are reading this."},
        ]
        document["tags"] = [{"name": dialect.title, "description": dialect.about} for dialect in formats]
        return document
