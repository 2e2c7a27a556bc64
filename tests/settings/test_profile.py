"""A person's own settings: profile, picture, language and time zone, notifications, and sessions."""

from __future__ import annotations

import inspect
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from allauth.usersessions.models import UserSession
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone, translation
from PIL import Image

from accounts import actions, clock, notices, pictures
from accounts.errors import Forbidden, Invalid
from accounts.models import Event, User, Workspace
from accounts.notices import QuietHours
from accounts.permissions import Actor
from accounts.tasks import forget_sessions
from conversations import actions as conversation_actions
from conversations.actions.entries import Door
from conversations.models import Channel
from conversations.screens import engine
from conversations.screens.formatting import face
from tests.conftest import Member
from tests.factories import PASSWORD, ConversationFactory
from tests.inbox.mails import by_mail, mailbox
from tests.settings.conftest import typed

pytestmark = pytest.mark.usefixtures("in_acme")
URL = "/w/acme/settings/profile"
FORM = 'id="profile"'


def image(width: int = 400, height: int = 300, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, kind, **options)
    return out.getvalue()


def upload(browser: Client, content: bytes) -> str:
    file = SimpleUploadedFile("me.png", content, content_type="image/png")
    return browser.post(f"{URL}/picture", {"picture": file}, follow=True).content.decode()


def now(member: Member) -> User:
    return User.objects.get(pk=member.user.pk)


# --- Profile -------------------------------------------------------------------------------------


def test_agent_changes_the_profile(ben: Member) -> None:
    browser = ben.signed_in()
    given = typed(browser.get(URL).content.decode(), FORM) | {
        "name": "Ben K.",
        "time_zone": "Asia/Tokyo",
        "language": "de",
        "signature": "Ben\r\n**Northwind**",
        "signs_replies": "on",
    }
    assert browser.post(URL, given)["Location"] == URL
    kept = now(ben)
    assert (kept.name, kept.time_zone, kept.language, kept.signature) == ("Ben K.", "Asia/Tokyo", "de", "Ben\n**Northwind**")  # fmt: skip
    event = Event.objects.filter(type="person.updated").latest("id")
    assert (event.workspace_id, event.data) == (None, {"fields": ["name", "time_zone", "language", "signature"]})
    before = Event.objects.count()
    browser.post(URL, typed(browser.get(URL).content.decode(), FORM))
    assert Event.objects.count() == before  # nothing changed


@pytest.mark.parametrize(
    ("field", "value"),
    [("time_zone", "Mars/Phobos"), ("language", "xx"), ("signature", "x" * 2001), ("name", "n" * 201)],
)
def test_what_cannot_be_kept_is_refused_and_stays_in_the_form(ben: Member, field: str, value: str) -> None:
    browser = ben.signed_in()
    answer = browser.post(URL, typed(browser.get(URL).content.decode(), FORM) | {field: value})
    assert answer.status_code == 422
    assert f'id="{field}-fault"' in answer.content.decode()
    assert getattr(now(ben), field) == getattr(ben.user, field)


def test_nul_bytes_are_refused(ben: Member) -> None:
    with pytest.raises(Invalid):
        actions.update_profile(user=ben.user, signature="a\x00b", by=Actor.person(ben.user), at=clock.now())


def test_nobody_changes_anothers_profile(ben: Member, ada: Member) -> None:
    with pytest.raises(Forbidden):
        actions.update_profile(user=ben.user, name="Mallory", by=Actor.person(ada.user), at=clock.now())
    with pytest.raises(Forbidden):
        actions.update_profile(user=ben.user, name="Mallory", by=ada.actor, at=clock.now())


def test_screens_are_in_the_persons_time_zone_and_language(ben: Member, acme: Workspace) -> None:
    actions.update_profile(
        user=ben.user, time_zone="Asia/Tokyo", language="de", by=Actor.person(ben.user), at=clock.now()
    )
    browser = signed_in(ben.user, FIREFOX)
    UserSession.objects.update(created_at=datetime(2026, 3, 1, 20, tzinfo=UTC))
    page = browser.get("/w/acme/settings/security").content.decode()
    assert '<html lang="de"' in page
    assert "angemeldet 2. M" in page
    assert timezone.get_current_timezone_name() == "UTC"  # and only for that page


