"""What a customer's message asks for besides an answer: a person, or nothing more.

It knows phrases of a few languages, and errs on the careful side: a missed intent is answered like any other message, a
wrong one costs a person's time or ends a conversation too early.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from conversations.knowledge import stems

_PERSON = (
    r"human(?: being| agent| support)?|real (?:person|human|agent)|(?:live |support |service )?agent|person|operator|"
    r"representative|rep|someone (?:real|from (?:your|the) team)|somebody (?:real|from (?:your|the) team)|"
    r"(?:support |service )team|staff member|employee|manager|supervisor|team ?-?mate|colleague"
)
_ASKS = (
    # English: "talk to a human", "can I speak with somebody from your team", "get me an agent", "human please"
    rf"\b(?:talk|talking|speak|speaking|chat) (?:\w+ )?(?:to|with) (?:an? |the |your |some )?(?:{_PERSON})\b",
    rf"\b(?:connect|transfer|escalate|pass|put|hand) (?:me|us|this|it)(?: on| over| through)? (?:to|with) "
    rf"(?:an? |the |your |some )?(?:{_PERSON})\b",
    r"\b(?:want|need|get me|give me|like|prefer) (?:to have |to see )?(?:an? |some )?(?:actual |real |live )?"
    r"(?:human|person|agent|operator|representative|team ?-?mate|colleague)\b",
    r"^\W*(?:an? )?(?:human|real person|live agent|agent|operator|representative|team ?-?mate)\b\W*(?:please|now)?\W*$",
    # German, French, Spanish, Italian, Portuguese, Dutch
    r"\bmit (?:einem|einer|eurem|ihrem) (?:echten )?(?:menschen|mitarbeiter(?:in)?|person|kollegen|kundenberater)\b",
    r"\b(?:parler|discuter) (?:à|avec) (?:un|une|quelqu|votre)\w*\W*(?:humain|personne|agent|conseiller|conseillère|équipe|un)?\b",
    r"\bhablar con (?:una?|alguien|su|vuestro)\b",
    r"\bparlare con (?:una?|un'|qualcuno)",
    r"\bfalar com (?:uma?|alguém|um)\b",
    r"\b(?:met|naar) een (?:mens|medewerker|persoon)\b",
)
_ASKS_FOR_PERSON = re.compile("|".join(f"(?:{part})" for part in _ASKS), re.I)
_DECLINES = re.compile(
    r"\b(?:don'?t|do not|no|not|rather not|without) (?:\w+ ){0,6}(?:human|person|agent|operator|representative|team ?-?mate|colleague)\b"
    r"|\bno need (?:for|to)\b",
    re.I,
)

_SETTLED = re.compile(
    r"\b(?:that|this|it|which|you)(?:'s| has| have| is| was)? ?(?:just |really |finally |totally )?"
    r"(?:worked|works|helped|helps|solved|solves|fixed|fixes|did it|did the trick|answers? (?:it|my question)|was it)\b"
    r"|\b(?:problem|issue|question|it)(?:'s| is| has been| was)? (?:now )?(?:solved|fixed|resolved|answered|sorted)\b"
    r"|\bworks? (?:now|again|fine|perfectly)\b|\ball (?:good|sorted|set)\b|\bthat'?s all\b"
    r"|\b(?:hat|das) (?:funktioniert|geklappt|geholfen)\b|\b(?:jetzt|nun) (?:geht|funktioniert)\b"
    r"|\b(?:ça|cela) (?:marche|fonctionne)\b|\bproblème résolu\b|\b(?:ya )?funciona\b|\bresuelto\b|\brisolto\b|\bopgelost\b",
    re.I,
)
_UNSETTLED = re.compile(
    r"\?|\bnot\b|n't\b|\bbut\b|\bstill\b|\bexcept\b|\bhowever\b|\bno\b|\bnever\b|\bnicht\b|\baber\b|\bpas\b|\bmais\b|\bno\b|\bpero\b|\bnon\b|\bniet\b",
    re.I,
)
_AGREES = re.compile(
    r"(?:yes|yeah|yep|sure|of course|ok(?:ay)?|please(?: do)?|go ahead|do it|ja|jep|klar|gerne|bitte|oui|ouais|d'accord|volontiers|"
    r"sí|si|claro|vale|certo|va bene|sim|graag|doe maar|tak|proszę|jasne|はい|お願いします|نعم|أجل|اجل|是|好|好的)"
    r"(?:[\s,.!]+(?:yes|please|thanks?|thank you|sure|do|ok|bitte|gerne|danke|s'il vous plaît|s'il te plaît|merci|por favor|gracias|"
    r"per favore|grazie|obrigad[oa]|graag|alsjeblieft|alstublieft|proszę|dziękuję|من فضلك))*",
    re.I,
)
_LONGEST_SETTLED = 160  # characters; a longer message says more than thanks


def asks_for_person(text: str) -> bool:
    """Whether the customer wants to talk to a person."""
    return bool(_ASKS_FOR_PERSON.search(text)) and not _DECLINES.search(text)


def is_settled(text: str) -> bool:
    """Whether the customer says that the problem is solved."""
    return len(text) <= _LONGEST_SETTLED and bool(_SETTLED.search(text)) and not _UNSETTLED.search(text)


def agrees(text: str) -> bool:
    """Whether the customer says yes, and no more than that, to a question of the assistant."""
    return bool(_AGREES.fullmatch(text.strip(" \t\r\n.!,。！、")))


def topic_of(text: str, topics: Iterable[str]) -> str:
    """The first of the topics all of whose words are in the text, or ""."""
    words = stems.stems(text)
    for topic in topics:
        wanted = stems.stems(topic)
        if wanted and wanted <= words:
            return topic
    return ""
