"""What people type into the inbox's search, and what it finds."""

from __future__ import annotations

import re
import unicodedata
from importlib import import_module

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import clock
from accounts.models import Workspace
from conversations import actions
from conversations.knowledge import queries as knowledge_queries
from conversations.maintenance import SEARCHED, index_rows_of_earlier_versions
from conversations.models import SearchDocument, SearchWord
from conversations.queries import conversations as queries
from conversations.queries import newest
from conversations.queries import search as search_queries
from conversations.queries import tickets as ticket_queries
from conversations.screens.inbox import queries as inbox_queries
from conversations.texts import substrings, tokens
from tests.conftest import Member
from tests.factories import ArticleFactory, ContactFactory, ConversationFactory, MacroFactory, UserFactory, reply
from tickets.models import Ticket

pytestmark = pytest.mark.usefixtures("in_acme")

# Accents that stand alone, quotes, digits of every script, scripts without spaces: what a tokenizer stumbles over.
ODD = st.characters(categories=["Mn", "Mc", "Nd", "No", "Lo", "Cf", "Pc", "Zs"]) | st.sampled_from(
    "aäeo10'\"-+.()\\:*&|!<> ’\u0301"
)

FOUND: list[tuple[str, list[str]]] = [
    # Numbers inside texts
    ("My order number is 48151623, please help", ["48151623", "#48151623", "4815"]),
    ("Order 7731 has not arrived", ["7731", "#7731", "order 7731"]),
    ("Reference ORD-2026-00417 is missing", ["2026-00417", "ORD-2026-00417", "00417", "ord-2026", "202600417"]),
    ("Invoice INV20260042 over 1,250.00 €", ["inv2026", "20260042", "1250", "1,250", "INV-20260042"]),
    ("الطلب رقم ٤٨١٥١٦ لم يصل", ["481516", "٤٨١٥١٦", "الطلب"]),
    # Phone numbers in any spelling, both ways
    ("Call me back on +49 170 5550123", ["5550123", "+491705550123", "01705550123", "0170 555 01 23", "0049 170 5550123"]),
    ("Call me back on 0170/5550123.", ["+49 170 5550123", "+491705550123", "491705550123", "0170-5550123", "+49 (0)170 5550123"]),
    ("Ring +49 (0)170 5550123 2026-11-29", ["+491705550123", "01705550123"]),
    ("my number: +14155550199", ["14155550199", "4155550199", "415-555-0199", "(415) 555-0199", "+1 415"]),
    ("my number: (415) 555-0199", ["+1 415 555 0199", "+14155550199", "14155550199", "4155550199", "415.555.0199"]),
    ("Appelez le 06 12 34 56 78", ["+33612345678", "0612345678", "06.12.34.56.78"]),
    # Parts of addresses
    ("write to hannah.ferrar@ferrar-logistics.example instead", [
        "ferrar-logistics.example", "hannah.ferrar", "@ferrar-logistics.example", "logistics", "hannah.ferrar@ferrar-log",
    ]),
    ("see https://shop.bikeworks.example/orders/88442?ref=mail#top for it", [
        "orders/88442", "https://shop.bikeworks.example/orders/88442?ref=mail#top", "bikeworks", "88442",
    ]),
    ("in C:\\Users\\anna_k\\notes.txt", ["anna_k", "notes.txt", "C:\\Users"]),
    # Beginnings of words
    ("The Wallbox connectorplate overheats", ["overheat", "connector", "Wallb", "over conn"]),
    # No accents, other spellings
    ("Mi estación no carga, señal perdida; café crème", ["estacion", "senal", "ESTACIÓN", "creme cafe"]),
    ("Die Straße heißt Ørsted Łódź", ["strasse", "STRASSE", "orsted", "lodz", "Łódź"]),
    ("Kündigung bei Müller", ["kundigung", "Kuendigung", "Mueller", "muller", "Kün"]),
    ("Kuendigung bei Mueller", ["Kündigung", "muller", "Müller"]),
    ("Где мой чёрный кабель?", ["черный", "ЧЁРНЫЙ", "каб"]),
    ("Ο φόρτιστής μου", ["φορτιστης", "ΦΟΡΤΙΣΤΉΣ"]),
    ("ｆｕｌｌｗｉｄｔｈ ﬁle ＡＢＣ１２３", ["fullwidth", "file", "abc123"]),
    (unicodedata.normalize("NFD", "Das Ladegerät für die Röhre ist defekt"), ["Ladegerät", "Röhre", "ladegerat"]),
    ("Das Ladegerät für die Röhre ist defekt", [unicodedata.normalize("NFD", "Ladegerät"), "Roehre"]),
    # Scripts without spaces, alone and mixed
    ("我家在上海东边，充电桩坏了，请帮我退款。", ["上海", "充电桩", "退款", "款", "上海 退款"]),
    ("充電器の注文をキャンセルしたいです。", ["注文", "キャンセル", "充電器", "ｷｬﾝｾﾙ"]),
    ("주문을 취소하고 싶습니다.", ["주문", "취소", "싶습니다", unicodedata.normalize("NFD", "주문")]),
    ("สายชาร์จของฉันเสีย", ["ชาร์จ", "เสีย", "สาย"]),
    ("iPhone15充電器が壊れた", ["iphone15", "充電器", "iPhone15充電器", "iphone"]),
    ("मेरा ऑर्डर नहीं आया", ["ऑर्डर", "ऑर्ड"]),
    # Apostrophes, hyphens, minus
    ("The customer’s charger doesn’t work", ["doesn't", "doesn’t", "doesnt", "customer's"]),
    ("doesnt charge by e-mail or Wi-Fi", ["doesn't", "email", "e-mail", "wifi", "wi-fi"]),
    ("Don't use e‑mail", ["don’t", "e-mail", "e–mail"]),
    ("charger not working -urgent", ["charger not working -urgent", "-urgent", "not -charger"]),
    ("Refund of 50% & tax_code a\\b", ["50%", "tax_code", "a\\b", "%", "_"][:3]),
    ("zero\u200bwidth soft\u00adhyphen", ["zerowidth", "softhyphen", "soft\u00adhyphen"]),
]  # fmt: skip

