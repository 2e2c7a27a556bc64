"""Replies in plain text, apart from what they quote and how they are signed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.mail.quotes import split

ATTRIBUTIONS = {
    "English": "On Mon, Nov 30, 2026 at 9:00 AM Bo <bo@desk.example> wrote:",
    "German": "Am 30.11.26 um 09:00 schrieb Bo:",
    "German, Gmail": "Am Mo., 30. Nov. 2026 um 09:00 Uhr schrieb Bo <bo@desk.example>:",
    "French": "Le lun. 30 nov. 2026 à 09:00, Bo <bo@desk.example> a écrit :",
    "Spanish": "El lun, 30 nov 2026 a las 9:00, Bo (<bo@desk.example>) escribió:",
    "Italian": "Il giorno lun 30 nov 2026 alle ore 09:00 Bo <bo@desk.example> ha scritto:",
    "Portuguese": "Em seg., 30 de nov. de 2026 às 09:00, Bo <bo@desk.example> escreveu:",
    "Dutch": "Op ma 30 nov 2026 om 09:00 schreef Bo <bo@desk.example>:",
    "Polish": "pon., 30 lis 2026 o 09:00 Bo <bo@desk.example> napisał(a):",
    "Polish, Thunderbird": "W dniu 30.11.2026 o 09:00, Bo pisze:",
    "Russian": "пн, 30 нояб. 2026 г. в 09:00, Bo <bo@desk.example>:\nнаписал(а):".replace(":\n", " "),
    "Ukrainian": "пн, 30 лист. 2026 р. о 09:00 Bo <bo@desk.example> пише:",
    "Swedish": "Den mån 30 nov. 2026 kl 09:00 skrev Bo <bo@desk.example>:",
    "Danish": "Den man. 30. nov. 2026 kl. 09.00 skrev Bo <bo@desk.example>:",
    "Norwegian": "man. 30. nov. 2026 kl. 09:00 skrev Bo <bo@desk.example>:",
    "Finnish": "ma 30. marrask. 2026 klo 9.00 Bo (bo@desk.example) kirjoitti:",
    "Czech": "po 30. 11. 2026 v 9:00 odesílatel Bo <bo@desk.example> napsal:",
    "Hungarian": "Bo <bo@desk.example> ezt írta (időpont: 2026. nov. 30., H, 9:00):".replace("ezt írta", "írta"),
    "Romanian": "În lun., 30 nov. 2026 la 09:00, Bo <bo@desk.example> a scris:",
    "Turkish": "Bo <bo@desk.example>, 30 Kas 2026 Pzt, 09:00 tarihinde şunu yazdı:",
    "Greek": "Στις Δευ 30 Νοε 2026 στις 9:00 π.μ., ο χρήστης Bo <bo@desk.example> έγραψε:",
    "Hebrew": "בתאריך יום ב׳, 30 בנוב׳ 2026 ב-9:00 מאת Bo <bo@desk.example>:",
    "Hebrew, marked": "\u202bבתאריך יום ב׳, 30 בנוב׳ 2026 ב-9:00 מאת Bo <bo@desk.example>:\u202c",
    "Japanese": "2026年11月30日(月) 9:00 Bo <bo@desk.example>:",
    "Chinese": "Bo <bo@desk.example> 于2026年11月30日周一 09:00写道：",
    "Chinese, traditional": "Bo <bo@desk.example> 於 2026年11月30日 週一 上午9:00寫道：",
    "Korean": "2026년 11월 30일 (월) 오전 9:00, Bo <bo@desk.example>님이 작성:",
    "Vietnamese": "Vào Th 2, 30 thg 11, 2026 vào lúc 09:00 Bo <bo@desk.example> đã viết:",
    "Indonesian": "Pada Sen, 30 Nov 2026 pukul 09.00 Bo <bo@desk.example> menulis:",
}


@pytest.mark.parametrize("language", ATTRIBUTIONS)
@pytest.mark.parametrize("history", ["> Have you tried\n> this?", "Have you tried\nthis?"], ids=["marked", "unmarked"])
def test_history_below_an_answer_is_quoted_in_any_language(language: str, history: str) -> None:
    found = split(f"Thanks, that works.\n\n{ATTRIBUTIONS[language]}\n\n{history}\n")
    assert found.reply == "Thanks, that works."
    assert found.quoted == f"{ATTRIBUTIONS[language]}\n\n{history}"


@pytest.mark.parametrize(
    "wrapped",
    [
        "On Mon, Nov 30, 2026 at 9:00 AM Bo from the help desk <\nbo@desk.example> wrote:",
        "On Mon, Nov 30, 2026 at 9:00 AM Bo from the help desk <bo@desk.example>\nwrote:",
        "On Mon, Nov 30, 2026 at 9:00 AM\nBo from the help desk\n<bo@desk.example> wrote:",
        "Am Mo., 30. Nov. 2026 um 09:00 Uhr schrieb Bo vom Helpdesk <\nbo@desk.example>:",
        "Le lun. 30 nov. 2026 à 09:00, Bo du support <bo@desk.example> a\nécrit :",
    ],
)
def test_lines_that_were_wrapped_are_one(wrapped: str) -> None:
    assert split(f"Thanks.\n\n{wrapped}\n\n> History\n").quoted == f"{wrapped}\n\n> History"


HEADERS = {
    "English": "From: Bo <bo@desk.example>\nSent: Monday, November 30, 2026 9:00 AM\nTo: Ada\nSubject: Re: Order",
    "English, bold": "*From:* Bo <bo@desk.example>\n*Sent:* Monday, November 30, 2026 9:00 AM\n*To:* Ada\n*Subject:* Re: Order",
    "German": "Von: Bo <bo@desk.example>\nGesendet: Montag, 30. November 2026 09:00\nAn: Ada\nBetreff: Re: Order",
    "French": "De : Bo <bo@desk.example>\nEnvoyé : lundi 30 novembre 2026 09:00\nÀ : Ada\nObjet : Re: Order",
    "Spanish": "De: Bo <bo@desk.example>\nEnviado: lunes, 30 de noviembre de 2026 9:00\nPara: Ada\nAsunto: Re: Order",
    "Italian": "Da: Bo <bo@desk.example>\nInviato: lunedì 30 novembre 2026 09:00\nA: Ada\nOggetto: Re: Order",
    "Portuguese": "De: Bo <bo@desk.example>\nEnviada em: segunda-feira, 30 de novembro de 2026 09:00\nPara: Ada\nAssunto: Re: Order",
    "Dutch": "Van: Bo <bo@desk.example>\nVerzonden: maandag 30 november 2026 09:00\nAan: Ada\nOnderwerp: Re: Order",
    "Polish": "Od: Bo <bo@desk.example>\nWysłano: poniedziałek, 30 listopada 2026 09:00\nDo: Ada\nTemat: Re: Order",
    "Russian": "От: Bo <bo@desk.example>\nОтправлено: понедельник, 30 ноября 2026 г. 9:00\nКому: Ada\nТема: Re: Order",
    "Swedish": "Från: Bo <bo@desk.example>\nSkickat: den 30 november 2026 09:00\nTill: Ada\nÄmne: Re: Order",
    "Danish": "Fra: Bo <bo@desk.example>\nSendt: 30. november 2026 09:00\nTil: Ada\nEmne: Re: Order",
    "Finnish": "Lähettäjä: Bo <bo@desk.example>\nLähetetty: maanantai 30. marraskuuta 2026 9.00\nVastaanottaja: Ada\nAihe: Re: Order",
    "Turkish": "Kimden: Bo <bo@desk.example>\nGönderildi: 30 Kasım 2026 Pazartesi 09:00\nKime: Ada\nKonu: Re: Order",
    "Japanese": "差出人: Bo <bo@desk.example>\n送信日時: 2026年11月30日 9:00\n宛先: Ada\n件名: Re: Order",
    "Chinese": "发件人: Bo <bo@desk.example>\n发送时间: 2026年11月30日 9:00\n收件人: Ada\n主题: Re: Order",
    "Korean": "보낸 사람: Bo <bo@desk.example>\n보낸 날짜: 2026년 11월 30일 9:00\n받는 사람: Ada\n제목: Re: Order",
}


@pytest.mark.parametrize("language", HEADERS)
@pytest.mark.parametrize(
    "rule", ["", "________________________________\n", "-----Original Message-----\n"], ids=["bare", "line", "original"]
)
def test_headers_as_outlook_writes_them_begin_the_history(language: str, rule: str) -> None:
    history = f"{rule}{HEADERS[language]}\n\nHave you tried this?"
    found = split(f"Thanks.\n\n{history}\n")
    assert (found.reply, found.quoted) == ("Thanks.", history)


@pytest.mark.parametrize(
    "line",
    ["-----Original Message-----", "-----Ursprüngliche Nachricht-----", "-----Message d'origine-----", "-----Mensaje original-----",
     "-----Messaggio originale-----", "------------------ 原始邮件 ------------------", "--- Please reply above this line ---",
     "---- On Mon, 30 Nov 2026 09:00 Bo <bo@desk.example> wrote ----"],
)  # fmt: skip
def test_lines_above_the_history_begin_it(line: str) -> None:
    assert split(f"Thanks.\n\n{line}\nHistory").quoted == f"{line}\nHistory"


def test_quoted_lines_at_the_end_are_history_without_any_introduction() -> None:
    assert split("Thanks.\n\n> History\n>\n> more\n").reply == "Thanks."


def test_introduction_in_an_unknown_language_goes_with_the_quoted_lines() -> None:
    found = split("Takk.\n\nÞann 30. nóv. 2026 kl. 09:00 reit Bo <bo@desk.example>:\n> History")
    assert found.reply == "Takk."


def test_answers_between_quoted_lines_are_kept_with_them() -> None:
    text = (
        "Hi Bo,\n\nOn Mon, Nov 30, 2026 Bo <bo@desk.example> wrote:\n> Which size?\n\nLarge.\n\n> Which colour?\n\nRed."
    )
    assert split(text).reply == text
    bare = "> Which size?\nLarge.\n> Which colour?\nRed."
    assert split(bare).reply == bare


def test_answer_below_the_history_is_the_reply() -> None:
    found = split("On Mon, Nov 30, 2026 Bo <bo@desk.example> wrote:\n> Which size?\n\nLarge.\n")
    assert (found.reply, found.quoted) == ("Large.", "On Mon, Nov 30, 2026 Bo <bo@desk.example> wrote:\n> Which size?")


@pytest.mark.parametrize(
    "text",
    [
        "On Monday he wrote: I will come. That was in 2026.",
        "This is what my colleague wrote:\nthe machine is on fire",
        "On your host you can run:\n\n  telnet 127.0.0.1\n\nDoes that work?",
        "From: here\nto there it is far.",
        "My order is:\n- 2 screws\n- 1 hammer",
        "Am Montag\nkomme ich.",
        "See below.\n\n---------- Forwarded message ---------\nFrom: Cy <cy@example.com>\nDate: Mon\nTo: Ada\nSubject: x\n\nThe contents.",
    ],
)
def test_ordinary_sentences_are_no_history(text: str) -> None:
    found = split(text)
    assert (found.reply, found.quoted) == (text, "")


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nAda Lovelace\nEngines Ltd", "--\nAda", "—\nAda", "Sent from my iPhone", "Sent from my Galaxy S24 Ultra", "Get Outlook for iOS",
        "Von meinem iPhone gesendet", "Gesendet von Outlook für Android", "Envoyé de mon iPhone", "Enviado desde mi iPhone", "Inviato da iPhone",
        "Enviado do meu iPhone", "Verstuurd vanaf mijn iPhone", "Wysłane z iPhone'a", "Отправлено с iPhone", "Skickat från min iPhone",
        "Sendt fra min iPhone", "Lähetetty iPhonesta", "iPhoneから送信", "从我的 iPhone 发送", "나의 iPhone에서 보냄", "Odesláno z iPhonu",
        "_______________________________________________\nlist mailing list\nlist@x.example",
    ],
)  # fmt: skip
def test_signature_is_apart_with_and_without_history(signature: str) -> None:
    found = split(f"Thanks.\n\n{signature}\n")
    assert (found.reply, found.signature) == ("Thanks.", signature)
    found = split(f"Thanks.\n\n{signature}\n\nOn Mon, Nov 30, 2026 Bo <bo@desk.example> wrote:\n> History")
    assert (found.reply, found.signature) == ("Thanks.", signature)


@pytest.mark.parametrize(
    "text", ["Sent from my desk, it is easier.", "a -- b\nc", "Sent from my desk.\n\nMore follows here, which is long."]
)
def test_sentences_are_no_signatures(text: str) -> None:
    assert split(text).signature == ""


@pytest.mark.parametrize(
    "text",
    [
        "> only\n> quoted",
        "-- \nAda",
        "Sent from my iPhone",
        "On Mon, Nov 30, 2026 Bo <bo@desk.example> wrote:\n> x",
        HEADERS["English"] + "\n\nx",
    ],
)
def test_reply_is_never_empty(text: str) -> None:
    assert split(text).reply == text


LINES = st.sampled_from(
    ["Hello", "> quoted", ">> more", "", "On 1.1.2026 Bo <bo@x.example> wrote:", "-- ", "Sent from my iPhone", "From: Bo", "Sent: Mon", "To: Ada",
     "-----Original Message-----", "________________", "wrote:", "😀", "  ", "---------- Forwarded message ---------"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(LINES, max_size=14))
def test_every_line_is_in_one_of_the_parts(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = split(text)
    kept = "\n".join([found.reply, found.quoted, found.signature]).split("\n")
    assert sorted(line.strip() for line in kept if line.strip()) == sorted(
        line.strip() for line in lines if line.strip()
    )
    assert bool(found.reply.strip()) == bool(text.strip())
