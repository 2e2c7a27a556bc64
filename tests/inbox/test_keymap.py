"""A member's own keys: what they may be, and that tooltips, the help and the handlers' table all have them."""

from __future__ import annotations

import re

import pytest

from accounts.errors import Invalid
from conversations.screens import keymap, sections
from conversations.screens.shortcuts import shown
from tests.conftest import Member
from tests.factories import ConversationFactory

PAGE = "/w/acme/settings/keyboard"


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("", ()),
        ("  ", ()),
        ("x", ("x",)),
        ("X", ("X",)),
        ("Shift+x", ("X",)),
        ("⇧+x", ("X",)),
        ("g m", ("g m",)),
        ("g then m", ("g m",)),
        ("j, ↓", ("j", "ArrowDown")),
        ("j, j", ("j",)),
        (",", (",",)),
        ("+", ("+",)),
        ("esc", ("Escape",)),
        ("ф", ("ф",)),
        ("/", ("/",)),
        ("F2", ("F2",)),
    ],
)
def test_what_people_type_for_keys_is_read(typed: str, keys: tuple[str, ...]) -> None:
    assert keymap.parse(typed) == keys


@pytest.mark.parametrize(
    "typed", ["Ctrl+x", "Alt+x", "g m x", "Tab", "Space", "wat", "\0", "a, b, c, d, e", "Shift+Enter"]
)
def test_what_is_no_key_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        keymap.parse(typed)


def test_keys_read_as_people_know_them() -> None:
    assert [shown(key) for key in ("E", "Control+Enter", "g m", "ArrowDown", "+")] == ["⇧ e", "Ctrl ↵", "g m", "↓", "+"]


def test_no_two_shortcuts_get_the_same_key_and_none_begins_the_sequence_of_another() -> None:
    for wanted in ({"done": ("j",)}, {"done": ("g",)}, {"done": ("g m",)}, {"done": ("e e",), "assign": ("e",)}):
        with pytest.raises(Invalid) as refused:
            keymap.checked(wanted)
        assert refused.value.field in ("done", "assign", "next", "view-mine", "inbox")


def test_only_what_differs_is_kept() -> None:
    same = {name: one.keys for name, one in sections.shortcuts().items()}
    assert keymap.checked(same) == {}
    assert keymap.checked({**same, "done": ("y",), "note": ()}) == {"done": ["y"], "note": []}


def test_a_shortcut_that_came_later_yields_to_what_a_member_has_chosen() -> None:
    chosen = keymap.of({"keys": {"done": ["j"], "gone-since": ["q"], "send": ["q"]}})
    known = keymap.table(chosen)
    assert known["done"].keys == ("j",)
    assert "j" not in known["next"].keys
    assert known["send"].keys == ("Control+Enter",)


def test_chosen_keys_are_in_the_table_the_tooltips_and_the_caps(ben: Member, ada: Member) -> None:
    number = ConversationFactory(workspace=ben.membership.workspace).number
    client = ben.signed_in()
    assert client.post(PAGE, {"done": "y", "note": "", "shortcuts": "on"}).status_code == 302
    page = client.get(f"/w/acme/inbox/{number}").content.decode()
    assert 'data-key-name="done" data-keys="y"' in page
    assert 'data-key-name="note" data-keys=""' in page
    assert 'data-shortcut="done" title="Resolve (y)" aria-keyshortcuts="y"' in page
    assert re.search(r'data-shortcut="note" title="[^"(]*"', page)
    # They are one person's own.
    assert 'data-shortcut="done" title="Resolve (e)"' in ada.signed_in().get(f"/w/acme/inbox/{number}").content.decode()
    assert client.post(PAGE, {"reset": "1", "shortcuts": "on"}).status_code == 302
    assert 'title="Resolve (e)"' in client.get(f"/w/acme/inbox/{number}").content.decode()