NOTHING = [
    "\x00", "\x00\x00", "\ud800", "%", "\\", "_", "'", '"', '""', ":*", "!", "&", "(", "<->", "a:* & | !b",
    "' OR 1=1 --", "--", "…", "🙂", "👩‍👩‍👧", "\u200b", "-", "#", "x" * 10_000, "1" * 500, "a'b\\c\x00d:*",
    "0" * 15, "+", "+49", "\\'", "'\\", "ͅ", "\u3164",
]  # fmt: skip


def numbers(search: str, member: Member, view: str = "open") -> list[int]:
    page = inbox_queries.inbox_page(inbox_queries.INBOX_VIEWS[view], user=member.user, search=search)
    return [row.number for row in page.rows]


def test_texts_are_found_by_what_people_type(acme: Workspace, ben: Member) -> None:
    made = {ConversationFactory(workspace=acme, subject="Hi", body=body).number: body for body, _ in FOUND}
    missed = [
        (body, typed)
        for (number, body), (_, queries_) in zip(made.items(), FOUND, strict=True)
        for typed in queries_
        if number not in numbers(typed, ben)
    ]
    assert missed == []


def test_texts_are_found_by_the_index_as_by_reading(
    acme: Workspace, ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {ConversationFactory(workspace=acme, subject="Hi", body=body).number: queries_ for body, queries_ in FOUND}
    typed = [one for queries_ in made.values() for one in queries_]
    read = {one: numbers(one, ben) for one in typed}
    monkeypatch.setattr(newest, "SAMPLE", 0)  # without a look at the newest, everything is taken to be rare
    assert {one: numbers(one, ben) for one in typed} == read


def test_frequent_words_are_paged_like_rare_ones(acme: Workspace, ben: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    person = ContactFactory(workspace=acme)
    made = [
        ConversationFactory(workspace=acme, contact=person, subject="Wallbox" if n % 2 else "Other").number
        for n in range(60)
    ]
    wanted = [number for n, number in enumerate(made) if n % 2][::-1]
    view = inbox_queries.INBOX_VIEWS["open"]
    for sample in (
        0,
        8,
        20,
        300,
    ):  # by the index alone, by walking, by walking to the end and the index, by reading all
        monkeypatch.setattr(newest, "SAMPLE", sample)
        seen, after = [], None
        for _ in range(5):
            page = inbox_queries.inbox_page(view, user=ben.user, search="wallb", after=after, limit=7)
            seen += [row.number for row in page.rows]
            if (after := page.next) is None:
                break
        assert seen == wanted, sample


def test_other_texts_are_not_found(acme: Workspace, ben: Member) -> None:
    ConversationFactory(workspace=acme, subject="Hi", body="Order 7731 of +49 170 5550123, 上海充电桩, wrong currency")
    for typed in ("7732", "731", "+49 170 5550124", "海上", "桩充", "urrency", '"currency wrong"', "order nowhere"):
        assert numbers(typed, ben) == [], typed
    assert numbers('"wrong currency"', ben) == [1]


def test_any_spelling_is_answered_in_every_search(acme: Workspace, ben: Member) -> None:
    ConversationFactory(workspace=acme, subject="Hi", body="Nothing of that kind")
    article = ArticleFactory(workspace=acme, title="Hi", body="Nothing")
    macro = MacroFactory(workspace=acme, name="Hi", body="Nothing")
    agent, admin = ben.signed_in(), Client()
    root = UserFactory(email="root@acme.example", is_superuser=True, is_staff=True)
    admin.force_login(root, backend="allauth.account.auth_backends.AuthenticationBackend")
    for typed in NOTHING:
        assert numbers(typed, ben) == [], typed
        assert knowledge_queries.article_page(knowledge_queries.ARTICLE_VIEWS["all"], search=typed).rows == []
        assert list(ticket_queries.matching(Ticket.objects.get_queryset(), typed.replace("#", ""))) == []
    for typed in ("a\x00b", "\ud800", "'", "\\", "%", "x" * 10_000, "🙂", "\u200b"):
        sent = {"q": typed.encode("utf-8", "surrogatepass")}
        for path in ("inbox", "knowledge", "knowledge/macros"):
            assert agent.get(f"/w/acme/{path}", sent).status_code == 200, (path, typed)
        for model in ("conversation", "contact", "message", "article", "macro"):
            assert admin.get(f"/admin/conversations/{model}/", sent).status_code == 200, (model, typed)
    assert (article.title, macro.name) == ("Hi", "Hi")


def test_customers_are_found_by_parts_of_their_names_and_addresses(acme: Workspace, ben: Member) -> None:
    for values, typed in (
        ({"email": "ines.okonkwo@orchard-foods.example"}, ["orchard-foods.example", "ines.okonkwo", "orchard", "okonkwo ines"]),
        ({"name": "Bartholomew Featherstonehaugh"}, ["Barthol", "Feather", "feather barth"]),
        ({"name": "Jürgen Müller"}, ["Muller", "mueller", "jurgen", unicodedata.normalize("NFD", "Müller")]),
        ({"name": "王小明"}, ["小明", "王", "王小明"]),
        ({"company": "Nordlicht-Café GmbH"}, ["nordlicht cafe", "Nordlicht-Ca"]),
    ):  # fmt: skip
        contact = ContactFactory(workspace=acme, **{"name": "", **values})
        number = ConversationFactory(workspace=acme, contact=contact, subject="x", body="hi").number
        for one in typed:
            assert numbers(one, ben) == [number], one


def test_words_may_stand_in_different_places(acme: Workspace, ben: Member) -> None:
    contact = ContactFactory(workspace=acme, name="Hannah Ferrar")
    hit = ConversationFactory(workspace=acme, contact=contact, subject="Broken wallbox", body="Please send a new one")
    ConversationFactory(workspace=acme, contact=contact, subject="Invoice", body="Please")
    actions.note(conversation=hit, body="Sent to the depot in Tromsø", by=ben.actor, at=clock.now())
    reply(hit, "A replacement is on its way")
    for typed in ("ferrar wallbox", "hannah replacement", "wallbox depot", "tromso ferrar new broken"):
        assert hit.number in numbers(typed, ben), typed
    assert numbers("ferrar wallbox invoice", ben) == []


def test_a_number_shows_what_has_it_before_what_mentions_it(acme: Workspace, ben: Member) -> None:
    people = [ContactFactory(workspace=acme, name="A", email=f"{n}@x.example", external_id=n) for n in "abcd"]
    first, linked, mentions, other = (
        ConversationFactory(workspace=acme, contact=person, subject="Hi", body="x") for person in people
    )
    reply(mentions, "It is 1, I think")
    actions.escalate(conversation=linked, by=ben.actor, at=clock.now())
    for typed in ("1", "#1"):
        assert numbers(typed, ben)[:2] == [first.number, linked.number]
        assert mentions.number in numbers(typed, ben)
        assert other.number not in numbers(typed, ben)


def test_pages_of_a_number_repeat_and_lose_nothing(acme: Workspace, ben: Member) -> None:
    made = [ConversationFactory(workspace=acme, subject="Order 3", body=None).number for _ in range(7)]
    view, seen, after = inbox_queries.INBOX_VIEWS["open"], [], None
    while True:
        page = inbox_queries.inbox_page(view, user=ben.user, search="#3", after=after, limit=2)
        seen += [row.number for row in page.rows]
        if (after := page.next) is None:
            break
    assert seen == [3, *(number for number in reversed(made) if number != 3)]


def test_search_follows_what_is_changed(acme: Workspace, ben: Member) -> None:
    contact = ContactFactory(workspace=acme, name="Jane Before")
    conversation = ConversationFactory(workspace=acme, contact=contact, subject="Earlier words", body=None)
    actions.edit_subject(conversation=conversation, subject="Later words", by=ben.actor, at=clock.now())
    actions.update_contact(contact=contact, name="Jane After", by=ben.actor, at=clock.now())
    assert (numbers("earlier", ben), numbers("before", ben)) == ([], [])
    assert numbers("later after", ben) == [conversation.number]


def test_long_conversations_are_found_by_words_that_stand_far_apart(
    acme: Workspace, ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation = ConversationFactory(workspace=acme, subject="Broken wallbox", body="earliest")
    for part in range(4):
        reply(conversation, " ".join(f"filler{part}x{n}" for n in range(600)))
    note = actions.note(conversation=conversation, body="latest remark", by=ben.actor, at=clock.now())
    assert SearchDocument.objects.filter(conversation=conversation).count() > 2
    for sample in (300, 0):
        monkeypatch.setattr(newest, "SAMPLE", sample)
        assert numbers("wallbox earliest latest filler1x5", ben) == [conversation.number]
    actions.delete_note(message=note, by=ben.actor, at=clock.now())
    assert numbers("wallbox remark", ben) == []
    assert numbers("wallbox earliest filler3x599", ben) == [conversation.number]


def test_conversation_of_an_earlier_version_gets_its_document_with_the_next_message_or_in_the_update(
    acme: Workspace, ben: Member
) -> None:
    one, two = (ConversationFactory(workspace=acme, subject="Überweisung", body="earlier") for _ in range(2))
    SearchDocument.objects.all().delete()
    SearchWord.objects.all().delete()
    assert numbers("earlier", ben) == []
    reply(one, "later")
    assert numbers("uberweisung earlier later", ben) == [one.number]
    import_module("conversations.migrations.0027_search_documents_of_earlier_rows").fill(None, None)
    assert numbers("uberweisung earlier", ben) == [one.number, two.number]
    assert SearchDocument.objects.count() == 2
    assert SearchWord.objects.filter(word="uberweisung").exists()


SUBSTRINGS = [
    *(body for body, _ in FOUND),
    "see 10.0.0.1:8080/a_b-c?x=%20 and \"quotes\" it's", "x" * 100 + " tail", "a\u0301bc e\u0301", "\ud55c\uae00 \u1112\u1161\u11ab", "か\u3099き",
    "ß Straße İstanbul ıi ﬁ", "tab\tnew\nline", "short ab a", "naïve café zero\u200bwidth",
]  # fmt: skip


def test_any_part_of_a_text_is_found_by_the_words_of_the_text() -> None:
    for text in SUBSTRINGS:
        kept = set(re.findall(r"'((?:[^']|'')+)'", tokens.vector(text)))
        is_cut = tokens.CUT in kept
        for start in range(len(text)):
            for end in range(start + 1, min(len(text), start + 14) + 1):
                part = text[start:end]
                if (
                    part.strip() != part
                    or (found := substrings.outline(part.swapcase() if part.isascii() else part)) is None
                ):
                    continue
                terms = [(term.removesuffix(":*").strip("'"), term.endswith(":*")) for term in found.terms]
                holds = all(any(w.startswith(t) if is_prefix else w == t for w in kept) for t, is_prefix in terms)
                holds &= any(w.endswith(found.ending) for w in kept) and any(found.middle in w for w in kept)
                assert holds or is_cut, (text, part, found)


def test_substrings_are_found_by_the_index_as_by_reading(acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in SUBSTRINGS:
        ConversationFactory(workspace=acme, subject="Hi", body=text)
    monkeypatch.setattr(newest, "SAMPLE", 0)
    for text in (
        "mber is 4",
        "81516",
        "NNAH.FERR",
        "kaputt",
        "ürf",
        "rkabel",
        "上海",
        "ンセル",
        "문을",
        "ail or Wi",
        "xxxx tail",
        "8080/a_b",
        "%",
        "_",
        "ab",
        "ﬁ",
    ):
        exactly = Q(subject__icontains=text) | Q(last_activity__body__icontains=text)
        exactly |= Q(contact__name__icontains=text) | Q(contact__email__icontains=text)
        rows = newest.Listed(queries.conversations, "last_activity_at")
        found = newest.newest(rows, search_queries.containing(text, "last_activity"), 50)
        read = queries.conversations().filter(exactly).order_by("-last_activity_at", "-pk")
        assert [row.pk for row in found] == [row.pk for row in read], text


def test_rows_of_an_earlier_version_are_indexed_later(acme: Workspace, ben: Member) -> None:
    contact = ContactFactory(workspace=acme, name="Jane Roe")
    conversation = ConversationFactory(workspace=acme, contact=contact, subject="Überweisung", body="充电桩坏了")
    ArticleFactory(workspace=acme, title="Überweisung")
    MacroFactory(workspace=acme, name="Überweisung")
    for model in SEARCHED:
        model.all_workspaces.update(tokens=None)
    assert numbers("jane", ben) == []
    index_rows_of_earlier_versions(0)
    assert not any(model.all_workspaces.filter(tokens=None).exists() for model in SEARCHED)
    assert numbers("jane uberweisung 充电桩", ben) == [conversation.number]


@pytest.mark.parametrize(
    "text",
    [
        "", "a" * 200_000, "1 " * 100_000, "é-" * 50_000, "".join(map(chr, range(0x4E00, 0x9FFF))) * 3, "\ufdfa" * 50_000,
        "'\\:*&|!()<->\t\n\r", "\U0001f600" * 1000, "word" + "\u0301" * 10_000, "x'" * 1000,
    ],
)  # fmt: skip
def test_any_text_can_be_kept(acme: Workspace, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT length(%s::tsvector)", [tokens.vector(text, text)])


@given(st.lists(st.text(ODD, max_size=60), min_size=30, max_size=30))
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_any_signs_can_be_kept_and_asked_for(acme: Workspace, texts: list[str]) -> None:
    with connection.cursor() as cursor:
        for text in texts:
            asked = " & ".join(map("({})".format, tokens.query(text)))
            cursor.execute("SELECT %s::tsvector, %s::tsquery", [tokens.vector(text, text), asked])
