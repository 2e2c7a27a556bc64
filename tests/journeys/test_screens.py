"""Every screen at a desk's and a phone's width, light and dark: axe finds nothing, and nothing scrolls sideways.

The names, subjects, files and tags in it are as long as the desk takes them, without a space to break at, or written from
right to left.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts import actions as account_actions
from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor, Role
from conversations import actions
from conversations.actions.entries import Door
from conversations.bulk import actions as bulk_actions
from conversations.channels.discord import links as discord_links
from conversations.channels.email import actions as mailbox_actions
from conversations.chat import actions as chat_actions
from conversations.forms import actions as form_actions
from conversations.forms import tokens
from conversations.models import (
    Channel,
    Conversation,
    DiscordBot,
    DiscordLink,
    DiscordMember,
    DiscordThread,
    Inbound,
    InboundMail,
)
from conversations.queries import lookalikes
from tests.conftest import Member, member
from tests.dialects.node import program
from tests.factories import (
    ArticleFactory,
    ContactFactory,
    ConversationFactory,
    MacroFactory,
    MailboxFactory,
    TicketFactory,
    receive,
    reply,
)
from tests.inbox.mails import inbound
from tests.journeys.conftest import Window
from tickets import actions as ticket_actions
from tickets.models import Tag

if TYPE_CHECKING:
    from playwright.sync_api import Page

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = playwright.expect
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LONG = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
ARABIC = "مكتبالمساعدةالفنيةللعملاءالكرام" * 5
CONDITIONS = json.dumps(
    {
        "all": [
            {"field": "tag", "in": [LONG[:100], ARABIC[:60]]},
            {"field": "assignee", "in": ["me", 999_999]},
            {"any": [{"field": "subject", "in": [LONG, "b"]}, {"field": "waiting", "older_than": "2h"}]},
            {"field": "created", "after": "2026-03-01"},
            {"field": "deadline", "before": "now"},
            {"field": "unread", "is": True},
        ]
    }
)
WIDTHS = {1440: 900, 768: 1024, 720: 450, 390: 844}  # 720: a desk's screen, magnified to 200 %
LOOKED_AT_BY_AXE = {1440: ("light", "dark"), 390: ("light",)}
"""In which themes: a colour is the same at every width."""
COLOURS = ["color-contrast", "link-in-text-block"]

SIDEWAYS = r"""
() => {
  const found = [];
  const wide = document.scrollingElement;
  if (wide.scrollWidth > innerWidth) found.push(`the page is ${wide.scrollWidth} wide`);
  const name = (e) => `${e.tagName.toLowerCase()}#${e.id}.${e.className.baseVal ?? e.className} «${(e.getAttribute('aria-label') ?? e.textContent ?? '').trim().slice(0, 30)}»`;
  for (const e of document.querySelectorAll('body *')) {
    const style = getComputedStyle(e);
    if (!e.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const scrolls = /auto|scroll/.test(style.overflowX) && e.scrollWidth > e.clientWidth + 1;
    if (scrolls && !e.matches('pre, .views__bar, .board, .table, .panel__scroll, textarea')) found.push(`${name(e)} scrolls sideways`);
    if (!e.matches('button, summary, .btn, .icon-btn, input:not([type=hidden]), select, textarea, a')) continue;
    if (e.closest('.views__bar, .board, .bubble, .table, pre, .skip, .sr') || e.matches('.skip, .sr, .attach input')) continue;
    const box = e.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    let [left, right] = [0, innerWidth];
    for (let up = e.parentElement; up; up = up.parentElement) {
      if (getComputedStyle(up).overflowX === 'visible') continue;
      const outer = up.getBoundingClientRect();
      [left, right] = [Math.max(left, outer.left), Math.min(right, outer.right)];
    }
    if (box.left < left - 1 || box.right > right + 1) found.push(`${name(e)} is cut off: ${Math.round(box.left)}–${Math.round(box.right)} of ${Math.round(left)}–${Math.round(right)}`);
  }
  return found;
}
"""
# Colours that are on their way to others are no colours of ours.
THEME = """theme => {
  document.documentElement.dataset.theme = theme;
  document.body.getBoundingClientRect();
  for (const one of document.getAnimations()) one.effect.getComputedTiming().iterations === Infinity || one.finish();
}"""
# What many screens have in common: the frame, and what comes in rows. Such a part is looked at once at each width and in each
# theme; where it is there again with the same markup in the same place, but for numbers and tokens, it is left out.
PARTS = ".rail, .row, .message, .side > section, .composer, #help"
AXE = r"""
async ([colours, isWide, isDark, parts, known]) => {
  const options = isDark ? { runOnly: colours } : isWide ? {} : { rules: Object.fromEntries(colours.map((one) => [one, { enabled: false }])) };
  const plain = (part) => part.outerHTML
    .replace(/ (?!class|style)([\w-]+)="[^"]*(?:\d|\w{32})[^"]*"/g, ' $1')
    .replace(/\d+(?=[^<>]*<)/g, '0');
  const place = (part) => part && `${part.tagName}#${part.id}.${part.className} ${place(part.parentElement)}`;
  const sum = (text) => [...text].reduce((sum, letter) => (Math.imul(31, sum) + letter.charCodeAt(0)) | 0, text.length);
  const looked = new Set(known);
  const again = [...document.querySelectorAll(parts)].filter((part) => {
    if (!part.checkVisibility()) return false;
    const key = sum(plain(part) + place(part.parentElement));
    return looked.has(key) || !looked.add(key);
  });
  const found = await axe.run({ exclude: again }, { resultTypes: ['violations'], ...options });
  const faults = found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(' ')} ${node.failureSummary.split('\n')[1]?.trim()}`));
  return [faults, [...looked]];
}
"""


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script that looks for barriers."""
    folder = program(Path(__file__).parent / "axe", tmp_path_factory.mktemp("axe"))
    return (folder / "node_modules/axe-core/axe.min.js").read_text()


@dataclass
class Screen:
    """What to look at: a path, who looks, and what they do before."""

    name: str
    path: str
    who: str = "ben"
    do: Callable[[Page], object] = lambda page: None


def click(*selectors: str) -> Callable[[Page], None]:
    """Click one after the other, where the screen shows it."""

    def do(page: Page) -> None:
        for selector in selectors:
            page.locator(selector).first.click()

    return do


def drafted(page: Page) -> None:
    page.locator(".suggest").click()
    expect(page.locator("#draft")).to_contain_text("Suggested")


def picked(page: Page, typed: str) -> None:
    page.locator("#reply-body").click()
    page.keyboard.type(typed)
    expect(page.locator("#pick [role=option]").first).to_be_visible()


def opened_mails(page: Page) -> None:
    page.evaluate("for (const one of document.querySelectorAll('.log details')) one.open = true")


def new_recipient(page: Page) -> None:
    page.locator("[data-recipients] summary").click()
    page.locator("#reply-cc").fill(f"{'n' * 60}@{'d' * 60}.example")
    page.locator("#reply-bcc").focus()
    expect(page.locator(".recipients__new")).to_be_visible()


def merging(page: Page) -> None:
    selected(page)
    page.locator("#bulk").get_by_label("More", exact=True).click()
    page.get_by_role("button", name="Merge …").click()
    expect(page.get_by_role("dialog", name="Merge")).to_be_visible()


def selected(page: Page) -> None:
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    expect(page.locator(".bulk__count")).to_be_visible()


def previewed(page: Page) -> None:
    page.locator(".composer__form--reply .macros > summary").click()
    page.locator(".macros__item[data-preview]").first.click()
    expect(page.locator(".preview")).to_be_visible()


def help_(page: Page) -> None:
    page.evaluate("document.getElementById('help').showModal()")


def fill(workspace: Workspace, ben: Member) -> dict[str, Any]:
    """A workspace full of what is too long."""
    by, at = ben.actor, clock.now()
    made: dict[str, Any] = {}
    with tenancy.scope(workspace):
        made["member"] = ben.membership.pk
        made["team"] = account_actions.save_team(
            workspace=workspace, name=LONG[:100], members=[ben.user], by=Actor.system(workspace.pk), at=at
        )
        for name, asked in (
            (LONG, {"field": "subject", "contains": LONG}),
            (ARABIC, {"field": "tag", "is": ARABIC[:60]}),
        ):
            view = actions.create_view(
                workspace=workspace, name=name, subject="conversation", condition=asked, by=by, at=at
            )
            actions.favorite_view(view=view, favorite=True, by=by, at=at)
        made["article"] = ArticleFactory(
            workspace=workspace,
            title=f"{LONG} gates",
            body=f"Oil the hinge. {LONG}\n\n- one\n- two\n\n```\n{LONG * 3}\n```",
        )
        made["draft"] = ArticleFactory(workspace=workspace, title=ARABIC, published=False)
        made["macro"] = MacroFactory(
            workspace=workspace, name=LONG[:100], body=f"Hello {{{{ contact.first_name }}}}, {LONG}"
        )
        long = ContactFactory(
            workspace=workspace, external_id=LONG * 2, name=LONG, email=f"{'w' * 60}@{'d' * 60}.{'e' * 60}.example"
        )
        arabic = ContactFactory(workspace=workspace, name=ARABIC)
        made["customer"], made["arabic"] = long, arabic
        for subject, kind in (("contact", "text"), ("contact", "choice"), ("conversation", "url"), ("ticket", "date")):
            ticket_actions.create_attribute(
                workspace=workspace, subject=subject, name=f"{kind} {LONG}"[:100], kind=kind, choices=[LONG[:100], ARABIC[:90]],
                by=Actor.system(workspace.pk), at=at,
            )  # fmt: skip
        made["company"] = company = actions.create_company(
            workspace=workspace, name=LONG * 2, domains=["example.com"], notes=f"{LONG}\n{ARABIC}", by=by, at=at
        )
        actions.set_company(contact=long, company=company, by=by, at=at)
        actions.set_company(contact=arabic, company=company, by=by, at=at)
        actions.add_address(contact=long, kind="email", value=f"{'o' * 60}@{'d' * 60}.example", by=by, at=at)
        actions.add_contact_note(contact=long, body=f"{LONG} {ARABIC}", by=by, at=at)
        actions.add_id(contact=long, value=f"other {LONG}", by=by, at=at)
        actions.mark_distinct(contact=long, other=arabic, by=by, at=at)
        twin = ContactFactory(workspace=workspace, name=LONG)
        actions.set_company(contact=twin, company=company, by=by, at=at)
        lookalikes.compare()
        made["recorded"] = actions.record_conversation(
            workspace=workspace, name=LONG, subject=LONG, body=ARABIC, public_id=uuid4(), by=by, at=at
        )
        first = ConversationFactory(
            workspace=workspace,
            contact=long,
            subject="Our gate sticks at the hinge " + LONG,
            body=f"It sticks. {LONG}\n\n```\n{LONG * 3}\n```",
        )
        actions.set_tags(conversation=first, names=[LONG[:100], ARABIC[:100], "vip", "billing"], by=by, at=at)
        made["tag"] = Tag.objects.get(name=LONG[:100]).pk
        actions.set_priority(conversation=first, priority="urgent", by=by, at=at)
        upload = SimpleUploadedFile(f"{LONG[:150]}.pdf", b"%PDF-1.4", content_type="application/pdf")
        actions.note(conversation=first, body=f"{ARABIC} {LONG}", uploads=[upload], by=by, at=at)
        reply(first, f"See {LONG}", by=by)
        receive(first, "And now?")
        made["ticket"] = ticket = actions.escalate(conversation=first, reason=LONG, by=by, at=at)
        ticket_actions.set_tags(ticket=ticket, names=[LONG[:100], ARABIC[:100]], by=by, at=at)
        ticket_actions.update(ticket=ticket, sla_due_at=at - timedelta(days=1), by=by, at=at)
        for text in (LONG, f"- {ARABIC}\n- **{LONG}**"):
            ticket_actions.add_note(ticket=ticket, body=text, by=by, at=at)
        for status in ("open", "on_hold", "resolved"):
            TicketFactory(
                workspace=workspace, subject=ARABIC if status == "open" else LONG, status=status, assignee=ben.user
            )
        made["broadcast"] = actions.broadcast_later(ticket=ticket, bodies={first.pk: LONG}, by=by, at=at)[0].pk
        for number in range(32):
            ConversationFactory(workspace=workspace, contact=arabic, subject=f"Another {number}", body="Hello")
        second = ConversationFactory(workspace=workspace, contact=arabic, subject=ARABIC, body=ARABIC)
        actions.assign(conversation=second, to=ben.user, by=by, at=at)
        closed = ConversationFactory(workspace=workspace, contact=long)
        actions.set_status(conversation=closed, status="closed", by=by, at=at)
        receive(closed, "One more thing")
        snoozed = ConversationFactory(workspace=workspace, contact=arabic)
        actions.snooze(conversation=snoozed, until=at + timedelta(days=2), by=by, at=at)
        made["mailbox"] = mailbox = MailboxFactory(workspace=workspace, address=f"{'w' * 60}@{'d' * 60}.example")
        made["webhook"] = MailboxFactory(workspace=workspace, inbound=Inbound.INGRESS)
        made["discord"] = posted = ConversationFactory(
            workspace=workspace, subject=LONG, door=Door(Channel.DISCORD, "discord")
        )
        general = {"id": "2", "name": "g" * 100, "type": 0, "tags": []}
        DiscordBot.objects.create(
            user_id=1, guild_id=1, name=LONG[:100], guild_name=ARABIC[:100], channels=[general], private_channel=general,
            state="disconnected", failure="Discord does not accept the bot's token any more. Enter a new one.",
        )  # fmt: skip
        DiscordThread.objects.create(discord_id=1, parent_id=2, name=LONG[:400], conversation=posted)
        member = DiscordMember.objects.create(discord_id=1, name=ARABIC[:400], contact=posted.contact)
        made["discord link"] = DiscordLink.objects.create(member=member, expires_at=at + timedelta(hours=1))
        act: dict[str, Any] = {"by": Actor.system(workspace.pk), "at": at}
        mailbox_actions.update_mailbox(mailbox=mailbox, name=LONG, signature=f"{LONG} {ARABIC}", **act)
        mailbox_actions.mark_disconnected(mailbox=mailbox, reason="The server refused the password.", **act)
        mailbox_actions.request_backfill(mailbox=mailbox, days=30, **act)
        mailbox_actions.block_sender(workspace=workspace, pattern=f"@{'b' * 60}.example", **act)
        mailbox_actions.suppress(workspace=workspace, address=f"{'s' * 60}@example.com", reason=LONG, **act)
        for uid, state, subject in ((7, "quarantined", LONG), (8, "ignored", ARABIC)):
            InboundMail.objects.create(
                mailbox=mailbox, source="imap", raw="none", size=9_000, digest="0" * 64, state=state, code="loop", uid=uid,
                reason=LONG, subject=subject, from_address=f"{'f' * 60}@example.com", uid_validity=1, conversation=first,
            )  # fmt: skip
        made["mailed"] = mailed = ConversationFactory(
            workspace=workspace, contact=arabic, subject=LONG, body=f"{LONG} {ARABIC}", door=Door(Channel.EMAIL, "email"),
            mailbox=made["webhook"], cc=[f"{'c' * 60}@{'d' * 60}.example", "bob@example.com"],
        )  # fmt: skip
        row = inbound(
            mailed,
            written=f'<h1>{LONG}</h1><table width="2000"><tr><td>{ARABIC}</td></tr></table><img src="https://t.example/a.png">',
            cc=[[LONG, "bob@example.com"], [ARABIC, f"{'c' * 60}@{'d' * 60}.example"]],
            invitation={"summary": LONG, "location": ARABIC, "organizer": [LONG, "bob@example.com"], "start": "2026-12-01"},
            problems=[f"{LONG} was cut."], is_verified=False, is_stranger=True, from_name=LONG,
        )  # fmt: skip
        made["mail"] = row.message_id
        inbound(
            mailed, LONG, quoted=f"> {LONG}", signature=ARABIC, uid=1, uid_validity=1,
            files=[{"content": b"%PDF-1.4", "name": f"{LONG[:150]}.pdf"}],
        )  # fmt: skip
        actions.save_draft(conversation=mailed, kind="reply", body="Not yet", by=by, at=at)
        actions.attach_to_draft(conversation=mailed, kind="reply", upload=upload, public_id=uuid4(), by=by, at=at)
        actions.set_cc(conversation=mailed, cc=[f"{'c' * 60}@{'d' * 60}.example"], by=by, at=at)
        reply(mailed, f"See {LONG}", by=by)
        calls = [
            ConversationFactory(
                workspace=workspace,
                contact=one,
                door=Door(Channel.CALLBACK, "bancroft"),
                metadata={"phone": phone, "preferred_time": LONG, "answers": {LONG: ARABIC, ARABIC: LONG}},
            )
            for one, phone in ((long, "+442079460000"), (arabic, LONG))
        ]
        actions.mark_called(request=calls[1].callbacks.get(), by=by, at=at)
        made["call"] = calls[0]
        for kind in ("contact", "callback"):
            made[f"{kind} form"] = form_actions.create_form(
                workspace=workspace, kind=kind, name=LONG[:100], title=LONG, intro=f"{LONG} {ARABIC}", consent=LONG,
                questions=[{"text": LONG, "kind": "choice", "choices": [LONG, ARABIC]}, {"text": ARABIC, "kind": "checkbox"}],
                allowed_origins=[f"https://{'o' * 60}.example"], language="ar" if kind == "callback" else "de", **act,
            )  # fmt: skip
        made["widget"] = chat_actions.create_widget(
            workspace=workspace, name=LONG[:100], title=LONG[:100], greeting=f"{LONG} {ARABIC}", launcher_text=ARABIC[:60],
            allowed_origins=[f"https://{'o' * 60}.example"], woes_key=True, posthog_token=True, **act,
        )  # fmt: skip
        week = {day: [[f"{hour:02}:00", f"{hour:02}:45"] for hour in range(2, 14)] for day in ("mon", "sat")}
        ticket_actions.set_hours(
            workspace=workspace, hours={"time_zone": "America/Argentina/ComodRivadavia", "weekly": week}, **act
        )
        outgoing = ConversationFactory(workspace=workspace, contact=long, door=Door(Channel.EMAIL, "email"))
        failed = reply(outgoing, f"See {LONG}", by=by).delivery
        actions.mark_failed(delivery=failed, code="address", reason=f"{LONG} does not exist.", by=by, at=at)
        for text, later in ((LONG, 3), (ARABIC, 3), (LONG, 4), (LONG, 0)):
            later_at = at + timedelta(days=later, minutes=1)
            upload = SimpleUploadedFile(f"{LONG[:150]}.pdf", b"%PDF-1.4")
            written = actions.schedule(
                conversation=outgoing, body=text, send_after=later_at, uploads=[upload], then="resolved", by=by, at=at
            )
            if text == ARABIC:
                actions.hold(delivery=written, by=by, at=at)
            if later == 4:
                actions.mark_failed(delivery=written, code="writer_removed", reason=LONG, by=by, at=at)
        binned = ConversationFactory(workspace=workspace, contact=arabic, subject=LONG, body=f"{LONG} {ARABIC}")
        reply(binned, LONG, by=by, uploads=[SimpleUploadedFile(f"{LONG[:150]}.pdf", b"%PDF-1.4")])
        made["message"] = outgoing.last_message_id
        made["written note"] = actions.note(conversation=outgoing, body=f"{LONG} #{first.number}", by=by, at=at).pk
        actions.trash(conversation=binned, by=Actor.system(workspace.pk), at=at)
        for name in ("first", "second", "closed", "snoozed", "outgoing", "binned"):
            made[name] = locals()[name]
        effects = [{"do": "add_tags", "tags": [LONG[:100], ARABIC[:100]]}, {"do": "status", "status": "pending"}]
        chosen = list(Conversation.objects.order_by("pk").values_list("pk", flat=True)[:4])
        made["bulk job"] = bulk_actions.start_job(
            workspace=workspace, effects=effects, conversations=chosen, by=by, at=at
        )
        made["macro with actions"] = MacroFactory(workspace=workspace, name=LONG[1:100], effects=effects)
    return made


def screens(made: dict[str, Any]) -> Iterator[Screen]:
    """All of them."""
    for name, path in (("sign in", "/accounts/login/"), ("forgotten password", "/accounts/password/reset/"), ("check your email", "/accounts/password/reset/done/"), ("stale reset link", "/accounts/password/reset/key/1-set-password/"), ("invitation that is gone", "/accounts/invitations/gone/"), ("inactive", "/accounts/inactive/"), ("no sign-up", "/accounts/signup/")):  # fmt: skip
        yield Screen(name, path, who="")
    yield Screen("sign in refused", "/accounts/login/", who="", do=lambda page: (page.get_by_label("Email").fill("nobody@example.com"), page.get_by_label("Password").fill("x"), page.get_by_role("button", name="Sign in").click()))  # fmt: skip
    inbox, knowledge = "/w/acme/inbox", "/w/acme/knowledge"
    thread = f"{inbox}/{made['first'].number}"
    yield Screen("choose a workspace", "/?choose")
    yield Screen("no workspace", "/?choose", who="nobody")
    yield Screen("change password", "/accounts/password/change/")
    yield Screen("sign out", "/accounts/logout/")
    yield Screen("not found", "/w/acme/inbox/999999")
    yield Screen("refused", f"{knowledge}/articles/new", who="vic")
    yield Screen("new desk", "/w/empty/inbox", who="ada")
    for view in ("unassigned", "mine", "open", "teams", "mentions", "waiting", "snoozed", "callbacks", "news", "failed", "assistant", "solved"):  # fmt: skip
        yield Screen(f"view {view}", f"{inbox}?view={view}")
    yield Screen("search without results", f"{inbox}?q=no{LONG}")
    yield Screen("search that marks what it found", f"{inbox}?view=open&q=a+is:open&tag={LONG[:100]}&assignee=me")
    yield Screen("suggestions of the search", inbox, do=lambda page: (page.locator("#search").focus(), page.locator("#suggestions [role=option]").first.wait_for()))  # fmt: skip
    yield Screen("filters in the list", inbox, do=lambda page: (page.locator("#menu-filters > summary").click(), page.locator("#menu-filters .filters").wait_for()))  # fmt: skip
    yield Screen("saved views in the list", inbox, do=click("#menu-saved > summary"))
    yield Screen("filters", f"{inbox}/filters?view=open&tag=x")
    yield Screen("saved views", "/w/acme/settings/views")
    yield Screen("new saved view", f"/w/acme/settings/views/new?view=open&tag={LONG[:100]}&q={ARABIC[:60]}", do=click(".disclosed > summary"))  # fmt: skip
    yield Screen("conditions of a view", f"/w/acme/settings/views/new?filter={quote(CONDITIONS)}", do=click("#c > .cond__tools > [value='add:c']"))  # fmt: skip
    yield Screen("no saved views", "/w/empty/settings/views", who="ada")
    one, other = (f"/w/acme/customers/{made[name].public_id}" for name in ("customer", "arabic"))
    yield Screen("customers", "/w/acme/customers")
    yield Screen("customers filtered", f"/w/acme/customers?company={made['company'].public_id}&q=Donau")
    yield Screen("no customers", f"/w/acme/customers?q={LONG}nobody")
    yield Screen("customer", one, who="ada")
    yield Screen("customer of a viewer", one, who="vic")
    yield Screen("customer from right to left", other)
    yield Screen("customer who is given the ID of another", other, do=lambda page: (page.locator("#add-address select").select_option("id"), page.locator("#add-address input[name=value]").fill(LONG * 2), page.locator("#add-address .btn").click(), page.locator("#address-fault").wait_for()))  # fmt: skip
    yield Screen("edit customer", f"{one}/edit")
    yield Screen("new customer", "/w/acme/customers/new")
    yield Screen("merge customers", f"{one}/merge?with={made['arabic'].public_id}")
    yield Screen("find a customer to merge", f"{one}/merge?q=Donau")
    yield Screen("erase customer", f"{one}/erase", who="ada")
    yield Screen("possible duplicates", "/w/acme/customers/duplicates")
    yield Screen("companies", "/w/acme/companies")
    yield Screen("company", f"/w/acme/companies/{made['company'].public_id}")
    yield Screen("edit company", f"/w/acme/companies/{made['company'].public_id}/edit")
    tickets = "/w/acme/tickets"
    its = f"{tickets}/{made['ticket'].number}"
    yield Screen("tickets", f"{tickets}?status=all")
    yield Screen("tickets filtered", f"{tickets}?tag={LONG[:100]}&owner=me&priority=high")
    yield Screen("filters of tickets", tickets, do=lambda page: (page.locator("#menu-filters > summary").click(), page.locator("#menu-filters .filters").wait_for()))  # fmt: skip
    yield Screen("filters of tickets as a page", f"{tickets}/filters?tag={ARABIC[:60]}")
    yield Screen("no tickets", "/w/empty/tickets", who="ada")
    yield Screen("board of tickets", f"{tickets}/board")
    yield Screen("ticket", its)
    yield Screen("ticket of a viewer", its, who="vic")
    yield Screen("new ticket", f"{tickets}/new?conversation=1")
    yield Screen("reply to all of a ticket", f"{its}/broadcast")
    yield Screen("preview of a reply to all of a ticket", f"{its}/broadcast", do=lambda page: (page.locator("#body").fill(LONG), page.locator("[value=preview]").click(), page.locator(".broadcast__text").first.wait_for()))  # fmt: skip
    yield Screen("result of a reply to all of a ticket", f"{its}/broadcast/{made['broadcast']}")
    yield Screen("ticket to link", f"{inbox}/{made['second'].number}/link-ticket")
    yield Screen("ticket beside the thread", thread, do=lambda page: page.locator("#summary-ticket-owner").click() if page.locator("#summary-ticket-owner").is_visible() else None)  # fmt: skip
    yield Screen("custom attributes", "/w/acme/settings/attributes", who="ada")
    yield Screen("more views", inbox, do=click("#menu-views > summary"))
    yield Screen("orders and density", f"{inbox}?view=open", do=click("#menu-sort > summary"))
    yield Screen("compact list", f"{inbox}?view=open", do=lambda page: page.locator("#rows").evaluate("rows => rows.classList.add('rows--compact')"))  # fmt: skip
    yield Screen("list by deadline", f"{inbox}?view=open&sort=deadline")
    yield Screen("workspaces menu", inbox, do=click("#menu-workspace > summary"))
    yield Screen("own menu", inbox, do=click("#menu-me > summary"))
    yield Screen("help", inbox, do=help_)
    yield Screen("thread", f"{thread}?view=open")
    yield Screen("thread of a viewer", f"{thread}?view=open", who="vic")
    yield Screen("thread from right to left", f"{inbox}/{made['second'].number}?view=mine")
    yield Screen("closed thread", f"{inbox}/{made['closed'].number}?view=news")
    yield Screen("snoozed thread", f"{inbox}/{made['snoozed'].number}?view=snoozed")
    for menu in ("status", "assign", "snooze", "more"):
        yield Screen(f"{menu} menu", thread, do=click(f"#menu-{menu} > summary"))
    yield Screen("macros", thread, do=click(".composer__form--reply .macros > summary"))
    yield Screen("note", thread, do=click(".composer__tab--note"))
    yield Screen("suggestion", thread, do=drafted)
    yield Screen("drafts of a colleague", f"{inbox}/{made['second'].number}", do=lambda page: page.evaluate("for (const one of document.querySelectorAll('.colleague')) one.open = true"))  # fmt: skip
    yield Screen("macros while typing", thread, do=lambda page: picked(page, "/"))
    yield Screen("conversations while typing", thread, do=lambda page: picked(page, "See #"))
    yield Screen("preview", thread, do=lambda page: (page.locator("#reply-body").fill(LONG), page.locator("[data-format=preview]").first.click(), page.locator(".composer__preview p").wait_for()))  # fmt: skip
    outgoing = f"{inbox}/{made['outgoing'].number}?view=failed"
    yield Screen("replies that were not sent", outgoing)
    yield Screen("replies that were not sent, for a viewer", outgoing, who="vic")
    yield Screen("reply in review", outgoing, do=click(".review > summary"))
    yield Screen("send later", outgoing, do=click("#menu-later > summary"))
    yield Screen("details", f"{thread}#side")
    yield Screen("tags", f"{thread}#side", do=click("#menu-tags > summary"))
    yield Screen("refused reply", thread, do=lambda page: (page.locator("#reply-body").fill(" "), page.locator(".composer__form--reply .btn--main:not(.draft *)").first.click()))  # fmt: skip
    changed, bin_ = f"{inbox}/{made['outgoing'].number}", f"{inbox}/trash"
    yield Screen("forwarding", f"{changed}/forward")
    yield Screen("message to be redacted", f"{changed}/messages/{made['message']}/change", who="ada")
    yield Screen("note of one's own", f"{changed}/messages/{made['written note']}/change")
    for name, path in (
        ("trash", bin_),
        ("conversation in the trash", f"{bin_}/{made['binned'].number}"),
        ("deleting for good", f"{bin_}/{made['binned'].number}?delete"),
    ):
        yield Screen(name, path, who="ada")
    mailed = f"{inbox}/{made['mailed'].number}"
    first_mail = f"#message-{made['mail']}"
    yield Screen("mails", f"{mailed}?view=open{first_mail}", do=opened_mails)
    yield Screen("mails as plain text", f"{mailed}?view=open", do=click(f"{first_mail} label:has([value=plain])"))
    yield Screen("recipients", f"{mailed}?view=open", do=click("[data-recipients] summary"))
    yield Screen("new recipient", f"{mailed}?view=open", do=new_recipient)
    yield Screen("new conversation", f"{inbox}/new?view=open")
    yield Screen("recording a call", f"{inbox}/new?begin=manual")
    yield Screen("own drafts", f"{inbox}/drafts")
    yield Screen("refused new conversation", f"{inbox}/new?to={LONG}", do=lambda page: (page.locator("#new-subject").fill("x"), page.locator("[data-send-new]").click(), page.get_by_role("alert").wait_for()))  # fmt: skip
    article, macro = made["article"].public_id, made["macro"].public_id
    doing = made["macro with actions"].public_id
    yield Screen("selection", f"{inbox}?view=open", do=selected)
    yield Screen("conversation of a customer without an address", f"{inbox}/{made['recorded'].number}")
    yield Screen("merging a selection", f"{inbox}?view=open", do=merging)
    yield Screen(
        "tags of a selection", f"{inbox}?view=open", do=lambda page: (selected(page), page.keyboard.press("l"))
    )
    yield Screen("macro before it is applied", thread, do=previewed)
    for name, path in (
        ("bulk changes", f"{inbox}/bulk"),
        ("bulk change", f"{inbox}/bulk/{made['bulk job'].public_id}"),
        ("choose conversations", f"{inbox}/bulk/choose?view=open"),
        ("no bulk changes", "/w/empty/inbox/bulk"),
        ("macro with actions", f"{knowledge}/macros/{doing}"),
        ("macro with actions in writing", f"{knowledge}/macros/{doing}/edit"),
        ("articles", knowledge),
        ("drafts", f"{knowledge}?view=drafts"),
        ("article", f"{knowledge}/articles/{article}"),
        ("draft article", f"{knowledge}/articles/{made['draft'].public_id}"),
        ("article in writing", f"{knowledge}/articles/{article}/edit"),
        ("new article", f"{knowledge}/articles/new"),
        ("article to delete", f"{knowledge}/articles/{article}/delete"),
        ("macros page", f"{knowledge}/macros"),
        ("macro", f"{knowledge}/macros/{macro}"),
        ("macro in writing", f"{knowledge}/macros/{macro}/edit"),
        ("new macro", f"{knowledge}/macros/new"),
        ("macro to delete", f"{knowledge}/macros/{macro}/delete"),
        ("no articles", "/w/empty/knowledge"),
        ("no macros", "/w/empty/knowledge/macros"),
        ("assistant", "/w/acme/assistant"),
        ("assistant of an empty desk", "/w/empty/assistant"),
    ):
        yield Screen(name, path, who="ada")
    for name, path in (
        ("people", "/w/acme/settings/members"),
        ("member", f"/w/acme/settings/members/{made['member']}"),
        ("member to remove", f"/w/acme/settings/members/{made['member']}/remove"),
        ("profile", "/w/acme/settings/profile"),
        ("security", "/w/acme/settings/security"),
        ("notifications", "/w/acme/settings/notifications"),
        ("workspace", "/w/acme/settings/workspace"),
        ("teams", "/w/acme/settings/teams"),
        ("no teams", "/w/empty/settings/teams"),
        ("new team", "/w/acme/settings/teams/new"),
        ("team to delete", f"/w/acme/settings/teams/{made['team'].public_id}/delete"),
        ("tags page", "/w/acme/settings/tags"),
        ("tag", f"/w/acme/settings/tags/{made['tag']}"),
        ("tag to delete", f"/w/acme/settings/tags/{made['tag']}/delete"),
        ("API keys", "/w/acme/settings/keys"),
        ("no API keys", "/w/empty/settings/keys"),
        ("new API key", "/w/acme/settings/keys/new"),
        ("audit log", "/w/acme/settings/audit"),
        ("own addresses", "/accounts/email/"),
        ("own password asked for again", "/accounts/reauthenticate/"),
        ("get started", "/w/empty/start"),
    ):
        yield Screen(name, path, who="ada")
    mailboxes, box = "/w/acme/settings/mailboxes", f"/w/acme/settings/mailboxes/{made['mailbox'].public_id}"
    for name, path in (
        ("settings", "/w/acme/settings"),
        ("mailboxes", mailboxes),
        ("no mailboxes", "/w/empty/settings/mailboxes"),
        ("address of a new mailbox", f"{mailboxes}/add"),
        ("new mailbox", f"{mailboxes}/add?address=help@gmail.com"),
        ("mailbox", box),
        ("mailbox with a webhook", f"{mailboxes}/{made['webhook'].public_id}"),
        ("mailbox to delete", f"{box}/delete"),
        ("health of a mailbox", f"{box}/health"),
    ):
        yield Screen(name, path, who="ada")
    yield Screen("health of a mailbox for agents", f"{box}/health")
    yield Screen("refused mailbox", f"{mailboxes}/add?address=help@example.com", who="ada", do=lambda page: (page.locator("#id_imap_host").fill(""), page.locator(".ask .btn--main").click()))  # fmt: skip
    yield Screen("Discord bot", "/w/acme/settings/discord", who="ada")
    yield Screen("no Discord bot", "/w/empty/settings/discord", who="ada")
    yield Screen("details of a conversation on Discord", f"{inbox}/{made['discord'].number}#side")
    yield Screen("link of a Discord member", f"/f/d/{discord_links.token(made['discord link'])}", who="")
    yield Screen("notifications", "/w/acme/notifications")
    yield Screen("no notifications", "/w/empty/notifications", who="ada")
    yield Screen("callbacks", "/w/acme/callbacks")
    yield Screen("callback that is made", "/w/acme/callbacks", do=click(".call__change > summary"))
    yield Screen("callbacks that were made", "/w/acme/callbacks?view=called")
    yield Screen("callbacks of a viewer", "/w/acme/callbacks", who="vic")
    yield Screen("no callbacks", "/w/empty/callbacks", who="ada")
    yield Screen("details of a callback", f"{inbox}/{made['call'].number}#side")
    forms, form = "/w/acme/settings/forms", f"/w/acme/settings/forms/{made['contact form'].pk}"
    for name, path in (
        ("forms", forms),
        ("no forms", "/w/empty/settings/forms"),
        ("new form", f"{forms}/add"),
        ("form", form),
        ("form to delete", f"{form}/delete"),
    ):
        yield Screen(name, path, who="ada")
    chat, widget = "/w/acme/settings/chat", f"/w/acme/settings/chat/{made['widget'].public_id}"
    for name, path in (
        ("widgets", chat),
        ("no widgets", "/w/empty/settings/chat"),
        ("new widget", f"{chat}/add"),
        ("widget", widget),
        ("widget to delete", f"{widget}/delete"),
        ("business hours", "/w/acme/settings/hours"),
        ("no business hours", "/w/empty/settings/hours"),
        ("identity secret", "/w/acme/settings/identity"),
        ("new identity secret", "/w/acme/settings/identity/rotate"),
    ):
        yield Screen(name, path, who="ada")
    yield Screen("identity secret that is shown", "/w/acme/settings/identity", who="ada", do=click("#secret form .btn"))
    yield Screen("refused business hours", "/w/acme/settings/hours", who="ada", do=lambda page: (page.locator("[name=mon-1-to]").fill(""), page.locator(".week > div .btn--main").click(), page.get_by_role("alert").wait_for()))  # fmt: skip
    yield Screen("settings of a viewer", "/w/acme/settings", who="vic")
    yield Screen("widget of a viewer", widget, who="vic")
    yield Screen("business hours of a viewer", "/w/acme/settings/hours", who="vic")
    for kind in ("contact", "callback"):
        path = made[f"{kind} form"].path
        yield Screen(f"{kind} form for customers", path, who="")
        yield Screen(f"{kind} form that is sent empty", path, who="", do=click("button[type=submit]"))
        yield Screen(f"{kind} form in a frame", f"{path}?embed=1", who="")
    yield Screen("follow-up", f"/f/c/{tokens.of_conversation(made['first'], 'en')}", who="")
    yield Screen("follow-up from right to left", f"/f/c/{tokens.of_conversation(made['second'], 'ar')}", who="")
    yield Screen("follow-up that is gone", "/f/c/nothing", who="")
    yield Screen("search of articles without results", f"{knowledge}?q={LONG}")
    yield Screen("administration", reverse("admin:index"), who="ada")
    yield Screen("conversation in administration", reverse("admin:conversations_conversation_change", args=[made["first"].pk]), who="ada")  # fmt: skip


def draft_of_colleague(workspace: Workspace, conversation: Any) -> None:
    """A reply and a note that somebody with a long name has not sent."""
    by, at = member(workspace, LONG[:120], Role.AGENT).actor, clock.now()
    with tenancy.scope(workspace):
        for kind in ("reply", "note"):
            actions.save_draft(conversation=conversation, kind=kind, body=f"{ARABIC}\n{LONG}", by=by, at=at)
        file = SimpleUploadedFile(f"{LONG[:150]}.pdf", b"%PDF-1.4")
        actions.attach_to_draft(conversation=conversation, kind="reply", upload=file, public_id=uuid4(), by=by, at=at)


Known = dict[tuple[int, str], list[int]]
"""The parts that axe has looked at, by width and theme."""


def look(page: Page, screen: Screen, known: Known) -> Iterator[str]:
    """What is wrong with a screen, at each width."""
    for width, height in WIDTHS.items():
        page.set_viewport_size({"width": width, "height": height})
        is_admin = screen.path.startswith("/admin")  # Django's own frame is not ours to rebuild.
        for found in [] if is_admin else page.evaluate(SIDEWAYS):
            yield f"{screen.name}, {width} px: {found}"
        if width not in LOOKED_AT_BY_AXE:
            continue
        for theme in LOOKED_AT_BY_AXE[width]:
            page.evaluate(THEME, theme)
            asked = [COLOURS, width == 1440, theme == "dark", PARTS, known.get((width, theme), [])]
            faults, known[width, theme] = page.evaluate(AXE, asked)
            for found in faults:
                yield f"{screen.name}, {width} px, {theme}: {found}"


def test_screens_hold_whatever_is_in_them_and_have_no_barriers(
    window: Window, axe: str, acme: Workspace, ada: Member, ben: Member, vic: Member
) -> None:
    user = ben.user
    user.name = LONG[:190]
    user.save(update_fields=["name"])
    Workspace.objects.filter(pk=acme.pk).update(name=LONG[:180])
    empty = account_actions.create_workspace(slug="empty", name="Empty", at=clock.now())
    account_actions.add_member(
        workspace=empty, user=ada.user, role=Role.OWNER, by=Actor.system(empty.pk), at=clock.now()
    )
    nobody = member(empty, "Nobody Yet", Role.AGENT)
    nobody.membership.delete()
    ada.user.is_staff = ada.user.is_superuser = True
    ada.user.save()
    made = fill(acme, ben)
    draft_of_colleague(acme, made["second"])
    page, context = window.page, window.page.context
    people = {"ada": ada, "ben": ben, "vic": vic, "nobody": nobody}
    cookies = {name: who.signed_in().cookies["sessionid"].value for name, who in people.items()}
    faults: list[str] = []
    known: Known = {}
    for screen in screens(made):
        context.clear_cookies()
        if screen.who:
            context.add_cookies([{"name": "sessionid", "value": cookies[screen.who], "url": window.base}])
        page.set_viewport_size({"width": 1440, "height": 900})
        window.go(screen.path)
        screen.do(page)
        expect(page.locator("form[aria-busy=true]")).to_have_count(0)  # a form that is on its way is dimmed
        page.evaluate(axe)
        faults += look(page, screen, known)
    # What was refused on purpose, and what axe tries on the page with Django's calendars.
    window.faults[:] = [fault for fault in window.faults if not re.search("status of 4|Applying inline style", fault)]
    assert not faults, "\n".join(faults)
