"""E-mail addresses and phone numbers in one spelling each."""

import re
import unicodedata

import phonenumbers
from django.utils.translation import gettext as _

from registry.rules.identifiers import Checked, rounding_error
from registry.rules.names import mixes_alphabets

EMAIL_MAX_LENGTH = 254
LOCAL_PART_MAX_LENGTH = 64
PHONE_MAX_LENGTH = 40
HOME_REGION = "KZ"

_INVISIBLE = dict.fromkeys(map(ord, "\u00a0\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\u202f\ufeff"))
_LOCAL_PART = re.compile(r"[^\s@\"(),:;<>\[\]\\\x00-\x1f\x7f.]+(\.[^\s@\"(),:;<>\[\]\\\x00-\x1f\x7f.]+)*")
_DOMAIN = re.compile(r"([^\W_]([\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]")
# The mobile ranges of Kazakhstan as they are mostly written; the library knows them too but is 60 times slower.
_HOME_MOBILE = re.compile(
    r"(?:'?\+7|8|7)[ ().-]*(7(?:0[0-25-8]|47|6[0-4]|7[15-8]|85))[ ().-]*(\d{3})[ .-]*(\d{2})[ .-]*(\d{2})", re.ASCII
).fullmatch
# An address that is sound at first sight: short, plain letters, the domain in lower case.
_PLAIN_EMAIL = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,24}", re.ASCII
).fullmatch
PLAIN_EMAIL_MAX_LENGTH = 60
_LETTER = re.compile(r"[^\W\d_]")
_NO_LETTERS = re.compile(r"[\W\d_]+")
_SEVERAL = re.compile(r"[,;/|\n]")
# The country code without its plus: the library takes it for one here only where the rest is a number of Kazakhstan.
_COUNTRY_CODE = re.compile(r"7(?:[ ().\u2010-\u2015-]*\d){10}(?!\d)", re.ASCII).match
# An extension as it is said here; the library knows “доб.”.
_EXTENSION = re.compile(r"(?<=[\d\s(])вн(?:утр(?:енний)?)?\.?\s?(?=\d)", re.IGNORECASE)


def sound_email(text: str) -> str | None:
    """The address where it is plainly one in its one spelling, as nearly all are; None where it must be looked at."""
    return text if len(text) <= PLAIN_EMAIL_MAX_LENGTH and _PLAIN_EMAIL(text) else None


def sound_phone(text: str) -> str | None:
    """The E.164 number of a mobile phone of Kazakhstan in one of its usual forms; None where it must be looked at."""
    match = _HOME_MOBILE(text) if len(text) <= PHONE_MAX_LENGTH else None
    return "+7" + "".join(match.groups()) if match else None


def normalise_email(text: str) -> Checked:
    """One address: NFC, nothing invisible, the domain in lower case. International ones are kept as written, in one alphabet each word."""
    address = text.strip()
    if len(address) > EMAIL_MAX_LENGTH * 2:
        return Checked(address, _too_long())
    address = unicodedata.normalize("NFC", address.translate(_INVISIBLE)).strip().lstrip("'")
    if not address:
        return Checked()
    if len(address) > EMAIL_MAX_LENGTH:
        return Checked(address, _too_long())
    local, at, domain = address.rpartition("@")
    if "@" in local:
        return Checked(address, _("one cell holds one e-mail address: keep one"))
    if not at or not local or not domain:
        return Checked(address, _("an e-mail address looks like name@example.kz: correct it or leave it empty"))
    if len(local) > LOCAL_PART_MAX_LENGTH or not _LOCAL_PART.fullmatch(local):
        return Checked(address, _("the part before @ is not that of an e-mail address: correct it or leave it empty"))
    domain = domain.lower()
    if not _DOMAIN.fullmatch(domain) or any(len(label) > 63 for label in domain.split(".")):
        return Checked(address, _("the part after @ is not the name of a domain: correct it or leave it empty"))
    return Checked(f"{local}@{domain}", _mixed(local, domain))


def _mixed(local: str, domain: str) -> str:
    """Why gmаil.com with a Cyrillic а is no domain, and such a word before @ nobody's; empty where each is of one alphabet."""
    if mixes_alphabets(_NO_LETTERS.sub("", local)):
        return _("the part before @ mixes Latin and Cyrillic letters: type it again, or leave it empty")
    if any(mixes_alphabets(_NO_LETTERS.sub("", label)) for label in domain.split(".")):
        return _("a word after @ mixes Latin and Cyrillic letters: type it again, or leave it empty")
    return ""


def normalise_phone(text: str) -> Checked:
    """One number as E.164, read as in Kazakhstan where it has no country code: eleven digits that begin with 7 have one."""
    if value := sound_phone(text):
        return Checked(value)
    number = text[: PHONE_MAX_LENGTH * 2].translate(_INVISIBLE).strip().lstrip("'")
    if not number:
        return Checked()
    if len(number) > PHONE_MAX_LENGTH:
        return Checked(
            number, _("a phone number has at most %(limit)d characters: correct it") % {"limit": PHONE_MAX_LENGTH}
        )
    if error := rounding_error(number):
        return Checked(number, error)
    if _SEVERAL.search(number):
        return Checked(number, _("one cell holds one phone number: keep one"))
    return _by_library(number)


def _by_library(number: str) -> Checked:
    wrong = _("this is no phone number in use: write it as +7 701 123 45 67, or leave it empty")
    said = _EXTENSION.sub("доб. ", f"+{number}" if _COUNTRY_CODE(number) else number)
    try:
        parsed = phonenumbers.parse(said, HOME_REGION)
    except phonenumbers.NumberParseException:
        return Checked(number, wrong)
    spelt = not parsed.extension and _LETTER.search(number.removeprefix("tel:"))  # the library would dial the letters
    if spelt or not phonenumbers.is_valid_number(parsed):
        return Checked(number, wrong)
    value = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return Checked(value, "", _("the extension is left out: only the number is kept") if parsed.extension else "")


def _too_long() -> str:
    return _("an e-mail address has at most %(limit)d characters: correct it or leave it empty") % {
        "limit": EMAIL_MAX_LENGTH
    }
