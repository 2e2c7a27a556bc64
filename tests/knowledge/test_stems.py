"""Words meet in their other forms, in several languages, whether accents are typed or not."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.texts import tokens


@pytest.mark.parametrize(
    "family",
    [
        "battery batteries", "charge charges charging charged", "install installed installing installation",
        "cancel cancelled cancellation", "delivery deliveries",
        "kündigen Kündigung Kündigungen Kuendigung", "Vertrag Verträge Verträgen", "Rechnung Rechnungen",
        "contraseña contraseñas contrasena", "batería baterías bateria", "factura facturas facturar",
        "annuler annulé annulation", "livraison livraisons", "connecter connecté",
        "ordine ordini ordinare ordinato", "spedizione spedizioni", "pagamento pagamenti",
        "пароль пароля пароли паролем", "доставка доставки доставку", "обновление обновления",
    ],
)  # fmt: skip
def test_forms_of_a_word_have_one_stem(family: str) -> None:
    for one, other in pairwise(tokens.stem(tokens.fold(word)) for word in family.split()):
        assert one == other


@pytest.mark.parametrize(
    "pair",
    [
        "station static",
        "account accent",
        "invoice invoke",
        "contact contract",
        "Konto Kontakt",
        "cuenta contar",
        "заказ указ",
    ],
)
def test_other_words_do_not_meet(pair: str) -> None:
    one, other = (tokens.stem(tokens.fold(word)) for word in pair.split())
    assert one != other


@given(st.text(max_size=100))
def test_stem_is_the_beginning_of_its_word(text: str) -> None:
    for word, _ in tokens.words(tokens.fold(text)):
        assert tokens.plain_umlauts(word).startswith(tokens.stem(word))
        assert tokens.stem(word)
