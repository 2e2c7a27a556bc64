"""Following conversations, mentions in notes, and conversations that are named by their numbers."""

from __future__ import annotations

import pytest

from accounts.errors import Forbidden, Invalid
from accounts.models import Event, Workspace
from accounts.permissions import Role
from conversations import actions
from conversations.models import Conversation, Follower, Mention, MessageVersion
from conversations.texts import mentions
from tests.conftest import Member, member
from tests.effects import MORNING, minutes, nothing_changes, recorded, refused
from tests.factories import ConversationFactory, MembershipFactory, TeamFactory, UserFactory

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def talk(acme: Workspace) -> Conversation:
    return ConversationFactory(workspace=acme, body="Help", at=MORNING)


def note(talk: Conversation, body: str, by: Member, minute: int = 1) -> set[str]:
    """The names of those whom a new note mentions."""
    written = actions.note(conversation=talk, body=body, by=by.actor, at=minutes(minute))
    return {row.user.name for row in Mention.objects.filter(message=written).select_related("user")}


def test_follower_is_kept_once_and_recorded_once(talk: Conversation, ben: Member) -> None:
    def follow() -> object:
        return actions.follow(conversation=talk, user=ben.user, by=ben.actor, at=minutes(1))

    assert recorded(follow) == [("conversation.followed", {"user_id": ben.user.pk})]
    with nothing_changes():
        follow()
    assert Follower.objects.get().user == ben.user
    actions.unfollow(conversation=talk, user=ben.user, by=ben.actor, at=minutes(2))
    assert not Follower.objects.exists()
    with nothing_changes():
        actions.unfollow(conversation=talk, user=ben.user, by=ben.actor, at=minutes(3))


def test_only_members_follow(talk: Conversation, ben: Member, cleo: Member) -> None:
    with refused(Invalid, field="user"):
        actions.follow(conversation=talk, user=cleo.user, by=ben.actor, at=minutes(1))


def test_viewer_follows_and_adds_nobody_else(talk: Conversation, ben: Member, vic: Member) -> None:
    actions.follow(conversation=talk, user=vic.user, by=vic.actor, at=minutes(1))
    with refused(Forbidden):
        actions.follow(conversation=talk, user=ben.user, by=vic.actor, at=minutes(1))


def test_note_mentions_members_by_name_first_name_address_and_team(
    acme: Workspace, talk: Conversation, ada: Member, ben: Member
) -> None:
    noor = member(acme, "Noor Haddad", Role.AGENT)
    TeamFactory(workspace=acme, name="Night shift", members=[noor.user, ada.user])
    assert note(talk, f"@{ada.user.name} please look", ben) == {ada.user.name}
    assert note(talk, "could you, @noor?", ben) == {"Noor Haddad"}
    assert note(talk, f"cc @{noor.user.email}.", ben) == {"Noor Haddad"}
    assert note(talk, "@night shift: who is up?", ben) == {"Noor Haddad", ada.user.name}


def test_two_members_of_one_first_name_are_mentioned_by_their_whole_names(
    acme: Workspace, talk: Conversation, ben: Member
) -> None:
    for name in ("Kim Larsen", "Kim Novak"):
        MembershipFactory(workspace=acme, user=UserFactory(name=name))
    assert note(talk, "@Kim, please", ben) == set()
    assert note(talk, "@Kim Novak, please", ben) == {"Kim Novak"}


def test_nobody_mentions_themselves_or_a_stranger_and_an_address_is_no_mention(
    talk: Conversation, ben: Member, cleo: Member, ada: Member
) -> None:
    assert note(talk, f"@{ben.user.name} to self", ben) == set()
    assert note(talk, f"@{cleo.user.name}", ben) == set()
    assert note(talk, f"mail sales@{ada.user.name.split()[0].lower()}.example", ben) == set()


def test_names_are_found_in_any_form_of_unicode_and_beside_any_script() -> None:
    names = {mentions.plain("José Núñez"): {1}, mentions.plain("نور"): {2}, mentions.plain("José"): {3}}
    assert mentions.mentioned("@Jose\u0301 Nu\u0301n\u0303ez!", names) == {1}
    assert mentions.mentioned("@JOSÉ and @نور", names) == {2, 3}
    assert mentions.mentioned("@Josépha", names) == set()
    assert mentions.mentioned("@" * 50_000 + " @José", names) == {3}


def test_editing_a_note_mentions_only_whom_it_did_not_before(talk: Conversation, ada: Member, ben: Member) -> None:
    written = actions.note(conversation=talk, body=f"@{ada.user.name}", by=ben.actor, at=minutes(1))
    edit = lambda: actions.edit_note(message=written, body=f"@{ada.user.name} again", by=ben.actor, at=minutes(2))  # noqa: E731
    assert [name for name, _ in recorded(edit)] == ["note.edited"]
    assert MessageVersion.objects.get().body == f"@{ada.user.name}"


def test_mention_is_new_until_the_conversation_is_opened(talk: Conversation, ada: Member, ben: Member) -> None:
    note(talk, f"@{ada.user.name}", ben)
    assert actions.see_mentions(conversation=talk, by=ben.actor, at=minutes(2)) == 0
    assert actions.see_mentions(conversation=talk, by=ada.actor, at=minutes(3)) == 1
    with nothing_changes():
        assert actions.see_mentions(conversation=talk, by=ada.actor, at=minutes(4)) == 0
    assert Mention.objects.get().seen_at == minutes(3)


def test_agent_changes_only_their_own_notes_and_an_admin_deletes_anybodys(
    acme: Workspace, talk: Conversation, ada: Member, ben: Member
) -> None:
    noor = member(acme, "Noor Haddad", Role.AGENT)
    written = actions.note(conversation=talk, body="Mine", by=ben.actor, at=minutes(1))
    for verb, more in ((actions.edit_note, {"body": "Hers"}), (actions.delete_note, {})):
        with refused(Forbidden):
            verb(message=written, by=noor.actor, at=minutes(2), **more)
    with refused(Forbidden):
        actions.edit_note(message=written, body="Hers", by=ada.actor, at=minutes(2))
    actions.delete_note(message=written, by=ada.actor, at=minutes(2))


def test_conversation_that_is_named_says_so_once(acme: Workspace, talk: Conversation, ben: Member) -> None:
    other = ConversationFactory(workspace=acme, at=MORNING)
    for _ in range(2):
        actions.note(
            conversation=talk, body=f"As in #{other.number}, #{talk.number} and #999.", by=ben.actor, at=minutes(1)
        )
    actions.reply(conversation=talk, body=f"See #{other.number}.", by=ben.actor, at=minutes(2))
    lines = Event.objects.filter(type="conversation.named")
    assert [(line.subject_id, line.data) for line in lines] == [(other.pk, {"from_id": talk.pk, "number": talk.number})]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("#1 and (#22), see #3.", [1, 22, 3]),
        ("issue#4 &#5; /#6 ##7 #8a #0 #99999999999", []),
        ("#5 #5", [5]),
        ("#4294967295", []),
    ],
)
def test_numbers_that_a_text_names(text: str, numbers: list[int]) -> None:
    assert mentions.numbers(text) == numbers
