"""Removing personal details from answers of earlier conversations before other customers see them.

A sentence with a number, an amount, a date, a relative time or a name is left out, unless a published article contains the
same. Names are those of the people in that conversation and in the workspace, and any word that is written as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from conversations.knowledge import stems
from conversations.knowledge.courtesies import without_farewell, without_greeting
from conversations.models.knowledge import ArticleQuerySet
from conversations.models.searched import TokensQuery
from conversations.texts import tokens

_MOST = 200  # details that are looked up in articles
_MOST_ARTICLES = 100
_PIECE = re.compile('(?<=[.!?…]\\s)|(?<=[.!?…]["”’)]\\s)|(?<=[。！？])(?! )|(?<=[。！？] )|(?<=\\n)')
_ABBREVIATED = re.compile(
    r"(?:^|\s)(?:[^\W\d_]|Dr|Mr|Mrs|Ms|Prof|St|No|Nr|Hr|Fr|Mme|Sr|Sra|z\.B|e\.g|i\.e|approx|ca|bzw|vs)\.\s$"
)
_ITEM = re.compile(r"\s*\d{1,2}\.\s")
_MARKER = re.compile(r"^\s*(?:#{1,6}\s+|[-*•]\s+|\d{1,2}[.)]\s+)")
_STRETCH = re.compile(r"[^\s\"'()<>“”„«»，。、；]+")
_LONGEST = 10_000  # characters of a text that are looked at
_EDGES = ".,;:!?…。，、！？*_`~"
_WORD_FOR_NUMBER = (
    "two three four five six seven eight nine ten eleven twelve fourteen fifteen twenty thirty forty fifty hundred thousand dozen "
    "zwei drei vier funf sechs sieben acht neun zehn elf zwolf vierzehn zwanzig dreissig vierzig funfzig hundert tausend dutzend "
    "dos tres cuatro cinco seis siete ocho nueve diez doce quince veinte treinta cien mil deux trois quatre cinq sept huit neuf "
    "dix douze quinze vingt trente cent mille twee drie vijf zes zeven negen tien due tre quattro cinque sei sette otto nove dieci "
    "dois quatro oito dez два три четыре пять шесть семь восемь девять десять"
)
_WORD_FOR_TIME = (
    "today tomorrow yesterday tonight ago noon midnight weekend weekday monday tuesday wednesday thursday friday saturday sunday "
    "january february april june july august september october november december "
    "heute morgen gestern ubermorgen vorgestern montag dienstag mittwoch donnerstag freitag samstag sonntag wochenende januar "
    "februar marz mai juni juli oktober dezember hoy manana ayer lunes martes miercoles jueves viernes sabado domingo enero "
    "febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre demain hier lundi mardi mercredi jeudi "
    "vendredi samedi dimanche janvier fevrier avril juin juillet aout octobre decembre oggi domani ieri hoje amanha ontem "
    "vandaag gisteren maandag dinsdag woensdag donderdag vrijdag zaterdag zondag сегодня завтра вчера понедельник вторник среду "
    "четверг пятницу اليوم غدا امس أمس"
)
_PHRASE_FOR_TIME = re.compile(
    r"\b(?:next|last|this|coming|past) (?:week|month|year|day|hour|quarter|spring|summer|autumn|fall|winter|morning|evening)\b"
    r"|\b(?:in|within|after|for|every) (?:an?|one|half an|a few|a couple of|some) (?:minute|hour|day|week|month|year)s?\b"
    r"|\b(?:nachste|naechste|letzte|kommende|vergangene|diese)[rnsm]? (?:woche|monat|jahr|tage?)\w*"
    r"|\b(?:in|vor|seit) eine[rmn]? (?:minute|stunde|tag|woche|monat|jahr)\w*"
    r"|\b(?:la |el )?(?:semana|mes|ano) (?:que viene|proxim[ao]|pasad[ao])\b|\bdentro de una? \w+"
    r"|\b(?:la )?(?:semaine|mois|annee) (?:prochaine?|derniere?)\b|\bdans une? \w+|\bd'ici\b|aujourd'hui"
    r"|今天|明天|昨天|后天|後天|前天|今日|明日|昨日|下周|上周|本周|来週|先週|今週|下个月|上个月|来月|先月|明年|去年|星期[一二三四五六日天]|周[一二三四五六日]"
    r"|[月火水木金土日]曜|오늘|내일|어제|모레|다음 ?주|지난 ?주|이번 ?주|[월화수목금토일]요일|วันนี้|พรุ่งนี้|เมื่อวาน"
    r"|[一二三四五六七八九十百千万两兩]{1,8} ?(?:天|日|元|个|個|小时|時間|分|月|年|周|週|号|番|円|回|次|つ)"
)
_CALLED = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herrn?|Frau|Monsieur|Madame|Mme|Señora?|Sra?|Signora?|Dhr|Mevr)\.? +\w+"
    r"|[\u4e00-\u9fff]{1,3}(?:先生|女士|小姐|老师|老師|经理)|[\u3040-\u30ff\u4e00-\u9fff]{1,6}(?:さん|様|氏)|[\uac00-\ud7a3]{2,4}(?:씨|님)|คุณ[\u0e00-\u0e7f]+"
    r"|(?:السيدة?|الأستاذة?) +\w+"
)
_CAPITALISED = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NOT_NAMES = frozenset(["i", "i'm", "i'll", "i've", "i'd", "i’m", "i’ll", "i’ve", "i’d", "ok"])
_GERMAN = re.compile(r"\b(?:der|die|das|und|ist|nicht|sie|ich|wir|bitte|ein|eine|den|mit|auf)\b", re.I)
_GERMAN_YOU = re.compile("Sie|Ihnen|Ihre?[mnrs]?")
_TIMES = frozenset(_WORD_FOR_TIME.split())
# A number in words with a unit of time or money, such as a delay or a price.
_COUNTED = re.compile(
    rf"\b(?:{_WORD_FOR_NUMBER.replace(' ', '|')})\b(?: \w+)? (?:hour|day|week|month|year|euro|dollar|pound|franc|cent|percent|"
    r"stunde|tag|woche|monat|jahr|prozent|hora|dia|semana|mes|ano|heure|jour|semaine|mois|uur|dagen|weken|maand|ora|ore|giorn|"
    r"settiman|mesi|mes[ei]|час|дн|день|недел|месяц|рубл)\w*"
)


def redacted(texts: Sequence[str], *, articles: ArticleQuerySet, people: Iterable[str]) -> list[str]:
    """Each text without the sentences that hold details of one customer; "" where none is left.

    One query at most.
    """
    known = _parts_of_names(people)
    split = [[(piece, _details(piece, known)) for piece in _pieces(_bare(text))] for text in texts]
    public = _in_articles({detail for pieces in split for _, details in pieces for detail in details}, articles)
    return [_joined(piece for piece, details in pieces if details <= public) for pieces in split]


def _bare(text: str) -> str:
    return without_farewell(without_greeting(text[:_LONGEST]))


def _pieces(text: str) -> Iterator[str]:
    """Sentences and lines, each with what follows it."""
    begun = ""
    for piece in _PIECE.split(text):
        begun += piece
        if not _ABBREVIATED.search(begun[-14:]) and not _ITEM.fullmatch(begun):
            yield begun
            begun = ""
    if begun:
        yield begun


def _details(piece: str, people: frozenset[str]) -> set[str]:
    """The details in a sentence that may be one customer's alone, folded."""
    text = _MARKER.sub("", piece)
    found = {one for one in _STRETCH.findall(text) if "@" in one or "://" in one or any(map(str.isdigit, one))}
    found |= {called[0] for called in _CALLED.finditer(text)}
    found |= set(_names(text))
    folded = tokens.fold(text)
    found |= {phrase[0] for phrase in _PHRASE_FOR_TIME.finditer(folded)}
    words = {word for word, _ in tokens.words(folded)}
    found |= {word for word in words if word in _TIMES}
    found |= {phrase[0] for phrase in _COUNTED.finditer(folded)}
    # "may" is a word, May is not.
    written = {tokens.fold(word) for word, _ in tokens.words(text) if not word.islower()}
    found |= {name for name in people if name in written or (len(name) > 1 and not name.isascii() and name in folded)}
    return {bare for one in found if (bare := tokens.fold(one).strip(_EDGES))}


