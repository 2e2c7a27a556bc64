"""Whom a reply by mail goes to: the line above its text, new recipients, and mistakes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Conversation, Delivery, Mailbox, MailboxAddress
from tests.factories import reply
from tests.inbox.conftest import HTMX, markup_of, now, queries_of, text_of
from tests.inbox.mails import by_mail, inbound, mailbox

pytestmark = pytest.mark.django_db

NEW = "eve@e.example has not been in this conversation before."


@pytest.fixture
def box(acme: Workspace) -> Mailbox:
    return mailbox(acme)


@pytest.fixture
def letter(box: Mailbox) -> Conversation:
    """Ada's mail, with a copy to Bob."""
    made = by_mail(box, cc=["bob@y.example"])
    inbound(made, cc=[["Bob", "bob@y.example"], ["Cid", "cid@z.example"]])
    return made


def sent(browser: Client, conversation: Conversation, *, fragment: bool = False, **values: Any) -> Any:
    """A reply as the page sends it."""
    given = {"body": "On its way.", "to": "ada@x.example", "cc": "bob@y.example", "bcc": "", "cc_seen": "bob@y.example"}
    headers = HTMX if fragment else {}
    return browser.post(f"/w/acme/inbox/{conversation.number}/reply?view=open", given | values, headers=headers)


def page_of(browser: Client, conversation: Conversation, **query: str) -> bytes:
    return browser.get(f"/w/acme/inbox/{conversation.number}", {"view": "open", **query}).content


def delivery() -> Delivery:
    return Delivery.all_workspaces.get()


def test_the_line_says_who_gets_the_reply_and_from_where(agent: Client, letter: Conversation) -> None:
    page = page_of(agent, letter)
    assert "To ada@x.example, cc 1" in text_of(page)
    assert "From Acme &lt;support@acme.example&gt;" in text_of(page)
    shown = markup_of(page)
    assert 'name="to" value="ada@x.example"' in shown
    assert 'name="cc" value="bob@y.example"' in shown


def test_other_conversations_have_no_such_line(agent: Client, conversation: Conversation, box: Mailbox) -> None:
    page = markup_of(page_of(agent, conversation))
    assert "data-recipients" not in page
    assert 'name="cc"' not in page
    assert sent(agent, conversation, cc="eve@e.example").status_code == 302
    assert now(conversation).cc == []


def test_the_usual_reply_goes_to_whom_the_conversation_knows(agent: Client, letter: Conversation) -> None:
    assert sent(agent, letter).status_code == 302
    assert (delivery().to, delivery().cc, delivery().bcc) == (None, None, [])
    assert now(letter).cc == ["bob@y.example"]


def test_a_reply_goes_to_those_who_were_chosen(agent: Client, letter: Conversation) -> None:
    assert sent(agent, letter, to="Cid <cid@z.example>", bcc="bob@y.example").status_code == 302
    assert (delivery().to, delivery().bcc) == (["cid@z.example"], ["bob@y.example"])


def test_copies_are_those_of_the_conversation_from_then_on(agent: Client, letter: Conversation) -> None:
    sent(agent, letter, cc="cid@z.example")
    assert now(letter).cc == ["cid@z.example"]
    assert "Ben added 1 address to Cc and removed 1 address from Cc" in text_of(page_of(agent, letter))


def test_who_was_added_while_the_reply_was_written_gets_it_too(agent: Client, letter: Conversation) -> None:
    with tenancy.scope(letter.workspace):
        by = Actor.system(letter.workspace_id)
        actions.set_cc(conversation=letter, cc=["bob@y.example", "dee@d.example"], by=by, at=clock.now())
    sent(agent, letter, cc="")
    assert now(letter).cc == ["dee@d.example"]


@pytest.mark.parametrize("field", ["to", "cc", "bcc"])
@pytest.mark.parametrize("fragment", [False, True])
def test_a_new_outside_recipient_is_named_first_and_then_gets_it(
    agent: Client, letter: Conversation, field: str, fragment: bool
) -> None:
    answer = sent(agent, letter, fragment=fragment, **{field: "eve@e.example"})
    assert answer.status_code == 409
    assert f"{NEW} Send again to include it." in text_of(answer.content)
    shown = markup_of(answer.content)
    if fragment:
        assert 'data-announced="eve@e.example"' in shown
    else:
        assert 'name="announced" value="eve@e.example"' in shown
        assert f'name="{field}" value="eve@e.example"' in shown
        assert "On its way." in shown
    assert not Delivery.all_workspaces.exists()
    assert now(letter).cc == ["bob@y.example"]
    again = sent(agent, letter, fragment=fragment, announced="eve@e.example", **{field: "eve@e.example"})
    assert again.status_code == (200 if fragment else 302)
    everyone = [*(delivery().to or []), *now(letter).cc, *delivery().bcc]
    assert "eve@e.example" in everyone


