"""Channels: each folder is one, found by itself, and a stored value without a folder is one whose customers fetch replies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts import clock, journal
from accounts.journal import dispatch
from accounts.models import QueuedMail, Workspace
from conversations import actions, channels
from conversations.actions.entries import Door
from conversations.models import Channel
from conversations.screens.formatting import channel, icon
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory

FOLDERS = sorted(path.parent.name for path in Path(channels.__file__).parent.glob("*/__init__.py"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_folder_is_a_channel_that_can_be_stored_and_has_a_picture(folder: str) -> None:
    known = channels.all_channels()[folder]
    assert known.name == folder in Channel.values
    assert known.label == Channel(folder).label
    assert "<svg" in icon(known.icon)


@pytest.mark.parametrize("value", [*Channel.values, "carrier-pigeon"])
def test_every_value_has_a_name_and_a_picture_in_the_list(value: str) -> None:
    html = channel(value)
    known = channels.named(value)
    assert f'title="{known.label}"' in html
    assert icon(known.icon, 13) in html


def test_mail_alone_is_taken_to_the_customer() -> None:
    assert [name for name, known in channels.all_channels().items() if known.deliver] == ["email"]


@pytest.fixture
def asked_anew() -> Iterator[None]:
    """The dispatcher asks which channels deliver once per process."""
    dispatch._asked.cache_clear()
    yield
    dispatch._asked.cache_clear()


@pytest.mark.usefixtures("in_acme", "asked_anew")
@pytest.mark.parametrize("value", Channel.values)
def test_reply_is_delivered_by_the_channel_of_its_conversation(
    acme: Workspace, ben: Member, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    known = channels.ChannelType(
        value, value, deliver=lambda messages: taken.extend(message.pk for message in messages)
    )
    monkeypatch.setattr(channels, "all_channels", lambda: {value: known})
    conversation = ConversationFactory(workspace=acme, door=Door(Channel(value), "test"))
    message = actions.reply(conversation=conversation, body="Hello", by=ben.actor, at=clock.now())
    journal.drain()
    assert taken == [message.pk]


@pytest.mark.usefixtures("in_acme")
def test_customer_without_an_address_gets_no_mail(acme: Workspace, ben: Member) -> None:
    contact = ContactFactory(workspace=acme, email="")
    conversation = ConversationFactory(workspace=acme, contact=contact, door=Door(Channel.EMAIL, "email"))
    actions.reply(conversation=conversation, body="Hello", by=ben.actor, at=clock.now())
    journal.drain()
    assert not QueuedMail.objects.exists()