# --- Picture -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_picture_is_cropped_encoded_anew_and_shown_to_colleagues(
    ben: Member, ada: Member, cleo: Member, kind: str
) -> None:
    assert "Picture saved." in upload(ben.signed_in(), image(kind=kind))
    kept = now(ben)
    address = f"/accounts/pictures/{kept.public_id}/{pictures.version(kept.picture)}"
    assert f'src="{address}"' in face(kept)
    shown = ada.signed_in().get(address)
    content = b"".join(shown.streaming_content)  # type: ignore[attr-defined]
    assert shown["Content-Type"] == "image/webp"
    assert Image.open(io.BytesIO(content)).size == (256, 256)
    assert cleo.signed_in().get(address).status_code == 404  # of another workspace
    assert Client().get(address).status_code == 302
    assert ada.signed_in().get(f"/accounts/pictures/{kept.public_id}/0123abcd").status_code == 404


def test_picture_keeps_nothing_but_what_is_seen(ben: Member) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif[0x0112] = 6  # on its side
    upload(ben.signed_in(), image(kind="JPEG", exif=exif))
    with default_storage.open(now(ben).picture) as file:
        assert b"taken at home" not in file.read()


def test_picture_is_replaced_and_removed_with_its_file(ben: Member, django_capture_on_commit_callbacks: Any) -> None:
    browser = ben.signed_in()
    upload(browser, image())
    first = now(ben).picture
    with django_capture_on_commit_callbacks(execute=True):
        upload(browser, image())
    second = now(ben).picture
    assert first != second
    assert not default_storage.exists(first)
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(f"{URL}/picture", {"remove": "1"})
    assert now(ben).picture == ""
    assert not default_storage.exists(second)
    assert "<img" not in face(now(ben))


@pytest.mark.parametrize(
    "content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n broken", b"MZ" * 500]
)
def test_what_is_no_picture_is_refused(ben: Member, content: bytes) -> None:
    page = upload(ben.signed_in(), content)
    assert "Picture saved." not in page
    assert now(ben).picture == ""


def test_huge_picture_is_refused_before_it_is_decoded() -> None:
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    with pytest.raises(Invalid, match="too many pixels"):
        pictures.encoded(out.getvalue())
    with pytest.raises(Invalid, match="10 MB"):
        pictures.encoded(b"x" * (pictures.MOST_BYTES + 1))


def test_face_of_a_row_without_the_column_reads_nothing(ben: Member, django_assert_num_queries: Any) -> None:
    row = User.objects.only("name").get(pk=ben.user.pk)
    with django_assert_num_queries(0):
        assert "BK" in face(row)


# --- Notifications -------------------------------------------------------------------------------


def test_notifications_are_chosen_in_a_matrix(ben: Member) -> None:
    browser, url = ben.signed_in(), "/w/acme/settings/notifications"
    page = browser.get(url).content.decode()
    given = typed(page, '<form class="settings"')
    assert "assigned-mail" in given
    assert "unassigned_new-mail" not in given
    given.pop("assigned-mail")
    given |= {
        "unassigned_new-page": "on",
        "sound": "on",
        "has_quiet_hours": "on",
        "quiet_from": "22:00",
        "quiet_to": "06:30",
    }
    browser.post(url, given | {"days": ["4", "5"]})
    user = now(ben)
    assert notices.ways(user, "assigned") == {"page", "browser"}
    assert notices.ways(user, "unassigned_new") == {"page"}
    assert notices.has_sound(user)
    assert notices.quiet_hours(user) == QuietHours(time(22), time(6, 30), (4, 5))
    assert Event.objects.filter(type="person.updated").latest("id").data == {"fields": ["notifications"]}
    browser.post(url, {key: value for key, value in given.items() if key != "has_quiet_hours"})
    assert notices.quiet_hours(now(ben)) is None


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"quiet_from": "25:00"}, "quiet_from-fault"),
        ({"quiet_from": "07:00", "quiet_to": "07:00"}, "quiet_to-fault"),
        ({"days": []}, "choose at least one day"),
        ({"days": ["9"]}, "Select a valid choice"),
    ],
)
def test_quiet_hours_that_make_no_sense_are_refused(ben: Member, change: dict[str, Any], fault: str) -> None:
    given = {"has_quiet_hours": "on", "quiet_from": "22:00", "quiet_to": "07:00", "days": ["1"]} | change
    answer = ben.signed_in().post("/w/acme/settings/notifications", given)
    assert answer.status_code == 422
    assert fault.lower() in answer.content.decode().lower()
    assert "notifications" not in now(ben).preferences