def test_somebody_else_who_is_new_is_named_again(agent: Client, letter: Conversation) -> None:
    answer = sent(agent, letter, cc="eve@e.example, fay@f.example", announced="eve@e.example")
    assert "fay@f.example has not been in this conversation before." in text_of(answer.content)


def test_who_has_written_or_got_a_mail_is_not_new(agent: Client, letter: Conversation) -> None:
    inbound(letter, "Me too", from_address="eve@e.example", is_stranger=True)
    assert sent(agent, letter, cc="eve@e.example, cid@z.example").status_code == 302


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"cc": "bob@y.example, bob@"}, "“bob@” is not an email address."),
        ({"to": "", "cc": "", "bcc": ""}, "Add a recipient."),
        ({"cc": "support@acme.example"}, "support@acme.example is an address of this workspace."),
    ],
)
@pytest.mark.parametrize("fragment", [False, True])
def test_a_mistake_is_named_and_what_was_typed_stays(
    agent: Client, letter: Conversation, values: dict[str, str], fault: str, fragment: bool
) -> None:
    with tenancy.scope(letter.workspace):
        MailboxAddress.objects.create(
            workspace=letter.workspace, mailbox=letter.mailbox, address="support@acme.example"
        )
    answer = sent(agent, letter, fragment=fragment, **values)
    assert answer.status_code == 422
    assert fault in text_of(answer.content)
    if not fragment:
        for name, given in values.items():
            assert f'name="{name}" value="{given}"' in markup_of(answer.content)
    assert not Delivery.all_workspaces.exists()


def test_what_is_typed_is_judged_at_once(agent: Client, letter: Conversation) -> None:
    def judged(**values: str) -> str:
        given = {"to": "ada@x.example", "cc": "", "bcc": "", **values}
        answer = agent.post(f"/w/acme/inbox/{letter.number}/recipients", given)
        assert answer.status_code == 200
        return markup_of(answer.content)

    assert 'data-line="To ada@x.example"' in judged()
    assert 'data-line="To ada@x.example, 1 more, cc 1, bcc 1"' in judged(
        to="ada@x.example, bob@y.example", cc="cid@z.example", bcc="bob@y.example"
    )
    page = judged(cc="eve@e.example")
    assert NEW in page
    assert 'name="announced" value="eve@e.example"' in page
    assert "eve@e.example, fay@f.example have not been" in judged(cc="eve@e.example, fay@f.example")
    assert "“bob@” is not an email address." in judged(bcc="bob@")
    assert "Add a recipient." in judged(to="")


def test_viewers_choose_no_recipients(viewer: Client, letter: Conversation) -> None:
    assert viewer.post(f"/w/acme/inbox/{letter.number}/recipients", {"to": "a@x.example"}).status_code == 403
    assert b"data-recipients" not in page_of(viewer, letter)


def test_a_reply_that_is_taken_back_has_its_recipients_again(agent: Client, letter: Conversation) -> None:
    sent(agent, letter, to="cid@z.example", bcc="bob@y.example")
    url = f"/w/acme/inbox/{letter.number}/outbox/{delivery().public_id}/undo"
    taken = agent.post(f"{url}?view=open", headers=HTMX)
    assert 'data-to="cid@z.example" data-cc="bob@y.example" data-bcc="bob@y.example"' in markup_of(taken.content)
    page = markup_of(page_of(agent, letter, restored=str(delivery().public_id)))
    assert 'name="to" value="cid@z.example"' in page
    assert 'name="bcc" value="bob@y.example"' in page


def test_recipients_cost_one_question_where_replies_leave_as_mails(
    agent: Client, letter: Conversation, conversation: Conversation
) -> None:
    headers = {**HTMX, "HX-Target": "open"}
    address = "/w/acme/inbox/{}?view=open"
    mail = queries_of(lambda: agent.get(address.format(letter.number), headers=headers))
    other = queries_of(lambda: agent.get(address.format(conversation.number), headers=headers))
    assert mail - other == 2  # its mails, and the mailboxes


def test_a_reply_says_whom_it_went_to(agent: Client, letter: Conversation) -> None:
    with tenancy.scope(letter.workspace):
        by = Actor.system(letter.workspace_id)
        reply(letter, "To all.", by=by)
        first = Delivery.objects.get()
        actions.set_cc(conversation=letter, cc=[], by=by, at=clock.now())
        reply(letter, "To Ada.", by=by, at=clock.now() + timedelta(hours=1))
    assert (first.to, first.cc) == (["ada@x.example"], ["bob@y.example"])  # and is the same when it is sent again
    page = text_of(page_of(agent, letter))
    assert "to 1, cc 1 To ada@x.example Cc bob@y.example To all." in page
    assert page.count("ada@x.example Cc") == 1


def test_customers_alone_are_not_repeated_beside_each_reply(agent: Client, box: Mailbox) -> None:
    made = by_mail(box)
    reply(made, "To Ada.", by=Actor.system(box.workspace_id))
    assert "mail__people" not in markup_of(page_of(agent, made))
