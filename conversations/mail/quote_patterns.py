"""How mail programs of the world introduce what they quote, and how telephones sign. One line per language where it fits."""

from __future__ import annotations

import re

SEPARATOR = "--- Please reply above this line ---"
"""Mails of a desk carry it above their quoted history: what follows is no part of an answer."""

# "On … wrote:", by the word that opens it and the verb that ends it. Where a language opens with the date or the name, the
# opening is empty, and a number or an address has to be in the line.
_ATTRIBUTIONS = (
    ("On|Il", "wrote|ha scritto"),  # English, Italian
    ("Am", "schrieb|geschrieben"),  # German
    ("Le", "a écrit|a écrit"),  # French
    ("El|L['’]", "escribió|va escriure"),  # Spanish, Catalan
    ("Em|A", "escreveu|escribiu"),  # Portuguese, Galician
    ("Op", "schreef|geschreven"),  # Dutch
    ("W dniu|Dnia", r"napisał\(a\)|napisała?|pisze"),  # Polish
    ("Den|På", "skrev|følgende"),  # Swedish, Danish, Norwegian
    ("Dne|Dňa", r"napsal\(a\)|napsala?|napísal\(a\)|napísala?"),  # Czech, Slovak
    ("În|Pe", "a scris"),  # Romanian
    ("Στις", "έγραψε"),  # Greek
    ("Vào", "đã viết"),  # Vietnamese
    ("Pada", "menulis"),  # Indonesian
    ("Dana|Dne", r"je napisa[ol]a?(?:/la)?(?:\(la\))?|je napisal\(a\)"),  # Croatian, Slovene
    ("في", "كتب|كتبت"),  # Arabic
    ("בתאריך|ב[-־]", "כתב|כתבה|כתב/ה|מאת"),  # Hebrew
    ("於|在|于", "寫道|写道"),  # Chinese
)
_VERBS_WITHOUT_OPENING = (
    "wrote|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|napisał\\(a\\)|napisała?|pisze|skrev|kirjoitti|написал(?:а|\\(а\\)|/а)?|"
    "пишет|написав|пише|написа|napsal\\(a\\)|napsala?|írta(?: a következőt)?|a scris|yazdı|έγραψε|كتب|כתב|寫道|写道|のメール|が書きました|"
    "さんは書きました|님이 작성|님이 쓴 글|wrote the following|kirjutas|rakstīja|rašė|เขียนว่า"
)
_END = r"[^\n]{0,200}[:：]"
OPENED = tuple(
    re.compile(rf"^(?:{opening})(?:\s|\b).{{3,300}}?(?:{verbs}){_END}$", re.IGNORECASE)
    for opening, verbs in _ATTRIBUTIONS
)
UNOPENED = re.compile(rf"^(?=.{{0,300}}[\d@<]).{{3,300}}?(?:{_VERBS_WITHOUT_OPENING}){_END}$", re.IGNORECASE)
VERB = re.compile(
    "|".join([_VERBS_WITHOUT_OPENING, *(verbs for _, verbs in _ATTRIBUTIONS)]), re.IGNORECASE
)  # one search, before the long patterns
# "2022年1月1日(金) 9:00 田中太郎 <taro@example.com>:", as Gmail writes in Japanese, Chinese and Korean.
DATED = re.compile(
    r"^(?:\d{4}\s?[年년./-]\s?\d{1,2}\s?[月월./-]\s?\d{1,2}\D).{0,200}<[^<>\s]{1,200}@[^<>\s]{1,200}>.{0,30}[:：]$"
)
# Any other language: a line of a date and an address that ends with a colon, above a quoted line.
ABOVE_QUOTE = re.compile(r"^(?=.*\d).*(?:<[^<>\s]+@[^<>\s]+>|\S@\S).*[:：]$|^(?=.*\d{1,2}[:.]\d{2}).*\b\d{4}\b.*[:：]$")

_ORIGINAL = (
    "Original Message|Original-Nachricht|Ursprüngliche Nachricht|Originalnachricht|Message d['’]origine|Message original|Mensaje original|"
    "Messaggio originale|Mensagem original|Oorspronkelijk bericht|Oorspronkelijke bericht|Wiadomość oryginalna|Oryginalna wiadomość|"
    "Исходное сообщение|Оригинальное сообщение|Ursprungligt meddelande|Originalmeddelande|Oprindelig meddelelse|Opprinnelig melding|"
    "Alkuperäinen viesti|Původní zpráva|Eredeti üzenet|Mesaj original|Orijinal Mesaj|Αρχικό μήνυμα|原始邮件|原始郵件|邮件原件|元のメッセージ|"
    "オリジナルメッセージ|원본 메시지|הודעה מקורית|الرسالة الأصلية|Reply message|Reply above this line"
)
ORIGINAL = re.compile(rf"^[-_=*\s]{{2,40}}(?:{_ORIGINAL})[-_=*\s:]{{0,40}}$", re.IGNORECASE)
# "---- On … wrote ----", as Zoho writes it.
FRAMED = re.compile(rf"^-{{3,}}\s.{{5,300}}(?:{_VERBS_WITHOUT_OPENING}).{{0,60}}-{{3,}}$", re.IGNORECASE)
FORWARDED = re.compile(
    r"^(?:[-_=*\s]{2,40}(?:Forwarded message|Weitergeleitete Nachricht|Message transféré|Mensaje reenviado|Messaggio inoltrato|"
    r"Mensagem encaminhada|Doorgestuurd bericht|Przekazana wiadomość|Пересылаемое сообщение|Vidarebefordrat meddelande|"
    r"Videresendt meddelelse|Välitetty viesti|転送メッセージ|转发的邮件|Forwarded by .{1,80})[-_=*\s:]{0,40}|"
    r"(?:Begin forwarded message|Anfang der weitergeleiteten Nachricht|Début du message transféré|Inizio messaggio inoltrato|"
    r"Inicio del mensaje reenviado)\s?:)$",
    re.IGNORECASE,
)
RULE = re.compile(r"^[_\-=]{3,100}$")

