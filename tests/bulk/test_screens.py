"""The doors of bulk changes: the bar's requests, the page that works without script, the panel and the report."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import clock, tenancy
from accounts.models import Workspace
from conversations import actions
from conversations.bulk import limits, queries
from conversations.models import BulkJob, Conversation, Follower, RowState
from conversations.screens.inbox import bulk
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, MacroFactory, TeamFactory
from tests.inbox.conftest import text_of

URL = "/w/acme/inbox/bulk"
SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def rows(acme: Workspace) -> list[Conversation]:
    contact = ContactFactory(workspace=acme, name="Eve Adams")
    return [ConversationFactory(workspace=acme, contact=contact, subject=f"Case {n}") for n in range(3)]


@pytest.fixture
def agent(ben: Member) -> Client:
    return ben.signed_in()


def fresh(row: Conversation) -> Conversation:
    return Conversation.all_workspaces.get(pk=row.pk)


def only() -> BulkJob:
    return BulkJob.all_workspaces.get()


def send(client: Client, rows: list[Conversation], do: str, **more: Any) -> Any:
    return client.post(f"{URL}/start?view=open", {"id": [row.pk for row in rows], "do": do, **more}, headers=SCRIPT)


@pytest.mark.parametrize(
    ("do", "more", "field", "value"),
    [
        ("status:resolved", {}, "status", "resolved"),
        ("priority:high", {}, "priority", "high"),
        ("add_tags", {"tags": 'billing, "a, b"'}, "tags", ["billing", "a, b"]),
        ("assign:nobody", {}, "assignee_id", None),
        ("spam", {}, "handler", "nobody"),
        ("read", {}, "unread_count", 0),
        ("unread", {}, "unread_count", 1),
        ("snooze:reply", {}, "is_snoozed_until_reply", True),
    ],
)
def test_each_button_of_the_bar_changes_all_that_are_selected(
    agent: Client, rows: list[Conversation], do: str, more: dict[str, str], field: str, value: Any
) -> None:
    answer = send(agent, rows[:2], do, **more)
    assert answer.status_code == 200
    assert [getattr(fresh(row), field) for row in rows[:2]] == [value] * 2


def test_assigning_to_me_a_member_and_a_team(agent: Client, rows: list[Conversation], ben: Member, ada: Member) -> None:
    team = TeamFactory(workspace=rows[0].workspace)
    for do, wanted in (
        ("assign:me", (ben.user.pk, None)),
        (f"assign:member:{ada.user.pk}", (ada.user.pk, None)),
        (f"assign:team:{team.pk}", (None, team.pk)),
    ):
        assert send(agent, rows[:1], do).status_code == 200
        assert (fresh(rows[0]).assignee_id, fresh(rows[0]).team_id) == wanted


def test_snoozing_until_a_choice_and_a_typed_moment(agent: Client, rows: list[Conversation]) -> None:
    send(agent, rows[:1], "snooze:tomorrow 9:00")
    send(agent, rows[1:2], "snooze:", until="2030-01-02T10:30")
    assert fresh(rows[0]).snoozed_until is not None
    assert str(fresh(rows[1]).snoozed_until).startswith("2030-01-02")
    assert send(agent, rows[2:], "snooze:", until="").status_code == 422


def test_macro_is_applied_to_all_without_its_text(agent: Client, rows: list[Conversation], acme: Workspace) -> None:
    macro = MacroFactory(
        workspace=acme, name="Refund", body="Dear customer", effects=[{"do": "add_tags", "tags": ["refund"]}]
    )
    MacroFactory(workspace=acme, name="Text alone")
    menu = text_of(agent.get(f"{URL}/choices/macro", headers=SCRIPT).content)
    assert "Refund Add tags: refund" in menu
    assert "Text alone" not in menu
    assert send(agent, rows, f"macro:{macro.public_id}").status_code == 200
    assert [fresh(row).tags for row in rows] == [["refund"]] * 3
    assert {fresh(row).message_count for row in rows} == {row.message_count for row in rows}
    assert send(agent, rows, f"macro:{uuid.uuid4()}").status_code == 404


def test_macro_with_a_condition_leaves_others_out_and_reports_them(
    agent: Client, rows: list[Conversation], acme: Workspace
) -> None:
    with tenancy.scope(acme):
        condition = {"field": "number", "in": [rows[0].number, rows[2].number]}
        macro = MacroFactory(
            workspace=acme, name="Refund", effects=[{"do": "add_tags", "tags": ["refund"]}], condition=condition
        )
    assert "Only where: Number is any of" in text_of(agent.get(f"{URL}/choices/macro", headers=SCRIPT).content)
    page = send(agent, rows, f"macro:{macro.public_id}").content
    assert "2 conversations changed, 1 skipped." in text_of(page)
    assert [fresh(row).tags for row in rows] == [["refund"], [], ["refund"]]
    report = text_of(agent.get(f"{URL}/{only().public_id}").content)
    assert "The macro is not for conversations like this one." in report
    agent.post(f"{URL}/{only().public_id}/undo")
    assert [fresh(row).tags for row in rows] == [[], [], []]


@pytest.mark.parametrize(
    ("do", "more"),
    [
        ("dance", {}), ("", {}), ("assign:member:99999", {}), ("add_tags", {"tags": " , "}), ("status:done", {}),
        ("priority:\x00", {}), ("add_tags", {"tags": "x" * 101}), ("snooze:whenever", {}), ("reply", {}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_shown_and_nothing_changes(
    agent: Client, rows: list[Conversation], do: str, more: dict[str, str]
) -> None:
    answer = send(agent, rows, do, **more)
    assert answer.status_code == 422
    assert "toast--bad" in answer.content.decode()
    assert not BulkJob.all_workspaces.exists()


def test_nothing_selected_is_refused(agent: Client, rows: list[Conversation]) -> None:
    assert send(agent, [], "status:resolved").status_code == 422


def test_few_are_done_in_the_request_and_answered_with_an_undo(agent: Client, rows: list[Conversation]) -> None:
    page = send(agent, rows, "status:resolved").content.decode()
    assert "3 conversations changed." in text_of(page.encode())
    answer = agent.post(f"{URL}/{only().public_id}/undo", headers=SCRIPT)
    assert "3 conversations put back." in text_of(answer.content)
    assert {fresh(row).status for row in rows} == {"open"}


def test_many_wait_for_the_worker_and_the_panel_asks_again(
    agent: Client, rows: list[Conversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    page = send(agent, rows, "status:resolved").content.decode()
    assert 'hx-trigger="every 1s"' in page
    assert "0 of 3 conversations" in text_of(page.encode())
    assert fresh(rows[0]).status == "open"
    with tenancy.scope(rows[0].workspace):
        bulk.working.work(only())
    page = agent.get(f"{URL}/{only().public_id}", headers=SCRIPT).content.decode()
    assert "hx-trigger" not in page
    assert "3 conversations changed." in text_of(page.encode())


def test_all_of_a_view_are_chosen_on_the_server(agent: Client, rows: list[Conversation], acme: Workspace) -> None:
    agent.post(f"{URL}/start", {"id": [rows[0].pk], "do": "status:resolved"}, headers=SCRIPT)
    assert agent.get(f"{URL}/choices/count?view=open", headers=SCRIPT).content == b"2"
    agent.post(f"{URL}/start?view=open", {"all": "1", "do": "add_tags", "tags": "swept"}, headers=SCRIPT)
    assert [fresh(row).tags for row in rows] == [[], ["swept"], ["swept"]]


def test_all_that_match_a_search_are_chosen_on_the_server(agent: Client, rows: list[Conversation]) -> None:
    found = ConversationFactory(workspace=rows[0].workspace, subject="Zebra crossing")
    query = "view=open&q=zebra"
    assert agent.get(f"{URL}/choices/count?{query}", headers=SCRIPT).content == b"1"
    agent.post(f"{URL}/start?{query}", {"all": "1", "do": "priority:low"}, headers=SCRIPT)
    assert [fresh(row).priority for row in (*rows, found)] == ["normal", "normal", "normal", "low"]


def test_following_and_no_longer(agent: Client, rows: list[Conversation], ben: Member) -> None:
    send(agent, rows[:2], "follow")
    followed = Follower.all_workspaces.filter(user=ben.user)
    assert {row.conversation_id for row in followed} == {row.pk for row in rows[:2]}
    send(agent, rows[:1], "unfollow")
    assert [row.conversation_id for row in followed.all()] == [rows[1].pk]
    agent.post(f"{URL}/{BulkJob.all_workspaces.latest('pk').public_id}/undo", headers=SCRIPT)
    assert followed.count() == 2


@pytest.mark.parametrize("kept", [0, 2])
def test_chosen_ones_are_merged_into_one_and_apart_again(agent: Client, rows: list[Conversation], kept: int) -> None:
    asked = send(agent, rows, "merge").content.decode()
    assert "Merge 3 conversations" in text_of(asked.encode())
    assert re.findall(r'name="into" value="(\d+)"', asked) == [str(row.pk) for row in rows]
    assert {fresh(row).joined_into_id for row in rows} == {None}
    answer = send(agent, rows, "merge-into", into=str(rows[kept].pk)).content.decode()
    number = rows[kept].number
    assert f"2 conversations merged into #{number}." in text_of(answer.encode())
    assert [fresh(row).joined_into_id for row in rows if row != rows[kept]] == [rows[kept].pk] * 2
    assert not BulkJob.all_workspaces.exists()
    event = re.search(r'name="event" value="(\d+)"', answer)
    assert event is not None
    assert f"/w/acme/inbox/{number}/undo" in answer
    agent.post(f"/w/acme/inbox/{number}/undo", {"event": event[1]})
    assert {fresh(row).joined_into_id for row in rows} == {None}


def test_one_alone_is_not_merged(agent: Client, rows: list[Conversation]) -> None:
    answer = send(agent, rows[:1], "merge")
    assert answer.status_code == 422
    assert "Select 2 to 51 conversations to merge them." in text_of(answer.content)


def test_which_one_stays_is_chosen_without_script_too(agent: Client, rows: list[Conversation]) -> None:
    url, ids = f"{URL}/start?view=open", [row.pk for row in rows]
    page = agent.post(url, {"id": ids, "do": "merge"})
    assert "Which one stays?" in text_of(page.content)
    assert "have all 3 messages" in text_of(page.content)
    again = agent.post(url, {"id": ids, "do": "merge-into", "into": "999999"})
    assert "Which one stays?" in text_of(again.content)
    shown = agent.post(url, {"id": ids, "do": "merge-into", "into": str(rows[1].pk)}, follow=True)
    assert shown.redirect_chain[-1][0].startswith(f"/w/acme/inbox/{rows[1].number}?")
    assert "2 conversations merged into" in text_of(shown.content)


def test_only_admins_move_many_to_the_trash_and_bring_them_back(
    agent: Client, rows: list[Conversation], ada: Member
) -> None:
    assert 'value="trash"' not in agent.get("/w/acme/inbox").content.decode()
    assert send(agent, rows, "trash").status_code == 403
    admin = ada.signed_in()
    assert 'value="trash"' in admin.get("/w/acme/inbox").content.decode()
    send(admin, rows[:2], "trash")
    assert [fresh(row).handler for row in rows] == ["trash", "trash", rows[2].handler]
    admin.post(f"{URL}/{only().public_id}/undo", headers=SCRIPT)
    assert [fresh(row).handler for row in rows] == [row.handler for row in rows]


def test_all_of_a_view_are_those_that_pass_its_filters(agent: Client, rows: list[Conversation]) -> None:
    send(agent, rows[:1], "add_tags", tags="vip")
    query = "view=open&tag=vip"
    assert agent.get(f"{URL}/choices/count?{query}", headers=SCRIPT).content == b"1"
    agent.post(f"{URL}/start?{query}", {"all": "1", "do": "priority:low"}, headers=SCRIPT)
    assert [fresh(row).priority for row in rows] == ["low", "normal", "normal"]
    assert f'value="{rows[1].pk}"' not in agent.get(f"{URL}/choose?{query}").content.decode()


def test_all_are_taken_in_every_order(agent: Client, rows: list[Conversation]) -> None:
    for sort in ("oldest", "newest", "deadline"):
        agent.post(f"{URL}/start?view=open&sort={sort}", {"all": "1", "do": "add_tags", "tags": sort}, headers=SCRIPT)
    assert {tuple(fresh(row).tags) for row in rows} == {("oldest", "newest", "deadline")}


def test_request_that_is_sent_again_starts_nothing_more(agent: Client, rows: list[Conversation]) -> None:
    again = str(uuid.uuid4())
    for _ in range(2):
        assert send(agent, rows, "priority:high", send_id=again).status_code == 200
    assert str(only().public_id) == again


def test_what_was_skipped_is_reported_with_its_reason(agent: Client, rows: list[Conversation]) -> None:
    send(agent, rows[:1], "status:resolved")
    page = send(agent, rows, "snooze:2h").content.decode()
    assert "2 conversations changed, 1 skipped." in text_of(page.encode())
    job = BulkJob.all_workspaces.latest("pk")
    report = agent.get(f"{URL}/{job.public_id}").content
    assert "A resolved or closed conversation cannot be snoozed." in text_of(report)
    assert f"/w/acme/inbox/{rows[0].number}" in report.decode()
    assert "Snooze until" in text_of(agent.get(URL).content)


def test_it_all_works_without_script(agent: Client, rows: list[Conversation]) -> None:
    page = agent.get(f"{URL}/choose?view=open").content.decode()
    assert f'name="id" value="{rows[0].pk}"' in page
    answer = agent.post(f"{URL}/start?view=open", {"id": [rows[0].pk], "do": "status:resolved"})
    assert answer.status_code == 302
    report = agent.get(answer["Location"]).content
    assert "1 conversation changed." in text_of(report)
    answer = agent.post(f"{URL}/{only().public_id}/undo")
    assert "1 conversation put back." in text_of(agent.get(answer["Location"]).content)
    answer = agent.post(f"{URL}/start?view=open", {"do": "status:resolved"}, follow=True)
    assert "at least one conversation" in text_of(answer.content)


def test_viewers_read_reports_and_change_nothing(agent: Client, rows: list[Conversation], vic: Member) -> None:
    send(agent, rows, "status:resolved")
    viewer, job = vic.signed_in(), only()
    assert viewer.get(f"{URL}/{job.public_id}").status_code == 200
    assert viewer.get(URL).status_code == 200
    assert viewer.get(f"{URL}/choose").status_code == 403
    for path in (f"{URL}/start", f"{URL}/{job.public_id}/undo", f"{URL}/{job.public_id}/cancel"):
        assert viewer.post(path, {"id": [rows[0].pk], "do": "status:open"}).status_code == 403
    assert 'id="bulk-template"' not in viewer.get("/w/acme/inbox").content.decode()


def test_strangers_find_no_job(agent: Client, rows: list[Conversation], cleo: Member) -> None:
    send(agent, rows, "status:resolved")
    assert cleo.signed_in().get(f"{URL}/{only().public_id}").status_code == 404
    assert cleo.signed_in().get(f"/w/globex/inbox/bulk/{only().public_id}").status_code == 404


def test_grey_line_says_that_it_was_a_bulk_change(agent: Client, rows: list[Conversation]) -> None:
    send(agent, rows, "status:resolved")
    send(agent, rows, "priority:high")
    page = text_of(agent.get(f"/w/acme/inbox/{rows[0].number}").content)
    assert "resolved it by a bulk change" in page
    assert "set the priority to high by a bulk change" in page


def test_report_names_no_conversation_that_its_reader_does_not_see(
    agent: Client, acme: Workspace, rows: list[Conversation], ada: Member, vic: Member
) -> None:
    send(agent, rows, "priority:high")
    report = f"{URL}/{only().public_id}"
    with tenancy.scope(acme):
        actions.trash(conversation=rows[0], by=ada.actor, at=clock.now())
        actions.assign(conversation=rows[1], to=ada.user, by=ada.actor, at=clock.now())
    vic.membership.visibility = "teams_and_unassigned"
    vic.membership.save()
    seen, limited = text_of(agent.get(report).content), text_of(vic.signed_in().get(report).content)
    assert ("Case 0" in seen, "Case 1" in seen, "Case 2" in seen) == (False, True, True)
    assert ("Case 0" in limited, "Case 1" in limited, "Case 2" in limited) == (False, False, True)
    assert "Changed 3" in seen
    assert "3 conversations changed." in seen
    assert "and 1 that you cannot see" in seen
    assert "Changed 3" in limited
    assert "and 2 that you cannot see" in limited


def test_report_that_names_the_most_says_how_many_more_there_are(
    agent: Client, rows: list[Conversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    send(agent, rows, "priority:high")
    monkeypatch.setattr(queries, "MOST_REPORTED", 1)
    page = text_of(agent.get(f"{URL}/{only().public_id}").content)
    assert "Changed 3" in page
    assert "and 2 more" in page
    assert "you cannot see" not in page


def test_report_asks_the_same_for_one_row_and_for_many(agent: Client, acme: Workspace) -> None:
    contact = ContactFactory(workspace=acme)
    many = [ConversationFactory(workspace=acme, contact=contact) for _ in range(12)]
    counted = []
    for chosen in (many[:2], many[:1], many):
        send(agent, chosen, "priority:high" if len(counted) % 2 else "priority:low")
        job = BulkJob.all_workspaces.latest("pk")
        with CaptureQueriesContext(connection) as statements:
            agent.get(f"{URL}/{job.public_id}")
        counted.append(len(statements))
    assert counted[1] == counted[2]
    assert len(many) <= limits.AT_ONCE
    assert set(job.rows.values_list("state", flat=True)) <= {RowState.CHANGED, RowState.SKIPPED}
