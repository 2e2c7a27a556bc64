"""Drafts of the composer: kept by the server, shown to the team, and sent by nobody but their writer."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client

from accounts import clock, tenancy
from accounts.models import Event, Workspace
from conversations import actions, maintenance
from conversations.actions import drafted
from conversations.actions.drafts import DraftChanged
from conversations.actions.entries import Door
from conversations.models import Attachment, Channel, Conversation, DeliveryFile, Draft, DraftFile, Message
from tests.concurrency import at_once
from tests.conftest import Member
from tests.factories import ConversationFactory, receive
from tests.inbox.conftest import HTMX, markup_of, text_of
from tests.runtime.machine import eventually

URL = "/w/acme/inbox/1"


def save(client: Client, body: str, mode: str = "reply", **more: Any) -> dict[str, Any]:
    """The answer to a save, with its status."""
    answer = client.post(f"{URL}/draft", {"mode": mode, "body": body, **more}, headers=HTMX)
    return {"status": answer.status_code, **(json.loads(answer.content) if answer.content else {})}


def upload(client: Client, content: bytes = b"%PDF-1.4 x", name: str = "bill.pdf", **more: Any) -> UUID:
    """The id of a file that was uploaded for the reply."""
    chosen = more.pop("id", uuid4())
    file = SimpleUploadedFile(name, content)
    answer = client.post(f"{URL}/draft/files", {"mode": "reply", "id": chosen, "file": file, **more}, headers=HTMX)
    assert answer.status_code == 200, answer.content
    return UUID(str(chosen))


def drafts(workspace: Workspace) -> list[tuple[str, str, int]]:
    with tenancy.scope(workspace):
        return list(Draft.objects.filter(discarded_at=None).order_by("pk").values_list("kind", "body", "version"))


def test_draft_is_in_the_writers_box_wherever_they_sign_in(
    agent: Client, ben: Member, conversation: Conversation
) -> None:
    assert save(agent, "Half a sentence\r\nand", tab="one") == {"status": 200, "version": 1}
    assert save(agent, "For the team", mode="note", tab="one") == {"status": 200, "version": 1}
    page = ben.signed_in().get(URL).content.decode()
    assert "Half a sentence\nand</textarea>" in page
    assert "For the team</textarea>" in page
    assert drafts(conversation.workspace) == [("reply", "Half a sentence\nand", 1), ("note", "For the team", 1)]


def test_colleague_reads_it_and_a_viewer_too_but_neither_changes_it(
    agent: Client, ada: Member, viewer: Client, conversation: Conversation
) -> None:
    save(agent, "Not yet sent")
    for reader in (ada.signed_in(), viewer):
        assert "Ben Kimura has a draft" in text_of(reader.get(URL).content)
        part = text_of(reader.get(f"{URL}/drafts", headers=HTMX).content)
        assert "Not yet sent" in part
    assert "has a draft" not in text_of(agent.get(URL).content)
    assert viewer.post(f"{URL}/draft", {"mode": "reply", "body": "x"}).status_code == 403
    save(ada.signed_in(), "Mine")
    assert drafts(conversation.workspace) == [("reply", "Not yet sent", 1), ("reply", "Mine", 1)]


def test_draft_of_one_page_never_overwrites_that_of_another(agent: Client, conversation: Conversation) -> None:
    assert save(agent, "One", tab="first", seq=1)["version"] == 1
    assert (
        save(agent, "One two", tab="first", seq=2)["version"] == 2
    )  # its first answer was lost: it goes on from nothing
    other = save(agent, "Else", tab="second", seq=1, base=1)
    assert (other["status"], other["version"], other["body"]) == (409, 2, "One two")
    assert "another tab" in other["fault"]
    assert save(agent, "Else", tab="second", seq=2, base=2)["version"] == 3  # chosen by its writer
    assert save(agent, "One", tab="first", seq=3, base=2)["status"] == 409
    assert save(agent, "Else", tab="first", seq=4, base=2) == {
        "status": 200,
        "version": 3,
    }  # the same text is no quarrel


def test_save_that_was_overtaken_does_not_bring_the_older_text_back(agent: Client, conversation: Conversation) -> None:
    save(agent, "Newer", tab="one", seq=9)
    assert save(agent, "Older", tab="one", seq=8)["status"] == 409
    assert drafts(conversation.workspace) == [("reply", "Newer", 1)]


def test_recipients_of_a_draft_come_back_with_it(agent: Client, acme: Workspace) -> None:
    row = ConversationFactory(workspace=acme, door=Door(Channel.EMAIL, "test"))
    url = f"/w/acme/inbox/{row.number}"
    form = {
        "mode": "reply",
        "body": "Hello",
        "to": "other@example.com",
        "cc": "eve@example.com",
        "bcc": "",
        "cc_seen": "",
    }
    assert agent.post(f"{url}/draft", form, headers=HTMX).status_code == 200
    page = markup_of(agent.get(url).content)
    assert "To other@example.com, cc 1" in page
    assert 'name="cc" value="eve@example.com"' in page
    assert f'data-usual="{row.contact.email}"' in page
    assert "not been in this conversation before" in page


def test_emptied_draft_is_gone(agent: Client, conversation: Conversation) -> None:
    save(agent, "x", tab="one", seq=1)
    assert save(agent, "", tab="one", seq=2) == {"status": 200, "version": 0}
    assert save(agent, "") == {"status": 200, "version": 0}
    assert drafts(conversation.workspace) == []


@pytest.mark.parametrize("body", ["\x00", "x" * 1_000_001])
def test_what_cannot_be_kept_is_refused_in_words_and_changes_nothing(
    agent: Client, conversation: Conversation, body: str
) -> None:
    save(agent, "Good")
    answer = save(agent, body, base=1)
    assert answer["status"] == 422
    assert answer["fault"]
    assert drafts(conversation.workspace) == [("reply", "Good", 1)]


@pytest.mark.parametrize("body", ["😀" * 5000, "مرحبا بالعالم", "e\u0301", " \n "])
def test_any_text_is_kept_as_it_is(agent: Client, conversation: Conversation, body: str) -> None:
    save(agent, body)
    assert drafts(conversation.workspace) == [("reply", body, 1)]


def test_draft_is_gone_once_it_is_sent_with_its_files(agent: Client, conversation: Conversation) -> None:
    save(agent, "With the bill", tab="one", seq=1)
    file = upload(agent, tab="one")
    left = upload(agent, name="left.pdf", tab="one")
    with tenancy.scope(conversation.workspace):
        path = DraftFile.objects.get(public_id=file).file.name
    form = {
        "body": "With the bill",
        "draft_file": [str(file)],
        "draft_version": 1,
        "draft_tab": "one",
        "send_id": uuid4(),
    }
    for _ in range(2):  # the answer of the first was lost
        answer = agent.post(f"{URL}/reply", form, headers=HTMX)
        assert answer.status_code == 200, text_of(answer.content)
    with tenancy.scope(conversation.workspace):
        [attachment] = Attachment.objects.all()
        assert (attachment.public_id, attachment.name, attachment.file.name) == (file, "bill.pdf", path)
        assert not Draft.objects.exists()
        assert not DraftFile.objects.filter(public_id=left).exists()
    assert default_storage.exists(path)
    assert Message.all_workspaces.filter(sender_kind="agent").count() == 1


def test_note_takes_its_draft_and_its_files_along(agent: Client, conversation: Conversation) -> None:
    save(agent, "Look", mode="note")
    chosen = uuid4()
    file = SimpleUploadedFile("log.txt", b"trace")
    agent.post(f"{URL}/draft/files", {"mode": "note", "id": chosen, "file": file}, headers=HTMX)
    agent.post(f"{URL}/note", {"body": "Look", "draft_file": [str(chosen)], "draft_version": 1})
    with tenancy.scope(conversation.workspace):
        assert Attachment.objects.get().public_id == chosen
        assert not Draft.objects.exists()


def test_what_another_page_wrote_since_stays_when_this_one_sends(agent: Client, conversation: Conversation) -> None:
    save(agent, "One", tab="first", seq=1)
    save(agent, "One and more", tab="second", seq=1, base=1)
    agent.post(f"{URL}/reply", {"body": "One", "draft_version": 1, "draft_tab": "first"}, headers=HTMX)
    assert drafts(conversation.workspace) == [("reply", "One and more", 2)]


def test_save_that_arrives_after_the_sending_leaves_no_draft(agent: Client, conversation: Conversation) -> None:
    send_id = uuid4()
    agent.post(f"{URL}/reply", {"body": "Sent.", "send_id": send_id}, headers=HTMX)
    assert save(agent, "Sent.", tab="one", seq=1, send_id=send_id) == {"status": 200, "version": 0}
    assert drafts(conversation.workspace) == []


def test_file_that_went_with_another_message_is_copied(agent: Client, conversation: Conversation) -> None:
    """Of two messages, neither loses its file with the other."""
    save(agent, "The bill")
    file = upload(agent)
    for body in ("The bill", "Once more"):
        form = {"body": body, "draft_file": [str(file)], "send_id": uuid4()}
        for _ in range(2):  # the answer of the first was lost
            answer = agent.post(f"{URL}/reply", form, headers=HTMX)
            assert answer.status_code == 200, text_of(answer.content)
    first, second = Attachment.all_workspaces.order_by("pk")
    assert (first.public_id, first.name, first.size) == (file, second.name, second.size)
    assert first.file.name != second.file.name
    assert second.file.open("rb").read() == b"%PDF-1.4 x"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("channel", [Channel.EMAIL, Channel.API])
def test_two_tabs_that_send_the_same_files_at_once_send_them_once(
    acme: Workspace, ben: Member, channel: Channel
) -> None:
    """The second one waits for the first, which it did not know of when it looked for the files."""
    ConversationFactory(workspace=acme, door=Door(channel, channel))
    clients = [ben.signed_in() for _ in range(2)]
    save(clients[0], "The bill", tab="one", seq=1)
    file = upload(clients[0], tab="one")
    both, found = threading.Barrier(2), drafted.files_of

    def looked(*given: Any, **more: Any) -> Any:
        stored = found(*given, **more)
        both.wait(20)
        return stored

    form = {"body": "The bill", "draft_file": [str(file)], "draft_version": 1, "draft_tab": "one"}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(drafted, "files_of", looked)
        answers = at_once(
            lambda n: clients[n].post(f"{URL}/reply", {**form, "send_id": uuid4()}, headers=HTMX), times=2
        )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert "already sent" in text_of(refused.content)
    kept = [*Attachment.all_workspaces.values_list("file"), *DeliveryFile.all_workspaces.values_list("file")]
    assert len(kept) == 1
    assert default_storage.exists(kept[0][0])
    assert not Draft.all_workspaces.exists()


def test_file_that_the_storage_has_lost_is_not_copied(agent: Client, conversation: Conversation) -> None:
    file = upload(agent)
    agent.post(f"{URL}/reply", {"body": "Here", "draft_file": [str(file)]}, headers=HTMX)
    default_storage.delete(Attachment.all_workspaces.get().file.name)
    answer = agent.post(f"{URL}/reply", {"body": "Again", "draft_file": [str(file)]}, headers=HTMX)
    assert answer.status_code == 422
    assert "Attach it again" in text_of(answer.content)


def test_files_of_drafts_are_not_served_from_the_trash(agent: Client, ada: Member, conversation: Conversation) -> None:
    file = upload(agent)
    actions.trash(conversation=conversation, by=ada.actor, at=clock.now())
    assert agent.get(f"/w/acme/files/{file}").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_save_that_arrives_during_the_sending_leaves_no_draft(ben: Member, conversation: Conversation) -> None:
    send_id, at = uuid4(), clock.now()
    saved: list[Draft | None] = []

    def keep() -> None:
        more = {"kind": "reply", "body": "Sent.", "send_id": send_id, "by": ben.actor, "at": at}
        saved.append(actions.save_draft(conversation=conversation, **more))
        connection.close()

    saving = threading.Thread(target=keep)
    with transaction.atomic():
        actions.reply(conversation=conversation, body="Sent.", public_id=send_id, by=ben.actor, at=at)
        saving.start()
        eventually(lambda: _is_waited_for() or not saving.is_alive(), "the save")
    saving.join()
    assert saved == [None]
    assert not Draft.all_workspaces.exists()


def _is_waited_for() -> bool:
    """Whether another connection waits for what this one holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))")
        return cursor.fetchone() is not None


