"""Names of people: one spelling, letters a CRM lost, and the key they are searched by."""

import re
import unicodedata

from django.utils.translation import gettext as _

from registry.rules.identifiers import Checked

NAME_MAX_LENGTH = 200
# What stands where a letter was lost: cp1251 has no Kazakh letters, so a CRM writes "?" for them.
LOST = "?\ufffd"
# Kazakh letters and the Russian or Latin ones written for them where the keyboard or the encoding lacks them.
STAND_INS = {
    "ә": "аэ",
    "ғ": "г",
    "қ": "к",
    "ң": "н",
    "ө": "о",
    "ұ": "у",
    "ү": "у",
    "һ": "хг",
    "і": "иыi",
}

_BLANKS = re.compile(r"[\s\u200b\u2060\ufeff]+")
_ZERO_WIDTH = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad"))
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def collapse(text: str) -> str:
    """NFC, without invisible characters, blanks of every kind as one space."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return _BLANKS.sub(" ", unicodedata.normalize("NFC", text.translate(_ZERO_WIDTH))).strip()


def clean_id(text: str) -> str:
    """A person's id in the CRM as it is compared and stored: two ids that look the same are the same."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    visible = (mark for mark in text if mark.isspace() or unicodedata.category(mark) not in ("Cc", "Cf"))
    return collapse("".join(visible))


def clean_name(text: str) -> Checked:
    """One part of a name as it is stored. Any script, apostrophes, hyphens and one-word names are names."""
    name = collapse(text)
    if len(name) > NAME_MAX_LENGTH:
        return Checked(
            name,
            _("a part of a name has at most %(limit)d characters, this one has %(count)d: shorten it")
            % {"limit": NAME_MAX_LENGTH, "count": len(name)},
        )
    if _CONTROLS.search(name):
        return Checked(name, _("a name has no control characters: type it again"))
    return Checked(name)


def lost_letters(name: str) -> bool:
    """Whether a letter of the name was lost on the way ("?" anywhere in it)."""
    return any(mark in name for mark in LOST)


def same_but_for_lost_letters(stored: str, incoming: str) -> bool:
    """Whether incoming is the stored name with letters lost, or written in Russian letters for Kazakh ones.

    Such a name knows less than the stored one and never replaces it; the other way round it may.
    """
    old, new = stored.casefold(), incoming.casefold()
    if len(old) != len(new):
        return False
    worse = False
    for was, is_now in zip(old, new, strict=True):
        if was == is_now:
            continue
        if is_now in LOST or is_now in STAND_INS.get(was, ""):
            worse = True
        elif not (was in LOST or was in STAND_INS.get(is_now, "")):
            return False
    return worse


# Who has no Kazakh keyboard types Касымова and means Қасымова too.
_RUSSIAN = str.maketrans("әғқңөұүһі", "агкноуухи")


def fold(text: str) -> str:
    """Text as it is compared in searches: compatibility forms joined, letter case gone, Kazakh letters as Russian ones."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_RUSSIAN)


def search_key(*, surname="", given_name="", patronymic="", email="", phone="", iin="", crm_id="") -> str:
    """All that a person is searched by, folded and joined by spaces; a phone by its digits."""
    parts = (surname, given_name, patronymic, email, phone.lstrip("+"), iin, crm_id)
    return fold(" ".join(filter(None, parts)))