def test_other_preferences_stay(ben: Member) -> None:
    browser = ben.signed_in()
    browser.post("/w/acme/preferences", {"theme": "dark", "density": "compact"})
    browser.post("/w/acme/settings/notifications", {"assigned-page": "on"})
    kept = now(ben).preferences
    assert (kept["theme"], kept["density"]) == ("dark", "compact")
    assert kept["notifications"]["events"]["assigned"] == ["page"]


def in_berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("local", "end"),
    [
        ("2026-03-06 23:00", "2026-03-07 07:00"),  # a Friday night
        ("2026-03-07 06:59", "2026-03-07 07:00"),  # its other side
        ("2026-03-07 07:00", None),
        ("2026-03-05 23:00", None),  # a Thursday, which was not chosen
        ("2026-03-07 23:00", None),
        ("2026-03-06 21:59", None),
        ("2026-03-27 23:00", "2026-03-28 07:00"),
    ],
)
def test_quiet_hours_are_in_the_persons_time_zone(local: str, end: str | None) -> None:
    kept = notices.stored({}, QuietHours(time(22), time(7), (4,)), sound=False)
    user = User(time_zone="Europe/Berlin", preferences={"notifications": kept})
    found = notices.quiet_until(user, in_berlin(local).astimezone(UTC), ZoneInfo("Asia/Tokyo"))
    assert found == (in_berlin(end) if end else None)


# --- Sessions ------------------------------------------------------------------------------------


def signed_in(user: User, agent: str, address: str = "192.0.2.7") -> Client:
    browser = Client(REMOTE_ADDR=address, headers={"User-Agent": agent})
    assert browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code == 302
    return browser


FIREFOX = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 (KHTML, like Gecko) Version/18.0 Safari/604.1"


def test_sessions_are_listed_and_one_is_ended(ben: Member, ada: Member) -> None:
    desk, phone = signed_in(ben.user, FIREFOX), signed_in(ben.user, PHONE, "2001:db8::7")
    of_ada = signed_in(ada.user, FIREFOX)
    page = desk.get("/w/acme/settings/security").content.decode()
    assert "Firefox on macOS" in page
    assert "Safari on iPhone" in page
    assert "2001:db8::7" in page
    assert page.count("This session") == 1
    theirs = UserSession.objects.get(user=ada.user)
    desk.post("/w/acme/settings/security/sessions/end", {"session": theirs.pk})
    assert of_ada.get("/w/acme/inbox").status_code == 200
    other = UserSession.objects.get(user=ben.user, ip="2001:db8::7")
    for _ in range(2):  # the second time there is nothing to end
        desk.post("/w/acme/settings/security/sessions/end", {"session": other.pk})
    assert phone.get("/w/acme/inbox").status_code == 302
    assert desk.get("/w/acme/inbox").status_code == 200
    event = Event.objects.filter(type="person.sessions_ended").get()
    assert event.data == {"session_count": 1}


def test_all_other_sessions_end_also_those_that_no_page_was_opened_in(ben: Member) -> None:
    desk, unknown = signed_in(ben.user, FIREFOX), ben.signed_in()
    assert unknown.get("/w/acme/inbox").status_code == 200
    page = desk.post("/w/acme/settings/security/sessions/end", {"others": "1"}, follow=True).content.decode()
    assert "1 session ended." in page
    assert unknown.get("/w/acme/inbox").status_code == 302
    assert desk.get("/w/acme/inbox").status_code == 200