def test_refused_reply_keeps_its_draft_and_its_files(agent: Client, conversation: Conversation) -> None:
    save(agent, "Late")
    file = upload(agent)
    answer = agent.post(f"{URL}/reply", {"body": "Late", "draft_file": [str(file)], "expected_last": 0}, headers=HTMX)
    assert answer.status_code == 409
    assert drafts(conversation.workspace) == [("reply", "Late", 1)]
    assert DraftFile.all_workspaces.count() == 1


def test_file_is_uploaded_once_and_a_colleagues_is_out_of_reach(
    agent: Client, ada: Member, conversation: Conversation
) -> None:
    file = upload(agent)
    assert upload(agent, id=file) == file
    assert DraftFile.all_workspaces.count() == 1
    answer = ada.signed_in().post(f"{URL}/reply", {"body": "Mine", "draft_file": [str(file)]}, headers=HTMX)
    assert answer.status_code == 422
    assert "Attach it again" in text_of(answer.content)
    assert agent.get(f"/w/acme/files/{file}").status_code == 200


@pytest.mark.parametrize(("content", "says"), [(b"", "Empty files"), (b"x" * 2000, "too large")])
def test_file_that_cannot_be_sent_is_refused_at_once(
    agent: Client, conversation: Conversation, settings: Any, content: bytes, says: str
) -> None:
    settings.UPLOAD_LIMIT = 1500
    form = {"mode": "reply", "id": uuid4(), "file": SimpleUploadedFile("a.bin", content)}
    answer = agent.post(f"{URL}/draft/files", form, headers=HTMX)
    assert answer.status_code == 422
    assert says in json.loads(answer.content)["fault"]
    assert drafts(conversation.workspace) == []


