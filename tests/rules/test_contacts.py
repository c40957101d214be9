import pytest

from registry.rules.contacts import normalise_email, normalise_phone, sound_email, sound_phone

from .growth import EVEN, growth


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Anna.K@Example.KZ", "Anna.K@example.kz"),
        ("  a@b.kz ", "a@b.kz"),
        ("a\u200b@b\u00a0.kz", "a@b.kz"),
        ("o'neil+crm@mail.example.com", "o'neil+crm@mail.example.com"),
        ("пошта@мысал.қаз", "пошта@мысал.қаз"),
        ("a@xn--80ak6aa92e.xn--p1ai", "a@xn--80ak6aa92e.xn--p1ai"),
        ("e\u0301@example.kz", "é@example.kz"),
        ("ivan@почта.рф", "ivan@почта.рф"),
        ("анна.к-2@пример.com", "анна.к-2@пример.com"),
        ("'ivan@mail.ru", "ivan@mail.ru"),
        ("", ""),
    ],
)
def test_email_has_one_spelling(text, value):
    """An address is kept without invisible characters, its domain in lower case, international letters as written."""
    assert normalise_email(text) == (value, "", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("anna at example.kz", "an e-mail address looks like name@example.kz: correct it or leave it empty"),
        ("a@b.kz, c@d.kz", "one cell holds one e-mail address: keep one"),
        ("@b.kz", "an e-mail address looks like name@example.kz: correct it or leave it empty"),
        ("a@localhost", "the part after @ is not the name of a domain: correct it or leave it empty"),
        ("a@-b.kz", "the part after @ is not the name of a domain: correct it or leave it empty"),
        ("a@b.kz\nBcc: c@d.kz", "one cell holds one e-mail address: keep one"),
        ("a\nb@d.kz", "the part before @ is not that of an e-mail address: correct it or leave it empty"),
        ('"a b"@c.kz', "the part before @ is not that of an e-mail address: correct it or leave it empty"),
        ("a..b@c.kz", "the part before @ is not that of an e-mail address: correct it or leave it empty"),
        (f"{'a' * 65}@c.kz", "the part before @ is not that of an e-mail address: correct it or leave it empty"),
        ("anna@gm\u0430il.com", "a word after @ mixes Latin and Cyrillic letters: type it again, or leave it empty"),
        (
            "ivan@gmail.\u0441\u043em",
            "a word after @ mixes Latin and Cyrillic letters: type it again, or leave it empty",
        ),
        ("iv\u0430n@mail.ru", "the part before @ mixes Latin and Cyrillic letters: type it again, or leave it empty"),
        (
            "\u0430.ivanov@mail.ru",
            "the part before @ mixes Latin and Cyrillic letters: type it again, or leave it empty",
        ),
        (f"a@{'b' * 260}.kz", "an e-mail address has at most 254 characters: correct it or leave it empty"),
    ],
)
def test_email_that_cannot_be_written_to_is_refused(text, reason):
    """What is no single address is refused, header lines smuggled into it included."""
    assert normalise_email(text).error == reason


@pytest.mark.parametrize("normalise", [normalise_email, normalise_phone])
@pytest.mark.parametrize(
    "parts", [("a@", "b."), ("", "a.", "@b.kz"), ("", "@"), ("", "\u200b"), ("", "1"), ("", " ", "x")]
)
def test_contacts_of_any_length_are_judged_at_once(parts, normalise):
    """A cell made to keep the computer busy is no more than its share of work."""
    assert growth(normalise, *parts) < EVEN


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("+77010000001", "+77010000001"),
        ("8 (701) 000-00-01", "+77010000001"),
        ("87010000001", "+77010000001"),
        ("'+7 701 000 00 01", "+77010000001"),
        ("+7-777-807-95-83", "+77778079583"),
        ("7 (727)\u00a02501234", "+77272501234"),
        ("+7 495 123-45-67", "+74951234567"),
        ("79161234567", "+79161234567"),
        ("7 916 123 45 67", "+79161234567"),
        ("89161234567", "+79161234567"),
        ("7-495-123-45-67", "+74951234567"),
        ("7 (495) 123\u201345\u201367", "+74951234567"),
        ("+49 711 78380", "+4971178380"),
        ("", ""),
    ],
)
def test_phone_is_kept_as_e164(text, value):
    """A phone has one form, read as in Kazakhstan where it names no country; the 7 of eleven digits names Russia, too."""
    assert normalise_phone(text) == (value, "", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("8 701 000 00 01, 8 702 000 00 02", "one cell holds one phone number: keep one"),
        ("7,70112E+10", "a spreadsheet has rounded this number, its digits are lost: export it as text"),
        ("7.70112E+10", "a spreadsheet has rounded this number, its digits are lost: export it as text"),
        ("12345", "this is no phone number in use: write it as +7 701 123 45 67, or leave it empty"),
        ("7916123456", "this is no phone number in use: write it as +7 701 123 45 67, or leave it empty"),
        ("791612345678", "this is no phone number in use: write it as +7 701 123 45 67, or leave it empty"),
        ("8 727 250 12 34 внутр", "this is no phone number in use: write it as +7 701 123 45 67, or leave it empty"),
        ("no phone", "this is no phone number in use: write it as +7 701 123 45 67, or leave it empty"),
        ("+7 701 CALLNOW", "this is no phone number in use: write it as +7 701 123 45 67, or leave it empty"),
        ("1" * 60, "a phone number has at most 40 characters: correct it"),
    ],
)
def test_phone_that_cannot_be_called_is_refused(text, reason):
    """What is no single number in use is refused."""
    assert normalise_phone(text).error == reason


@pytest.mark.parametrize(
    "text",
    ["+7 727 250 12 34 ext. 15", "87272501234 доб. 15", "8 (727) 250-12-34 вн. 15", "7-727-250-12-34 (внутр. 15)"],
)
def test_phone_extension_is_left_out_and_said(text):
    """An extension has no place in E.164: it is left out, and the importer is told."""
    assert normalise_phone(text) == (
        "+77272501234",
        "",
        "the extension is left out: only the number is kept",
    )


SOUND_PHONES = [
    "8 (701) 123-45-67",
    "+77011234567",
    "'+77011234567",
    "87011234567",
    "+7-701-123-45-67",
    "7 701 123 45 67",
]
OTHER_PHONES = [
    "8 (727) 250-12-34",
    "+7 495 123-45-67",
    "8 701 123 45 6",
    "=87011234567",
    "8 (701) 123-45-67 доб. 2",
    "",
]


def test_short_way_of_phones_gives_what_the_long_one_gives():
    """The usual forms of mobile numbers here are read at once, all others by the library."""
    assert {sound_phone(text) for text in SOUND_PHONES} == {"+77011234567"}
    assert {normalise_phone(text).value for text in SOUND_PHONES} == {"+77011234567"}
    assert {sound_phone(text) for text in OTHER_PHONES} == {None}


@pytest.mark.parametrize(
    "text", ["a@b.kz", "Anna.K-1_x+crm@mail.example-2.com", "a@b.c", "a@B.kz", "a..b@c.kz", "a@b-.kz", "a@b-kz", ""]
)
def test_short_way_of_addresses_gives_what_the_long_one_gives(text):
    """A plainly sound address is the one the rules would store; what is doubtful takes the long way."""
    found = sound_email(text)
    assert found in (None, text)
    assert found is None or normalise_email(text) == (text, "", "")
    assert (found is None) == (text not in ("a@b.kz", "Anna.K-1_x+crm@mail.example-2.com"))
