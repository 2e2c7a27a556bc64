"""Stems of the significant words of a text, by which knowledge is searched; words are folded as in every search.

Stemming is the same for all languages; it only has to bring "charging" and "charges", "kündigen" and "Kündigung" to one
form. Umlauts count as their plain letters, however they are spelled. Scripts without spaces are compared by the
overlapping pieces of their words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from conversations.texts import tokens

MOST_WORDS = 24
_SHORTEST_WORD = 3
# Function characters of Chinese and Japanese: a piece with one of them has no meaning of its own.
_FUNCTIONAL = re.compile("[我你您他她它们的了吗呢吧啊怎么什如何请能可以是在有和也都就不没这那个为被把给\u3040-\u309f]")
_COMMON = frozenset({
    "about", "after", "again", "all", "also", "and", "another", "any", "are", "because", "been", "before", "but",
    "can", "cannot", "could", "did", "does", "doesn", "doing", "don", "each", "even", "every", "for", "from", "get",
    "gets", "getting", "good", "got", "had", "has", "have", "hello", "help", "her", "here", "him", "his", "how",
    "into", "isn", "its", "just", "know", "let", "like", "more", "much", "need", "not", "now", "off", "one", "only",
    "other", "our", "out", "over", "please", "regards", "said", "says", "she", "since", "some", "still", "such",
    "team", "tell", "than", "thank", "thanks", "that", "the", "their", "them", "then", "there", "these", "they",
    "this", "too", "tried", "try", "trying", "use", "used", "using", "very", "want", "was", "way", "were", "what",
    "when", "where", "which", "while", "who", "why", "will", "with", "would", "yes", "yet", "you", "your",
    # German; of this and the others none that means something in English
    "aber", "als", "auch", "auf", "aus", "bei", "bin", "bis", "bitte", "das", "dass", "dem", "den", "der", "des", "die",
    "doch", "durch", "ein", "eine", "einem", "einen", "einer", "eines", "er", "es", "fur", "fuer", "hab", "habe", "haben",
    "hallo", "hat", "ich", "ihr", "ihre", "ihren", "ist", "kann", "kein", "keine", "konnen", "koennen", "man", "mein", "meine",
    "meinen", "mich", "mir", "mit", "nach", "nicht", "noch", "nur", "oder", "ohne", "schon", "sehr", "sein", "sich", "sie",
    "sind", "uber", "ueber", "und", "uns", "unser", "vom", "von", "vor", "warum", "wann", "wenn", "wer", "werden",
    "wie", "wir", "wird", "wo", "zu", "zum", "zur", "muss", "mochte", "moechte", "danke", "gerne", "welche", "wurde",
    # Spanish, Portuguese, Italian
    "como", "con", "cual", "cuando", "del", "desde", "donde", "ella", "ellos", "esta", "este", "esto", "estoy", "gracias",
    "hacer", "hay", "hola", "las", "los", "mis", "muy", "nos", "para", "pero", "por", "porque", "puede", "puedo", "que",
    "quiero", "quien", "ser", "sobre", "soy", "sus", "tengo", "tiene", "una", "uno", "usted", "eu", "meu", "minha",
    "nao", "posso", "quero", "ola", "obrigado", "uma", "che", "della", "mia", "mio", "non",
    "sono", "ciao", "grazie", "quando", "perche", "vorrei",
    # French
    "avec", "bonjour", "cela", "ces", "cette", "comment", "dans", "elle", "est", "etre", "faire", "ils", "les",
    "leur", "mais", "merci", "mes", "mon", "notre", "nous", "ont", "pas", "peut", "peux", "pourquoi", "puis",
    "quand", "quel", "quelle", "qui", "sans", "ses", "sont", "une", "votre", "vos", "vous", "veux", "voudrais",
    # Dutch, Russian
    "een", "het", "hoe", "mijn", "niet", "ook", "voor", "wat", "waar", "zijn", "как", "что", "это", "мне", "мой", "моя",
    "для", "или", "можно", "могу", "где", "есть", "при",
    # Korean
    "어떻게", "제가", "저는", "무엇", "언제", "안녕하세요",
})  # fmt: skip


def stems(text: str) -> set[str]:
    """The stems of all significant words of a text."""
    return {one for one, _ in _stemmed(text)}


def significant(texts: Sequence[str]) -> dict[str, str]:
    """The significant words of several texts by stem, each once, the last text's first; at most 24."""
    found: dict[str, str] = {}
    for text in reversed(texts):
        for one, word in _stemmed(text):
            found.setdefault(one, word)
    return dict(list(found.items())[:MOST_WORDS])


def _stemmed(text: str) -> Iterator[tuple[str, str]]:
    for word, size in tokens.words(tokens.fold(text)):
        if tokens.is_korean(word):
            if len(word) > 1 and word not in _COMMON:
                yield tokens.without_particle(word), word
        elif size:
            yield from (
                (piece, piece) for piece in tokens.pieces(word, size) if len(piece) == size and _is_significant(piece)
            )
        elif len(word) >= _SHORTEST_WORD and word not in _COMMON:
            yield tokens.stem(word), word


def _is_significant(piece: str) -> bool:
    return _FUNCTIONAL.search(piece) is None


def query(wanted: Sequence[str]) -> str:
    """A `tsquery` for texts with words that begin with two of the stems, or with the only one."""
    terms = [_term(one) for one in wanted]
    if len(terms) < 2:
        return "".join(terms)
    return " | ".join(f"{one} & ({' | '.join(terms[n:])})" for n, one in enumerate(terms[:-1], start=1))


def _term(stem_: str) -> str:
    pieces = [piece for word, size in tokens.words(stem_) if size for piece in tokens.pieces(word, size)]
    return f"({' & '.join(map(tokens.exactly, pieces))})" if pieces else tokens.beginning(stem_)