def test_eleventh_file_is_refused(agent: Client, conversation: Conversation) -> None:
    for _ in range(10):
        upload(agent)
    form = {"mode": "reply", "id": uuid4(), "file": SimpleUploadedFile("a.bin", b"x")}
    assert agent.post(f"{URL}/draft/files", form, headers=HTMX).status_code == 422
    assert DraftFile.all_workspaces.count() == 10


def test_file_that_is_taken_off_leaves_the_storage(
    agent: Client, conversation: Conversation, django_capture_on_commit_callbacks: Any
) -> None:
    save(agent, "Two files", tab="one", seq=1)
    file, other = upload(agent), upload(agent, name="b.pdf")
    path = DraftFile.all_workspaces.get(public_id=file).file.name
    with django_capture_on_commit_callbacks(execute=True):
        save(agent, "Two files", tab="one", seq=2, removed=str(file))
    assert [row.public_id for row in DraftFile.all_workspaces.all()] == [other]
    assert not default_storage.exists(path)


def test_discarded_draft_can_be_restored_until_it_is_forgotten(
    agent: Client, conversation: Conversation, django_capture_on_commit_callbacks: Any
) -> None:
    save(agent, "Never mind")
    upload(agent)
    path = DraftFile.all_workspaces.get().file.name
    agent.post(f"{URL}/draft/discard", {"mode": "reply"}, headers=HTMX)
    assert drafts(conversation.workspace) == []
    assert "Never mind" not in agent.get(URL).content.decode()
    back = json.loads(agent.post(f"{URL}/draft/restore", {"mode": "reply"}, headers=HTMX).content)
    assert (back["body"], len(back["files"])) == ("Never mind", 1)
    agent.post(f"{URL}/draft/discard", {"mode": "reply"}, headers=HTMX)
    maintenance.forget_drafts(0)
    assert Draft.all_workspaces.count() == 1
    Draft.all_workspaces.update(discarded_at=clock.now() - timedelta(days=8))
    with django_capture_on_commit_callbacks(execute=True):
        maintenance.forget_drafts(0)
    assert not Draft.all_workspaces.exists()
    assert not default_storage.exists(path)