# Labels of the headers that Outlook and others write above what they quote.
_FROM = "From|Von|De|Da|Van|Od|От|Від|Från|Fra|Lähettäjä|Kimden|Gönderen|发件人|寄件者|差出人|送信者|보낸 사람|Expéditeur|Remitente|Mittente|Afzender|Feladó|Από|De la|מאת|من"
_SENT = (
    "Sent|Date|Gesendet|Datum|Envoyé|Envoyé le|Enviado|Enviado el|Enviada em|Enviada|Fecha|Data|Inviato|Verzonden|Wysłano|Wysłane|Отправлено|Дата|"
    "Надіслано|Skickat|Sendt|Dato|Lähetetty|Päivämäärä|Gönderildi|Gönderilme Tarihi|Tarih|发送时间|发送日期|日期|寄件日期|送信日時|日付|보낸 날짜|날짜|Odesláno|"
    "Elküldve|Küldve|Στάλθηκε|Ημερομηνία|Trimis|נשלח|תאריך|تاريخ الإرسال|التاريخ"
)
_OTHER = (
    "To|An|À|A|Para|Aan|Do|Кому|Till|Til|Vastaanottaja|Kime|Alıcı|收件人|收件者|宛先|받는 사람|Komu|Címzett|Προς|Către|אל|إلى|Subject|Betreff|Objet|Asunto|"
    "Oggetto|Assunto|Onderwerp|Temat|Тема|Ämne|Emne|Aihe|Konu|主题|主旨|件名|제목|Předmět|Tárgy|Θέμα|Subiect|נושא|الموضوع|Cc|Kopie|Copie|CC|Kopia|DW|Копия"
)
_LABEL = r"^[*\s]{{0,3}}(?:{})[*\s]{{0,3}}[:：][*\s]{{0,3}}"
FROM_LINE = re.compile(_LABEL.format(_FROM) + r".*\S", re.IGNORECASE)
SENT_LINE = re.compile(_LABEL.format(_SENT) + r".*\S", re.IGNORECASE)
OTHER_LINE = re.compile(_LABEL.format(_OTHER), re.IGNORECASE)

DELIMITER = re.compile(r"^(?:-- ?|—|–|-–|—-)$")
_DEVICE = r"(?:\S+ ){0,5}\S+"
PHONE = re.compile(
    rf"^(?:Sent from (?:my )?{_DEVICE}|Sent (?:with|via|using) {_DEVICE}|Get Outlook for .{{1,60}}|Von (?:meinem|unterwegs) .{{1,60}}gesendet.{{0,20}}|"
    r"Gesendet (?:von|mit|über) .{1,60}|Von .{1,40} gesendet|Diese Nachricht wurde von .{1,60} gesendet|Holen Sie sich Outlook für .{1,60}|"
    r"Envoyé (?:de|depuis|à partir d) ?.{1,60}|Télécharger Outlook pour .{1,60}|Enviado (?:desde|do|a partir d[oe]|pelo|con) .{1,60}|Obtener Outlook para .{1,60}|"
    r"Inviato (?:da|dal|con) .{1,60}|Scarica Outlook per .{1,60}|Verstuurd vanaf .{1,60}|Verzonden (?:vanaf|met|via) .{1,60}|Wysłan[eo] z .{1,60}|"
    r"Отправлено (?:с|из) .{1,60}|Надіслано з .{1,60}|Skickat från .{1,60}|Sendt fra .{1,60}|Lähetetty .{1,60}|Odesláno z .{1,60}|"
    r"(?:my )?iPhone['’]?\w* ?(?:gönderildi|から送信)|.{1,40}(?:から送信|에서 보냄|gönderildi)|(?:从我的|發自我的|发自我的|从).{1,40}(?:发送|傳送|iPhone|iPad)?|"
    r"Στάλθηκε από .{1,60}|Trimis de pe .{1,60}|Küldve .{1,60}|נשלח מ.{1,60}|أرسلت من .{1,60})$",
    re.IGNORECASE,
)  # fmt: skip
PHONE_LONGEST = 90
INVISIBLE = " \t\xa0\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""What mails in Hebrew and Arabic have around their lines."""
