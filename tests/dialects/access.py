"""What a wire format says of itself in its `access.json`: how to make a good request to each of its operations.

`seed` is what exists (see `scene`); `parameters` fills the paths; `operations` gives each writing call a body that is
accepted; `headers` spells a key, named `{{key}}` (`{{key_home.…}}` is its workspace), either for both kinds or apart for
`server` and `client`. `schemes` has a value for each security scheme of its OpenAPI document that is to be used. `unchecked` names checks of Schemathesis that the contract contradicts. `refusals` is the status and body for each reason to be refused. An operation may state its own
`headers` and `refusals`, with null for a reason that is none there, and `granted` for its status when all is well.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from tests.dialects.harness import FORMATS, ROOT, Route
from tests.dialects.scene import Scene


@dataclass
class Access:
    """A format's operations, ready to be called on a scene of their own."""

    dialect: str
    stated: dict[str, Any] = field(init=False)
    scene: Scene = field(init=False)

    def __post_init__(self) -> None:
        path = FORMATS / self.dialect / "access.json"
        assert path.exists(), f"{path.relative_to(ROOT)} is missing: {__doc__}"
        self.stated = json.loads(path.read_text())
        self.scene = Scene(self.stated["seed"])
        self.client = Client(raise_request_exception=False)

    def operation(self, route: Route) -> dict[str, Any]:
        """What the format says of one of its operations."""
        return self.stated["operations"].get(str(route), {})

    def body(self, route: Route) -> Any:
        """A JSON body that is accepted, or None."""
        return self.scene.fill(self.operation(route).get("body"))

    def headers(
        self, route: Route, secret: str | None, *, kind: str = "server", home: str = "workspace"
    ) -> dict[str, str]:
        """The headers of a call with that key; none without."""
        if secret is None:
            return {}
        stated = self.operation(route).get("headers", self.stated["headers"])
        self.scene.names |= {"key": secret, "key_home": self.scene.names[home]}
        return self.scene.fill(stated.get(kind, stated))

    def path(self, route: Route, *, missing: bool = False, home: str = "workspace") -> str:
        """The path to something that exists, or to something that does not."""
        self.scene.names["key_home"] = self.scene.names[home]
        values = {name: self._parameter(name, missing) for name in route.parameters}
        return route.path.format(**values) + str(self.scene.fill(self.operation(route).get("query", "")))

    def homes(self) -> dict[str, Any]:
        """The parameters of paths that must name the key's workspace: every call with another value is as one to nowhere."""
        self.scene.names["key_home"] = self.scene.names["workspace"]
        stated = self.stated["parameters"].items()
        return {name: self.scene.fill(template) for name, template in stated if "key_home" in str(template)}

    def _parameter(self, name: str, missing: bool) -> Any:
        template = self.stated["parameters"][name]
        value = self.scene.fill(template)
        if not missing or "key_home" in template:
            return value
        return 2_000_000_000 if isinstance(value, int) else uuid.uuid4()

    def call(self, route: Route, path: str, headers: dict[str, str], body: Any = None) -> Any:
        """One request in this process; `body` is JSON, or bytes as they are."""
        content: dict[str, Any] = {}
        if body is not None:
            content = {
                "data": body if isinstance(body, bytes) else json.dumps(body),
                "content_type": "application/json",
            }
        return self.client.generic(route.method, path, headers=headers, **content)

    def refusal(self, route: Route, reason: str) -> dict[str, Any] | None:
        """How a call is refused for a reason, or None where it is let in."""
        stated: dict[str, Any] | None = {**self.stated["refusals"], **self.operation(route).get("refusals", {})}[reason]
        return stated