def test_drafts_are_saved_and_discarded_without_script(agent: Client, conversation: Conversation) -> None:
    answer = agent.post(f"{URL}/draft", {"mode": "reply", "body": "By a button", "draft_version": 0}, follow=True)
    assert "Draft saved." in text_of(answer.content)
    agent.post(f"{URL}/draft", {"mode": "reply", "body": "By a button again", "draft_version": 1})
    assert drafts(conversation.workspace) == [("reply", "By a button again", 2)]
    answer = agent.post(f"{URL}/draft/discard", {"mode": "reply"}, follow=True)
    assert "Draft discarded." in text_of(answer.content)


def test_journal_has_no_words_and_not_each_save(agent: Client, ben: Member, conversation: Conversation) -> None:
    for seq in range(5):
        save(agent, f"A secret {seq}", tab="one", seq=seq + 1)
    agent.post(f"{URL}/draft/discard", {"mode": "reply"}, headers=HTMX)
    events = Event.objects.filter(workspace=conversation.workspace, subject_type="draft").order_by("pk")
    assert [event.type for event in events] == ["draft.started", "draft.discarded"]
    assert {**events[0].data} == {"conversation_id": conversation.pk, "kind": "reply"}


def test_preview_shows_the_text_as_the_customer_gets_it(agent: Client, conversation: Conversation) -> None:
    answer = agent.post(f"{URL}/preview", {"body": "Run `make` **now** <b>"}, headers=HTMX)
    assert "<code" in answer.content.decode()
    assert "<strong>now</strong> &lt;b&gt;" in answer.content.decode()


