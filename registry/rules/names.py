"""Names of people: one spelling, letters a CRM lost, and the key they are searched by."""

import re
import unicodedata
from collections import Counter
from operator import itemgetter

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
    if text.isprintable() and "  " not in text and (text.isascii() or unicodedata.is_normalized("NFC", text)):
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


def is_garbled(name: str) -> bool:
    """Whether the name is UTF-8 that something read as another encoding: РђРЅРЅР°. No name of people reads like that."""
    return not name.isascii() and any(map(_was_utf8, ("cp1251", "cp1252"), (name, name)))


def _was_utf8(encoding, name):
    try:
        return len(name.encode(encoding).decode()) < len(name)
    except UnicodeError:
        return False


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


def has_lost_letters(stored: str, text: str) -> bool:
    """Whether a text that takes the place of the stored one lost letters on the way: it is the same but for them, or a word of it has
    a "?" before a small Cyrillic letter. Questions and addresses have such marks, too, and are texts like others.
    """
    if any("/" not in word and _LOST_IN_A_WORD.search(word) for word in text.split()):
        return True
    became = zip(stored, text, strict=False)
    return any(was.isalpha() and now in LOST for was, now in became) and same_but_for_lost_letters(stored, text)


# Who has no Kazakh keyboard types Касымова and means Қасымова too; ё is written е by most, and the dot of İ goes with its case.
_TYPED = (*zip("әғқңөұүһіё", "агкноуухие", strict=True), ("\u0307", ""))
# The apostrophes and hyphens of telephones and word processors: O’Neill, Жан‑Поль.
_MARKS = re.compile("[`´‘’ʻʼ\u2010-\u2015\u2212]")
_TYPED_MARKS = dict.fromkeys(map(ord, "`´‘’ʻʼ"), "'") | dict.fromkeys((*range(0x2010, 0x2016), 0x2212), "-")


def fold(text: str) -> str:
    """Text as it is compared in searches: compatibility forms joined, letter case gone, Kazakh letters and ё as Russian keyboards
    have them, one apostrophe and one hyphen."""
    if _MARKS.search(text):
        text = text.translate(_TYPED_MARKS)
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold()
    for letter, typed in _TYPED:  # ten times faster than translate()
        folded = folded.replace(letter, typed)
    return folded


SEARCHED = ("surname", "given_name", "patronymic", "email", "phone", "iin", "crm_id")
_searched = itemgetter(*SEARCHED)


def search_key(surname="", given_name="", patronymic="", email="", phone="", iin="", crm_id="") -> str:
    """All that a person is searched by, folded and joined by spaces; a phone by its digits."""
    parts = (surname, given_name, patronymic, email, phone.lstrip("+"), iin, crm_id)
    return fold(" ".join(filter(None, parts)))


def search_key_of(person) -> str:
    """The key of a person who is a mapping of the fields as they are stored."""
    return search_key(*_searched(person))


# Latin letters and the Cyrillic ones that look the same, capitals and small letters apart: H is Н, but h is һ.
_LOOK_ALIKES = str.maketrans("ABCEHIKMOPTXYaceiopxykhƏəƟɵËë", "АВСЕНІКМОРТХУасеіорхукһӘәӨөЁё")
_LATIN = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0259\u0275"
_CYRILLIC = "\u0400-\u052f"
_LOST_IN_A_WORD = re.compile(rf"[{LOST}](?=[\u0430-\u045f\u0491-\u052f])")
_LATIN_LETTER = re.compile(f"[{_LATIN}]")
_MIXED_WORD = re.compile(rf"[{_LATIN}][^\W\d_]*[{_CYRILLIC}]|[{_CYRILLIC}][^\W\d_]*[{_LATIN}]")


def in_cyrillic(text: str) -> str:
    """The text with Latin letters written as the Cyrillic ones that look the same."""
    return text.translate(_LOOK_ALIKES)


def skeleton(name: str) -> str:
    """The name as it looks, in whatever letters and case it is typed: two names that look the same have the same one."""
    return in_cyrillic(name).casefold()


def mixes_alphabets(name: str) -> bool:
    """Whether a word of the name has Latin and Cyrillic letters in it."""
    return bool(_MIXED_WORD.search(name))


def may_pass_for_another(name: str) -> bool:
    """Whether a word of the name mixes both alphabets, or is of nothing but Latin letters that look like Cyrillic ones."""
    if not _LATIN_LETTER.search(name):
        return False
    return mixes_alphabets(name) or any(
        _LATIN_LETTER.search(word) and not _LATIN_LETTER.search(in_cyrillic(word))
        for word in re.findall(r"[^\W\d_]+", name)
    )


NAMED = ("surname", "given_name")


def is_somebody_else(known, said) -> bool:
    """Whether a record under a known id tells of another person: of what both say nothing agrees, the name and one thing more.

    Both are mappings of surname, given_name, iin, birth_date, email, phone as they are stored. Somebody who marries, moves and
    changes the phone keeps a given name, an IIN or a birth date. A name in other letters, or with surname and given name
    exchanged, agrees; a name alone is no proof, for it may be corrected.
    """
    if any(said.get(part) and said[part] == known[part] for part in NAMED):
        return False
    names = [{_as_it_looks(each[part]) for part in NAMED if each.get(part)} for each in (known, said)]
    if not all(names) or names[0] & names[1]:
        return False
    both = [name for name in ("iin", "birth_date", "email", "phone") if known.get(name) and said.get(name)]
    return bool(both) and all(known[name] != said[name] for name in both)


def has_words_of(said, known) -> bool:
    """Whether all words of the name that a record has stand in the name that is said, in whichever part of it."""
    said, known = (
        Counter(fold(" ".join(each.get(part) or "" for part in (*NAMED, "patronymic"))).split())
        for each in (said, known)
    )
    return bool(known) and known <= said


def _as_it_looks(name):
    return fold(in_cyrillic(name))
