"""Channels: each folder is one, found by itself, and a stored value without a folder is one whose customers fetch replies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from accounts import clock, journal
from accounts.models import Workspace
from conversations import actions, channels
from conversations.actions.entries import Door
from conversations.channels import outbox
from conversations.channels.results import Result, Sent
from conversations.models import Channel, Delivery, DeliveryState, DeliveryStatus
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


def test_mail_and_discord_alone_are_taken_to_the_customer() -> None:
    assert [name for name, known in channels.all_channels().items() if known.deliver] == ["email", "discord"]


@pytest.mark.usefixtures("in_acme")
@pytest.mark.parametrize("value", Channel.values)
def test_reply_is_delivered_by_the_channel_of_its_conversation(
    acme: Workspace, ben: Member, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int | None] = []

    def deliver(deliveries: Sequence[Delivery]) -> Iterator[tuple[Delivery, Result]]:
        for one in deliveries:
            taken.append(one.message_id)
            yield one, Sent("theirs")

    known = channels.ChannelType(value, value, takes=lambda conversation: True, deliver=deliver)
    monkeypatch.setattr(channels, "all_channels", lambda: {value: known})
    conversation = ConversationFactory(workspace=acme, door=Door(Channel(value), "test"))
    message = actions.reply(conversation=conversation, body="Hello", by=ben.actor, at=clock.now())
    assert message.delivery_status == DeliveryStatus.SENDING
    outbox.deliver_due()
    assert taken == [message.pk]
    delivery = Delivery.objects.get()
    assert (delivery.channel, delivery.state, delivery.channel_message_id) == (value, DeliveryState.SENT, "theirs")
    message.refresh_from_db()
    assert message.delivery_status == DeliveryStatus.DELIVERED


@pytest.mark.usefixtures("in_acme")
def test_another_channel_goes_on_for_one_that_does_not_take_replies(
    acme: Workspace, ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {name: channels.ChannelType(name, name) for name in Channel.values}
    known["email"] = channels.ChannelType(
        "email", "email", takes=lambda conversation: conversation.subject == "Left", takes_others=True
    )
    monkeypatch.setattr(channels, "all_channels", lambda: known)
    left, there = (ConversationFactory(workspace=acme, channel=Channel.CHAT, subject=one) for one in ("Left", "There"))
    for conversation in (left, there):
        actions.reply(conversation=conversation, body="Hello", by=ben.actor, at=clock.now())
    delivery = Delivery.objects.get()
    assert (delivery.conversation_id, delivery.channel) == (left.pk, "email")


@pytest.mark.usefixtures("in_acme")
def test_customer_without_an_address_gets_no_mail(acme: Workspace, ben: Member) -> None:
    contact = ContactFactory(workspace=acme, email="")
    conversation = ConversationFactory(workspace=acme, contact=contact, door=Door(Channel.EMAIL, "email"))
    message = actions.reply(conversation=conversation, body="Hello", by=ben.actor, at=clock.now())
    journal.drain()
    assert not Delivery.objects.exists()
    assert message.delivery_status == DeliveryStatus.DELIVERED