def test_list_asks_the_same_for_one_session_and_twenty(ben: Member) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    desk = signed_in(ben.user, FIREFOX)
    desk.get("/w/acme/settings/security")

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            desk.get("/w/acme/settings/security")
        return len(queries)

    before = asked()
    for _ in range(19):
        signed_in(ben.user, PHONE)
    assert asked() == before


def test_session_is_noted_again_after_a_while(ben: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    from accounts.web import seen

    desk = signed_in(ben.user, FIREFOX)
    long_ago = clock.now() - timedelta(days=1)
    UserSession.objects.update(last_seen_at=long_ago)
    desk.get("/w/acme/inbox")
    assert UserSession.objects.get().last_seen_at == long_ago
    monkeypatch.setattr(seen, "EVERY", 0.0)
    desk.get("/w/acme/inbox")
    assert UserSession.objects.get().last_seen_at > long_ago


def test_sessions_that_are_over_are_forgotten(ben: Member) -> None:
    desk = signed_in(ben.user, FIREFOX)
    UserSession.objects.create(user=ben.user, session_key="gone", ip="192.0.2.1", user_agent=PHONE)
    forget_sessions(0)
    assert UserSession.objects.get().user_agent == FIREFOX
    assert desk.get("/w/acme/inbox").status_code == 200


# --- Signature -----------------------------------------------------------------------------------


def test_composer_of_a_mail_shows_the_signature_before_it_is_sent(acme: Workspace, ben: Member) -> None:
    conversation = by_mail(mailbox(acme))
    url = f"/w/acme/inbox/{conversation.number}"
    assert "composer__signature" not in ben.signed_in().get(url).content.decode()
    sign = {"user": ben.user, "by": Actor.person(ben.user), "at": clock.now()}
    actions.update_profile(signature="**Ben**\n<script>alert(1)</script>", **sign)
    page = ben.signed_in().get(url).content.decode()
    assert "<strong>Ben</strong>" in page
    assert "<script>alert(1)" not in page
    actions.update_profile(signs_replies=False, **sign)
    assert "composer__signature" not in ben.signed_in().get(url).content.decode()


def test_composer_of_a_chat_shows_none(acme: Workspace, ben: Member) -> None:
    User.objects.filter(pk=ben.user.pk).update(signature="Ben")
    chat = ConversationFactory(workspace=acme, door=Door(Channel.CHAT, "widget"))
    assert "composer__signature" not in ben.signed_in().get(f"/w/acme/inbox/{chat.number}").content.decode()


def test_pages_have_the_direction_of_their_language() -> None:
    with translation.override("ar"):
        assert engine.direction() == "rtl"
        assert 'dir="rtl"' in render_to_string("404.html")
    with translation.override("de"):
        assert engine.direction() == "ltr"
        assert 'dir="ltr"' in render_to_string("404.html")


def test_picture_is_seen_wherever_its_owner_is(ben: Member, acme: Workspace) -> None:
    browser = ben.signed_in()
    row = ConversationFactory(workspace=acme)
    conversation_actions.assign(conversation=row, to=ben.user, by=ben.actor, at=clock.now())
    profile = upload(browser, image())
    kept = now(ben)
    address = f'src="/accounts/pictures/{kept.public_id}/{pictures.version(kept.picture)}"'
    assert profile.count(address) >= 2  # beside the form, and in the rail
    page = browser.get(f"/w/acme/inbox/{row.number}?view=open").content.decode()
    assert address in page.split('id="row-')[1].split("</a>")[0]
    assert address in page.split('id="summary-assign"')[1].split("</summary>")[0]


def test_forms_with_files_may_be_as_large_as_an_upload() -> None:
    """A screen that reads files and is not marked would refuse all that are larger than a form without."""

    def views(patterns: Iterable[Any]) -> Iterator[Any]:
        for one in patterns:
            yield from views(one.url_patterns) if hasattr(one, "url_patterns") else [one.callback]

    read = {view for view in views(get_resolver().url_patterns) if "conversations.screens" in view.__module__}
    reads_files = [view for view in read if "request.FILES" in inspect.getsource(inspect.unwrap(view))]
    assert len(reads_files) > 3
    assert [view.__name__ for view in reads_files if not getattr(view, "takes_files", False)] == []