def test_mentions_and_conversations_are_offered_while_typing(
    agent: Client, ada: Member, vic: Member, conversation: Conversation
) -> None:
    other = ConversationFactory(workspace=conversation.workspace, contact=conversation.contact, subject="The hinge")
    names = [one["text"] for one in json.loads(agent.get(f"{URL}/mentions").content)]
    assert ada.user.name in names
    assert vic.user.name not in names
    for words in ("", str(other.number), "hinge"):
        [found] = json.loads(agent.get(f"{URL}/links", {"q": words}).content)
        assert (found["text"], found["about"]) == (f"#{other.number}", "The hinge")


def test_drafts_follow_what_is_joined_unless_there_is_one_already(
    acme: Workspace, ben: Member, ada: Member, conversation: Conversation
) -> None:
    at = clock.now()
    with tenancy.scope(acme):
        target = ConversationFactory(workspace=acme)
        for who, row, body in ((ben, conversation, "Moves"), (ada, conversation, "Stays"), (ada, target, "There")):
            actions.save_draft(conversation=row, kind="reply", body=body, by=who.actor, at=at)
        drafted.moved(conversation, target)
        found = Draft.objects.filter(conversation=target).order_by("pk")
        assert [row.body for row in found] == ["Moves", "There"]
        with pytest.raises(DraftChanged):
            actions.save_draft(conversation=target, kind="reply", body="x", by=ben.actor, at=at)


def test_second_draft_of_a_writer_is_there_again_when_its_conversation_is_restored(
    acme: Workspace, ada: Member, conversation: Conversation
) -> None:
    """It stays with the conversation that was emptied, or that is in the Trash."""
    at, client = clock.now(), ada.signed_in()
    by: dict[str, Any] = {"by": ada.actor, "at": at}
    with tenancy.scope(acme):
        target = ConversationFactory(workspace=acme, contact=conversation.contact)
        for row, body in ((conversation, "Of the first"), (target, "Of the second")):
            actions.save_draft(conversation=row, kind="reply", body=body, **by)
        actions.join(conversation=conversation, into=target, **by)
        assert "Of the second</textarea>" in client.get(f"/w/acme/inbox/{target.number}").content.decode()
        event = Event.objects.get(type="conversation.joined")
        actions.undo_move(conversation=conversation, event_id=event.pk, **by)
        assert "Of the first</textarea>" in client.get(URL).content.decode()
        actions.trash(conversation=conversation, **by)
        assert client.get(URL).status_code == 404
        actions.restore(conversation=conversation, **by)
        assert "Of the first</textarea>" in client.get(URL).content.decode()


def test_draft_begun_in_what_was_split_off_comes_back_with_its_messages(acme: Workspace, ada: Member) -> None:
    by: dict[str, Any] = {"by": ada.actor, "at": clock.now()}
    with tenancy.scope(acme):
        source = ConversationFactory(workspace=acme, body="One")
        made = actions.split(message=receive(source, "Two"), **by)
        actions.save_draft(conversation=made, kind="reply", body="Half an answer", **by)
        event = Event.objects.get(type="conversation.split")
        actions.undo_move(conversation=source, event_id=event.pk, **by)
    assert "Half an answer</textarea>" in ada.signed_in().get(f"/w/acme/inbox/{source.number}").content.decode()
