"""Phone numbers as people type them, in E.164 and as they are read."""

from __future__ import annotations


def e164(typed: str, country: str = "") -> str | None:
    """The number in E.164, such as +442079460000; None for what nobody can call.

    `country` is the one whose numbers need no country code, by its two letters (ISO 3166).
    """
    import phonenumbers  # kept out of processes that never read one

    try:
        number = phonenumbers.parse(typed[:100], country or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return written if len(written) <= 16 else None


def readable(number: str) -> str:
    """A number in E.164 in groups, such as +44 20 7946 0000; any other text as it is."""
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def countries() -> list[str]:
    """The countries whose numbers are known, by their two letters."""
    import phonenumbers

    return sorted(phonenumbers.SUPPORTED_REGIONS)


def example(country: str = "") -> str:
    """A number as people of a country write it; with a country code where none is given."""
    import phonenumbers

    number = phonenumbers.example_number(country) if country else None
    if number is None:
        return "+44 20 7946 0000"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
