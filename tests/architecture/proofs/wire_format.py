"""The calls of the format work and are documented; refusals, repeats and unknown paths are answered in its words."""

import scene
from django.test import Client

from accounts import actions as accounts
from accounts.models import KeyKind
from conversations.permissions import ConversationScope

PATH = "/api/pigeon/notes"
BODY = {"text": "Coming home", "sender": "ada@example.com"}
JSON = "application/json"

with scene.workspace() as workspace:
    scopes = (ConversationScope.WRITE,)
    _, secret = accounts.create_key(
        workspace=workspace, name="Loft", kind=KeyKind.SERVER, scopes=scopes, **scene.act(workspace)
    )
    api = Client(headers={"Authorization": f"Bearer {secret}", "Origin": "https://loft.example"})

    refused = Client().get(PATH)
    assert (refused.status_code, list(refused.json())) == (401, ["reason"])

    first, again = (api.post(PATH, BODY, content_type=JSON, headers={"Idempotency-Key": "k"}) for _ in range(2))
    note = first.json()
    assert (first.status_code, note["text"], note["status"]) == (201, "Coming home", "flying"), note
    assert (again.json(), again["Idempotent-Replayed"]) == (note, "true")

    wrong = api.post(PATH, {"text": "x"}, content_type=JSON)
    assert (wrong.status_code, wrong.json()) == (400, {"reason": "This field is required."})

    lists = {word: api.get(PATH, {"status": word}) for word in ("flying", "landed", "lost")}
    assert lists["flying"].json() == {"notes": [note]}
    assert lists["landed"].json() == {"notes": []}
    assert lists["lost"].status_code == 400

    missing = api.get("/api/pigeon/nothing")
    assert (missing.status_code, missing["Access-Control-Allow-Origin"]) == (404, "*")
    assert missing.json() == {"reason": "There is nothing at this path."}

    document = api.get("/api/schema/pigeon").json()
    assert [one["name"] for one in document["paths"][PATH]["get"]["parameters"]] == ["status"]
    assert list(document["components"]["schemas"]["PigeonNote"]["properties"]) == list(note)