def _names(text: str) -> Iterator[str]:
    """Words with a capital letter where no sentence begins."""
    is_german = bool(_GERMAN.search(text))
    previous: re.Match[str] | None = None
    for word in _CAPITALISED.finditer(text):
        is_name = (
            word[0][0].isupper() and not (word[0].isupper() and len(word[0]) <= 5) and word[0].lower() not in _NOT_NAMES
        )
        before = text[: word.start()].rstrip()
        begins = not before or before[-1] in '.!?:…"“„»«(>–—*'
        # In German every noun has a capital, and so has "Sie": two others in a row are a name.
        follows = previous is not None and text[previous.end() : word.start()] == " "
        if is_name and not begins and (follows or not is_german):
            yield word[0]
        previous = word if is_name and not begins and not _GERMAN_YOU.fullmatch(word[0]) else None


def _parts_of_names(people: Iterable[str]) -> frozenset[str]:
    """The parts of people's names; a name in a script without spaces is one part."""
    folded = (tokens.fold(person) for person in people)
    return frozenset(part for person in folded for part in (person, *re.split(r"[\s,.@]+", person)) if len(part) > 1)


def _in_articles(details: set[str], articles: ArticleQuerySet) -> set[str]:
    """Those of the details that one of the articles contains."""
    asked = {detail: " & ".join(tokens.query(f"{detail}")) for detail in sorted(details)[:_MOST]}
    queries = [query for query in asked.values() if query]
    if not queries:
        return set()
    rows = articles.filter(tokens=TokensQuery(" | ".join(f"({query})" for query in queries)))
    texts = [
        f" {tokens.fold(f'{title} {body}')} " for title, body in rows.values_list("title", "body")[:_MOST_ARTICLES]
    ]
    return {detail for detail in asked if any(_contains(text, detail) for text in texts)}


def _contains(text: str, detail: str) -> bool:
    edge = r"(?![^\W_])" if detail[-1].isascii() else ""
    return (
        re.search(rf"(?<![^\W_]){re.escape(detail)}{edge}" if detail[0].isascii() else re.escape(detail), text)
        is not None
    )


def _joined(pieces: Iterable[str]) -> str:
    text = re.sub(r"\n{3,}", "\n\n", "".join(pieces)).strip()
    return text if stems.stems(text) else ""
