"""PostHog tickets: the list with its filters, orders and pages, and the count of what is unread."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import actions as account_actions
from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Channel
from tests.conftest import Key, Member
from tests.dialects.posthog_client import Posthog, posthog_api, refusal, row_of, thread_of  # noqa: F401 (a fixture)
from tests.factories import ConversationFactory, receive
from tickets import actions as ticket_actions

pytestmark = pytest.mark.django_db
NOW = datetime(2031, 5, 14, 12, 0, tzinfo=UTC)
FOUND = (
    ("", [4, 3, 2, 1]),
    ("status=open", [2]),
    ("status=open,resolved", [3, 2]),
    ("status=open,nonsense", [2]),
    ("status=nonsense", [4, 3, 2, 1]),
    ("priority=critical", [2]),
    ("priority=low,high", [4, 1]),
    ("priority=urgent", [4, 3, 2, 1]),
    ("status=new&priority=low", [1]),
    ("status=new&priority=high", []),
    ("channel_source=widget", [4, 3, 2, 1]),
    ("channel_source=email", []),
    ("channel_source=slack", []),
    ("channel_source=fax", [4, 3, 2, 1]),
    ("channel_detail=widget_api", [4, 3, 2, 1]),
    ("channel_detail=widget_embedded", []),
    ("channel_detail=github_issue", []),
    ("assignee=unassigned", [4, 3, 2, 1]),
    ("assignee=user:1x", [4, 3, 2, 1]),
    ("assignee=user:999999", []),
    ("assignee=role:nonsense", [4, 3, 2, 1]),
    (f"assignee=role:{uuid.UUID(int=5)}", []),
    ("assignee=me", [4, 3, 2, 1]),
    ("date_from=2031-05-07", [4, 3]),
    ("date_from=-7d", [4]),
    ("date_from=-8d", [4, 3]),
    ("date_from=-1wStart", [4, 3]),
    ("date_from=mStart", [4, 3, 2, 1]),
    ("date_from=-0dStart", []),
    ("date_from=-1mStart&date_to=-1mEnd", []),
    ("date_from=all", [4, 3, 2, 1]),
    ("date_from=yesterday", [4, 3, 2, 1]),
    ("date_from=0001-01-01T00:00:00%2B14:00", [4, 3, 2, 1]),
    ("date_from=-99999y", [4, 3, 2, 1]),
    ("date_to=2031-05-03", [2, 1]),
    ("date_to=2031-05-03T08:00:00Z", [1]),
    ("sla=breached", [3]),
    ("sla=at-risk", [2]),
    ("sla=on-track", [4]),
    ("sla=late", [4, 3, 2, 1]),
    ("snoozed=true", []),
    ("snoozed=false", [4, 3, 2, 1]),
    ("snoozed=maybe", [4, 3, 2, 1]),
    ('tags=["billing"]', [2, 1]),
    ('tags=["Billing ","bug"]', [3, 2, 1]),
    ('tags_all=["billing","vip"]', [2]),
    ('tags_exclude=["billing"]', [4, 3]),
    ("tags=billing", [4, 3, 2, 1]),
    ("tags=[7]", [4, 3, 2, 1]),
    ('tags=["\\u0000","\\ud800"]', [4, 3, 2, 1]),
    ("tags=" + "[" * 3000, [4, 3, 2, 1]),
    ("search=2", [2]),
    ("search=%232", [2]),
    ("search=99999999999999", []),
    ("search=tran", [1]),
    ("search=" + "x" * 201, [4, 3, 2, 1]),
    ("search=zzz", []),
    ("search=%00", [4, 3, 2, 1]),
    ("distinct_ids=nobody", []),
    ("distinct_ids=,", [4, 3, 2, 1]),
    ("distinct_ids=%00", [4, 3, 2, 1]),
    ("emails=nobody@example.com", []),
    ("people=junk", [4, 3, 2, 1]),
    ("nonsense=1", [4, 3, 2, 1]),
    ("order_by=created_at", [1, 2, 3, 4]),
    ("order_by=-created_at", [4, 3, 2, 1]),
    ("order_by=ticket_number", [1, 2, 3, 4]),
    ("order_by=sla_due_at", [3, 2, 4, 1]),
    ("order_by=-sla_due_at", [1, 4, 2, 3]),
    ("order_by=snoozed_until", [1, 2, 3, 4]),
    ("order_by=priority", [4, 3, 2, 1]),
    ("order_by=--created_at", [4, 3, 2, 1]),
)
"""Queries, and the numbers of the tickets that they find."""


@pytest.fixture
def some(api: Posthog) -> Posthog:
    """Tickets 1 to 4, changed on four days."""
    bodies: list[dict[str, Any]] = [
        {"status": "new", "priority": "low", "tags": ["billing"], "anonymous_traits": {"name": "Bo Tran"}},
        {"status": "open", "priority": "critical", "tags": ["billing", "vip"], "sla_due_at": "2031-05-14T12:30:00Z"},
        {"status": "resolved", "priority": None, "tags": ["bug"], "sla_due_at": "2031-05-14T11:00:00Z"},
        {"status": "pending", "priority": "high", "tags": [], "sla_due_at": "2031-05-15T12:00:00Z"},
    ]
    for day, body in zip((1, 3, 7, 10), bodies, strict=True):
        with time_machine.travel(datetime(2031, 5, day, 9, tzinfo=UTC), tick=False):
            api.create(**body)
    return api


def test_filters_take_what_they_know_and_ignore_the_rest(some: Posthog) -> None:
    with time_machine.travel(NOW, tick=False):
        assert [(query, some.numbers(query)) for query, _ in FOUND] == list(FOUND)


def test_assignee_filter_takes_members_roles_and_several(some: Posthog, acme: Workspace, ben: Member) -> None:
    team = account_actions.save_team(workspace=acme, name="Billing", by=Actor.system(acme.pk), at=clock.now())
    some.patch("tickets/1", {"assignee": {"type": "user", "id": ben.user.pk}})
    some.patch("tickets/2", {"assignee": {"type": "role", "id": str(team.public_id)}})
    user, role = f"user:{ben.user.pk}", f"role:{team.public_id}"
    assert sorted(some.numbers(f"assignee={user}")) == [1]
    assert sorted(some.numbers(f"assignee={role}")) == [2]
    assert sorted(some.numbers("assignee=unassigned")) == [3, 4]
    assert sorted(some.numbers(f"assignee={user},{role},junk")) == [1, 2]


def test_people_are_found_by_id_or_address(api: Posthog, acme: Workspace, ben: Member) -> None:
    mail = ConversationFactory(workspace=acme, channel=Channel.EMAIL, subject="Invoice 88 is wrong")
    chat = ConversationFactory(workspace=acme, channel=Channel.CHAT)
    for row in (mail, chat):
        actions.escalate(conversation=row, by=ben.actor, at=clock.now())
    assert api.numbers(f"distinct_ids={chat.contact.external_id}") == [2]
    assert api.numbers(f"emails={mail.contact.email.upper()}") == [1]
    assert api.numbers(f"distinct_ids={chat.contact.external_id}&emails={mail.contact.email}") == [2, 1]
    assert api.numbers(f"distinct_ids={chat.contact.public_id}") == [2]
    for value, is_verified in (("second@example.com", True), ("typed@example.com", False)):
        actions.add_address(
            contact=mail.contact, kind="email", value=value, is_verified=is_verified, by=ben.actor, at=clock.now()
        )
    assert api.numbers("emails=Second@example.com") == [1]
    assert api.numbers("emails=typed@example.com") == []
    assert api.numbers(f"emails=second@example.com,{mail.contact.email}&distinct_ids={chat.contact.public_id}") == [
        2,
        1,
    ]
    made = api.create()
    assert api.numbers(f"distinct_ids={made['distinct_id']}") == [3]
    assert api.numbers("channel_source=email") == [1]
    assert api.numbers("channel_detail=widget_embedded") == [2]


def test_search_finds_titles_people_messages_and_notes(api: Posthog, acme: Workspace, ben: Member) -> None:
    first = api.create(anonymous_traits={"email": "bo@shop.example"}, escalation_reason="Refund of order A-17")
    second = api.create(anonymous_traits={"name": "Cy Young"})
    receive(thread_of(second), "The thermostat blinks orange")
    actions.note(conversation=thread_of(second), body="Firmware suspected", by=ben.actor, at=clock.now())
    for text, number in (
        ("shop.ex", 1), ("REFUND", 1), ("order a-1", 1), ("young", 2), ("thermo", 2), ("orange blinks", 2), ("firmw", 2),
        ("MOSTAT BLI", 2), ("mware", 2),
    ):  # fmt: skip
        assert api.numbers(f"search={text}") == [number], text
    assert first["ticket_number"] == 1


def test_saved_view_filters_and_what_is_stated_wins(some: Posthog) -> None:
    filters = {
        "status": ["open", "resolved"], "priority": ["critical"], "tags": ["billing", "vip"], "tagsMatch": "all",
        "tagsExclude": ["bug"], "sla": "at-risk", "dateFrom": "2031-05-01", "assignee": ["unassigned"], "channel": "widget",
        "sorting": {"columnKey": "created_at", "order": 1}, "aiTriageResult": ["x"], "search": 5,
    }  # fmt: skip
    view = some.post("views", {"name": "Hot", "filters": filters}).json()["short_id"]
    with time_machine.travel(NOW, tick=False):
        assert some.numbers(f"view={view}") == [2]
        assert some.numbers(f"view={view}&status=resolved") == []
    wide = some.post("views", {"name": "All", "filters": {"sorting": {"columnKey": "created_at", "order": 1}}}).json()
    assert some.numbers(f"view={wide['short_id']}") == [1, 2, 3, 4]
    assert some.numbers(f"view={wide['short_id']}&order_by=-created_at") == [4, 3, 2, 1]
    for unknown in ("nothing", "%00", "x" * 500):
        assert refusal(some.get(f"tickets?view={unknown}")) == (400, "validation_error", "invalid_input", "view")


def test_view_of_a_screen_applies_its_condition_and_what_is_stated_wins(
    some: Posthog, acme: Workspace, ben: Member
) -> None:
    def view(condition: dict[str, Any], search: str = "") -> str:
        made = actions.create_view(
            workspace=acme, name="Mine", condition=condition, search=search, by=ben.actor, at=clock.now()
        )
        return made.short_id

    tagged = view({"all": [{"field": "status", "in": ["new", "open"]}, {"any": [{"field": "tag", "is": "billing"}]}]})
    listed = some.get(f"tickets?view={tagged}&limit=1").json()
    assert (listed["count"], [row["ticket_number"] for row in listed["results"]]) == (2, [2])
    assert some.numbers(f"view={tagged}") == [2, 1]
    assert some.numbers(f"view={tagged}&status=resolved") == []
    not_vip = view({"all": [{"field": "tag", "is_not": "vip"}, {"field": "status", "is_not": "resolved"}]})
    assert some.numbers(f"view={not_vip}") == [4, 1]
    assert some.numbers(f"view={not_vip}&status=resolved") == [3]
    assert some.numbers(f"view={not_vip}&search=nothing") == []
    assert some.numbers(f"view={view({}, search='#3')}") == [3]
    assert some.numbers(f"view={view({'none': [{'field': 'status', 'is': 'new'}]}, search='#1')}") == []


def test_view_sent_back_as_it_is_printed_stays_as_it_was(api: Posthog, acme: Workspace, ben: Member) -> None:
    team = account_actions.save_team(workspace=acme, name="Billing", by=Actor.system(acme.pk), at=clock.now())
    condition = {"all": [{"field": "status", "is": "open"}, {"field": "subject", "contains": "invoice"}]}
    row = actions.create_view(
        workspace=acme, name="Bills", condition=condition, visibility="team", team=team,
        by=Actor.system(acme.pk), at=clock.now(),
    )  # fmt: skip
    printed = api.get(f"views/{row.short_id}").json()
    assert (printed["visibility"], printed["filters"]) == ("shared", {"status": ["open"]})
    api.patch(f"views/{row.short_id}", {name: printed[name] for name in ("visibility", "filters")})
    row.refresh_from_db()
    assert (row.visibility, row.team, row.condition, row.filters) == ("team", team, condition, {})
    api.patch(f"views/{row.short_id}", {"filters": {"status": ["new"]}, "visibility": "private"})
    row.refresh_from_db()
    assert (row.visibility, row.team, row.filters) == ("private", None, {"status": ["new"]})


@pytest.mark.parametrize(
    ("condition", "filters"),
    [
        ({"field": "priority", "is": "high"}, {"priority": ["high"]}),
        ({"field": "tag", "in": ["a", "b"]}, {"tags": ["a", "b"]}),
        (
            {"all": [{"field": "tag", "is": "a"}, {"all": [{"field": "tag", "is": "b"}]}]},
            {"tags": ["a", "b"], "tagsMatch": "all"},
        ),
        (
            {"all": [{"field": "status", "is": "new"}], "none": [{"field": "tag", "in": ["c"]}]},
            {"status": ["new"], "tagsExclude": ["c"]},
        ),
        ({"field": "tag", "not_in": ["c", "d"]}, {"tagsExclude": ["c", "d"]}),
        ({"field": "updated", "newer_than": "7d"}, {"dateFrom": "-7d"}),
        ({"field": "updated", "before": "2031-05-01"}, {"dateTo": "2031-05-01"}),
        ({"field": "updated", "newer_than": "30m"}, {}),  # `m` is a month there
        ({"field": "assignee", "in": ["nobody", 7]}, {"assignee": ["unassigned", {"type": "user", "id": 7}]}),
        ({"field": "assignee", "in": ["me", 7]}, {}),
        ({"field": "priority", "in": ["none", "low"]}, {}),
        ({"any": [{"field": "status", "is": "new"}, {"field": "tag", "is": "a"}]}, {}),
    ],
)
def test_view_of_a_screen_prints_what_filters_have_words_for_and_never_less_than_it_finds(
    api: Posthog, acme: Workspace, condition: dict[str, Any], filters: dict[str, Any]
) -> None:
    actions.create_view(
        workspace=acme, name="V", condition=condition, visibility="shared", by=Actor.system(acme.pk), at=clock.now()
    )
    assert [view["filters"] for view in api.get("views").json()["results"]] == [filters]


def test_filters_beyond_what_a_condition_holds_are_kept_as_given(api: Posthog) -> None:
    filters = {
        "assignee": [{"type": "user", "id": n} for n in range(1, 40)],
        "tags": [f"tag {n}" for n in range(45)],
        "tagsMatch": "all",
    }
    made = api.post("views", {"name": "Wide", "filters": filters})
    assert (made.status_code, made.json()["filters"]) == (201, filters)
    assert api.numbers(f"view={made.json()['short_id']}") == []


def test_pages_are_a_hundred_and_a_thousand_at_most(api: Posthog, acme: Workspace) -> None:
    for _ in range(3):
        api.create()
    first = api.get("tickets?limit=2&status=new").json()
    assert (first["count"], first["previous"], len(first["results"])) == (3, None, 2)
    assert first["next"] == f"http://testserver{api.base}tickets?limit=2&offset=2&status=new"
    second = api.get(first["next"].removeprefix("http://testserver")).json()
    assert (second["count"], second["next"], len(second["results"])) == (3, None, 1)
    assert second["previous"] == f"http://testserver{api.base}tickets?limit=2&status=new"
    for limit, wanted in (("0", 3), ("-5", 3), ("junk", 3), ("", 3), ("9" * 40, 3), ("1.5", 3), ("1", 1)):
        assert len(api.get(f"tickets?limit={limit}").json()["results"]) == wanted
    for offset in ("-1", "junk", ""):
        assert len(api.get(f"tickets?offset={offset}").json()["results"]) == 3
    beyond = api.get(f"tickets?offset={'9' * 40}").json()
    assert (beyond["count"], beyond["results"], beyond["next"]) == (3, [], None)
    assert api.get("tickets?limit=1000").json()["next"] is None


def test_list_holds_the_workspaces_own_tickets_alone(api: Posthog, globex_key: Key) -> None:
    Posthog(globex_key.secret).create()
    assert api.numbers() == []
    assert api.get("tickets").json() == {"count": 0, "next": None, "previous": None, "results": []}


def queries(api: Posthog, path: str, wanted: int) -> int:
    api.get(path)  # content types and the like are loaded once
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert len(api.get(path).json()["results"]) == wanted
    return len(seen)


@pytest.mark.parametrize("query", ["", "status=new", "search=hello", 'tags=["a"]', "order_by=ticket_number"])
def test_list_takes_as_many_queries_for_twenty_as_for_one(api: Posthog, ben: Member, query: str) -> None:
    body = {"tags": ["a"], "escalation_reason": "hello", "assignee": {"type": "user", "id": ben.user.pk}}
    api.create(**body)
    one = queries(api, f"tickets?{query}", 1)
    for n in range(19):
        receive(thread_of(api.create(**body, anonymous_traits={"email": f"c{n}@example.com"})))
    # Messages do not change the status of a `new` ticket: a customer's first message leaves it new.
    assert queries(api, f"tickets?{query}", 20) == one
    assert one <= (5 if "search" in query else 4)  # one for the words that hold what is looked for


# --- Unread -------------------------------------------------------------------------------------


def unread(api: Posthog) -> int:
    answer = api.get("tickets/unread_count")
    assert (answer.status_code, set(answer.json())) == (200, {"count"})
    return int(answer.json()["count"])


def test_unread_count_is_the_sum_of_messages_over_unresolved_tickets(api: Posthog, globex_key: Key) -> None:
    first, second, third = (api.create() for _ in range(3))
    for made in (first, first, second, third):
        receive(thread_of(made))
    ticket_actions.set_status(
        ticket=row_of(third), status="resolved", by=Actor.system(row_of(third).workspace_id), at=clock.now()
    )
    cache.clear()
    assert unread(api) == 3
    assert unread(Posthog(globex_key.secret)) == 0


def test_unread_count_is_cached_and_dropped_by_every_change_that_matters(
    api: Posthog,
    django_capture_on_commit_callbacks: Any,
) -> None:
    made = api.create()
    path = f"tickets/{made['id']}"

    def after(change: Any) -> int:
        with django_capture_on_commit_callbacks(execute=True):
            change()
        return unread(api)

    assert unread(api) == 0
    assert after(lambda: receive(thread_of(made))) == 1
    with CaptureQueriesContext(connection) as seen:
        unread(api)
    assert not any("SUM(" in query["sql"] for query in seen)
    assert after(lambda: receive(thread_of(made))) == 2
    assert after(lambda: api.patch(path, {"status": "resolved"})) == 0
    assert after(lambda: api.patch(path, {"status": "open"})) == 2
    assert after(lambda: api.get(path)) == 0
    assert after(lambda: receive(thread_of(made))) == 1
    by = Actor.system(row_of(made).workspace_id)
    assert after(lambda: actions.mark_read(conversation=thread_of(made), by=by, at=clock.now())) == 0
    assert after(lambda: receive(thread_of(made))) == 1
    assert after(lambda: api.post(f"{path}/reply", {"message": "Here you are."})) == 0
    assert after(lambda: receive(thread_of(made))) == 1
    assert after(lambda: actions.unlink(conversation=thread_of(made), by=by, at=clock.now())) == 0


def test_unread_count_survives_a_cache_that_is_away(api: Posthog, monkeypatch: Any) -> None:
    receive(thread_of(api.create()))

    def broken(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError

    for verb in ("get", "set", "delete"):
        monkeypatch.setattr(f"django.core.cache.backends.db.DatabaseCache.{verb}", broken)
    assert unread(api) == 1


def test_unread_count_is_right_again_after_half_a_minute(api: Posthog) -> None:
    made = api.create()
    with time_machine.travel(clock.now(), tick=False) as traveller:
        cache.clear()
        assert unread(api) == 0
        # Nothing commits inside a test, so nothing is dropped either.
        receive(thread_of(made))
        assert unread(api) == 0
        traveller.shift(timedelta(seconds=31))
        assert unread(api) == 1


def test_json_filters_are_really_json(some: Posthog) -> None:
    assert some.numbers(f"tags={json.dumps(['bug'])}") == [3]