def test_a_conflict_is_shown_at_the_field_and_nothing_is_kept(ben: Member) -> None:
    client = ben.signed_in()
    answer = client.post(PAGE, {"done": "j", "shortcuts": "off"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert 'aria-invalid="true"' in text
    assert "is used for" in text
    assert 'value="j"' in text
    ben.user.refresh_from_db()
    assert ben.user.preferences == {}
    # It is the field that was changed, wherever the other one is.
    for name, key in (("select", "e"), ("done", "x")):
        text = client.post(PAGE, {name: key, "shortcuts": "on"}).content.decode()
        assert re.findall(r'id="keys-([\w-]+)-fault"', text) == [name]


def test_help_of_a_viewer_has_no_empty_groups(vic: Member) -> None:
    page = vic.signed_in().get("/w/acme/inbox").content.decode()
    groups = re.findall(r"<h3>([^<]+)</h3>\s*<dl>(.*?)</dl>", page.split('id="help"')[1], re.S)
    assert len(groups) > 1
    assert [name for name, items in groups if "data-key-name" not in items] == []


def test_single_keys_can_be_turned_off_and_hostile_keys_change_nothing(ben: Member) -> None:
    client = ben.signed_in()
    assert client.post(PAGE, {"shortcuts": "off"}).status_code == 302
    ben.user.refresh_from_db()
    assert ben.user.preferences["shortcuts"] == "off"
    for typed in ("<script>", "\x00", "x" * 10_000, "Ctrl+A"):
        assert client.post(PAGE, {"done": typed, "shortcuts": "on"}).status_code in (400, 422)
    ben.user.refresh_from_db()
    assert "keys" not in ben.user.preferences or ben.user.preferences["keys"] == {}


def test_commands_of_a_row_are_what_can_be_done_to_it(ben: Member) -> None:
    conversation = ConversationFactory(workspace=ben.membership.workspace, subject="<b>Hello</b>")
    client = ben.signed_in()
    page = client.get(f"/w/acme/inbox/{conversation.number}/commands").content.decode()
    for name in ("done", "assign-me", "ticket"):
        assert f'data-command="{name}"' in page
    for menu in ("assign", "snooze", "priority", "tags"):
        assert f'data-menu="{menu}"' in page
    assert 'data-command="follow"' in page
    assert 'value="reply"' in page
    for path in ("move", "forward", "spam"):
        assert f"/w/acme/inbox/{conversation.number}/{path}?" in page
    assert 'data-command="trash"' not in page
    assert "<b>Hello</b>" not in page
    client.post(f"/w/acme/inbox/{conversation.number}/status", {"status": "resolved"})
    page = client.get(f"/w/acme/inbox/{conversation.number}/commands").content.decode()
    assert 'value="open" data-command="done"' in page
    assert 'data-menu="snooze"' in page or "snooze" not in page


def test_commands_of_a_row_follow_mark_unread_and_trash(ben: Member, ada: Member) -> None:
    conversation = ConversationFactory(workspace=ben.membership.workspace)
    admin, url = ada.signed_in(), f"/w/acme/inbox/{conversation.number}"
    assert 'data-command="unread"' not in admin.get(f"{url}/commands").content.decode()
    admin.post(f"{url}/follow", {"follow": "on"})
    admin.post(f"{url}/read")
    page = admin.get(f"{url}/commands").content.decode()
    assert re.search(r'name="follow" value=""\s+data-command="follow"', page)
    assert 'data-command="unread"' in page
    assert f'action="{url}/trash' in page
    assert 'data-command="trash"' in page


def test_viewers_and_strangers_get_no_commands(ben: Member, vic: Member, cleo: Member) -> None:
    number = ConversationFactory(workspace=ben.membership.workspace).number
    assert vic.signed_in().get(f"/w/acme/inbox/{number}/commands").status_code == 403
    assert cleo.signed_in().get(f"/w/acme/inbox/{number}/commands").status_code == 404
