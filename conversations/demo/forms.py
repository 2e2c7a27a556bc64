"""The demo's forms: one on which customers write, and one on which they ask for a call, each with something in it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import Team, Workspace
from accounts.permissions import Actor
from conversations.channels.callback import inbound as callback
from conversations.channels.form import inbound as contact
from conversations.forms import actions, answers, counting
from conversations.models import Form, FormKind, FormOutcome

SITE = "https://www.northwind.example"
_MESSAGE = (
    "My rain gauge shows 0.2 mm every morning, also on dry days. Could it be dew? The station hangs on the north side of "
    "the barn, about two metres up."
)


def open_forms(workspace: Workspace, team: Team, *, by: Actor, at: datetime) -> None:
    """Add both forms, a message and two calls: one in this hour, and one tomorrow on another clock."""
    made = [
        actions.create_form(
            workspace=workspace,
            kind=kind,
            name=name,
            allowed_origins=[SITE],
            team=team,
            consent="I agree that Northwind stores what I send in order to answer it.",
            consent_url=f"{SITE}/privacy",
            **more,
            by=by,
            at=at,
        )
        for kind, name, more in (
            (
                FormKind.CONTACT,
                "Website",
                {
                    "intro": "Tell us what your station does and what you expected. We answer within a working day.",
                    "questions": [
                        {"text": "Which station do you have?", "kind": "choice", "choices": ["Mini", "Pro", "Marine"]},
                        {"text": "Serial number", "kind": "text"},
                    ],
                },
            ),
            (FormKind.CALLBACK, "Call me back", {}),
        )
    ]
    _send(
        made[0],
        {"name": "Hanna Visser", "email": "hanna@visserhof.example", "message": _MESSAGE}
        | {"q_which_station_do_you_have": "Pro", "q_serial_number": "NW-P-20811"},
        at=at - timedelta(seconds=30),
    )
    _call(made[1], "Tomás Rey", "+34 612 345 678", "Europe/Madrid", at, at=at - timedelta(seconds=20))
    _call(
        made[1],
        "Grace Okafor",
        "+1 212 555 0142",
        "America/New_York",
        at + timedelta(days=1),
        at=at - timedelta(seconds=10),
    )


def _call(form: Form, name: str, phone: str, zone: str, begin: datetime, *, at: datetime) -> None:
    local = begin.astimezone(ZoneInfo(zone)).replace(minute=0)
    end = local + timedelta(hours=1)
    given = {"name": name, "phone": phone, "day": f"{local:%Y-%m-%d}", "from": f"{local:%H:%M}", "to": f"{end:%H:%M}"}
    _send(form, {**given, "zone": zone, "message": "It is about a quote for twelve stations."}, at=at)


def _send(form: Form, typed: dict[str, str], *, at: datetime) -> None:
    given = answers.read(form, {**typed, "consent": "yes"}, (), at)
    assert not given.faults, given.faults
    receive = callback.receive if form.kind == FormKind.CALLBACK else contact.receive
    receive(form=form, answers=given, public_id=uuid.uuid4(), page=f"{SITE}/contact", at=at)
    counting.count(form, FormOutcome.ACCEPTED, at)
