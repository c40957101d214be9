"""A full name in one cell, taken apart. Every word of it stands in one of the three parts: nothing is lost."""

import re
from itertools import accumulate
from typing import NamedTuple

from registry.rules.names import NAME_MAX_LENGTH, collapse

# What is longer has a part that no name may have: it stays one part, which is refused for its length.
LONGEST = 3 * NAME_MAX_LENGTH + 2

# A father's name in Russian and Kazakh, in Cyrillic, Latin, and as a CRM without Kazakh letters writes it.
_PATRONYMIC = re.compile(
    r"..+(?:ович|евич|ьич|ич|овна|евна|ична|ұлы|улы|[?]лы|қызы|кызы|[?]ызы|ovich|evich|ich|ovna|evna|ichna|uly|uli|kyzy|qyzy|kizi)"
)
# Only these in -ич are father's names; Бабич and Петрович as the first word are surnames.
_SHORT_ICH = frozenset("ильич лукич кузьмич фомич никитич саввич ilyich ilich lukich kuzmich fomich nikitich".split())
_ICH = re.compile(r".*(?<!ов)(?<!ев)(?<!ov)(?<!ev)(?:ич|ich)")
# "Son of", "daughter of" as a word of its own belongs to the word before it.
_AFTER = frozenset("ұлы улы қызы кызы оглы оғлы углы оглу гызы uly qyzy kyzy ogly oglu gyzy".split())
# A particle belongs to the word after it.
_BEFORE = frozenset(
    "де да ди дель дер ван фон фан ла ле бен бин ибн аль эль абу тер сан de da di del della der den van von la le ben bin ibn al "
    "el abu ter dos du san st. zu".split()
)
# Endings that only surnames have here. Words such as Марина or Валентин keep -ин and -ина out of it.
_SURNAME = re.compile(
    r"..+(?:ов|ова|ев|ева|ёв|ёва|ский|ская|цкий|цкая|енко|ov|ova|ev|eva|yev|yeva|sky|skiy|skaya|enko)"
)
_NOT_SURNAMES = frozenset("яков иаков".split())
_ALONE = _AFTER | _BEFORE
_INITIALS = re.compile(r"(?:[^\W\d_]\.){2,3}")
_INITIAL = re.compile(r"[^\W\d_]\.")


class FullName(NamedTuple):
    """guessed: nothing but the usual order says which word is which."""

    surname: str = ""
    given_name: str = ""
    patronymic: str = ""
    guessed: bool = False


def split_full_name(text: str, *, surname: str = "", given_first: bool = False) -> FullName:
    """The parts of a full name, read as CRMs here write it: surname, given name, patronymic.

    A patronymic or a surname's ending in another place tells the other order; a comma ends the surname; given_first says the
    western order; surname says the one known from elsewhere. One word alone is taken for the surname.
    """
    name = collapse(text)
    if len(name) > LONGEST:
        return FullName(collapse(surname), name) if surname else FullName(name)
    if surname:
        known = collapse(surname)
        return FullName(known, *_given(_without(_units(name.replace(",", " ")), known)))
    if "," in name:
        before, _comma, after = (part.strip() for part in name.partition(","))
        if before and after and "," not in after:
            return FullName(before, *_given(_units(after)))
        name = name.replace(",", " ")
    units = _units(name)
    if len(units) < 2:
        return FullName(" ".join(units), guessed=bool(units))
    if given_first:
        return _given_first(units)
    return _in_order(units)


def _in_order(units):
    place = _patronymic_at(units)
    if place == len(units) - 1 and place > 1:
        return FullName(units[0], " ".join(units[1:place]), units[place])
    if place:
        return FullName(" ".join(units[place + 1 :]), " ".join(units[:place]), units[place])
    if all(map(_INITIAL.fullmatch, units[1:])) and len(units) <= 3:
        return FullName(units[0], units[1], " ".join(units[2:]))
    if all(map(_INITIAL.fullmatch, units[:-1])) and len(units) <= 3:
        return FullName(units[-1], units[0], " ".join(units[1:-1]))
    if len(units) == 2:
        first, second = map(_is_surname, units)
        return FullName(units[1], units[0]) if second and not first else FullName(*units, guessed=first == second)
    if len(units) == 3:
        return FullName(*units, guessed=True)
    return FullName(units[0], " ".join(units[1:]), guessed=True)


def _given_first(units):
    place = _patronymic_at(units)
    if place:
        return _in_order(units)
    return FullName(units[-1], " ".join(units[:-1]))


def _given(units):
    """(given name, patronymic) of what is left beside the surname."""
    if len(units) > 1 and (len(units) == 2 or _is_patronymic(units[-1])):
        return " ".join(units[:-1]), units[-1]
    return " ".join(units), ""


def _without(units, surname):
    """The units beside the known surname; all of them where it is not among them."""
    folded, words = surname.casefold(), [unit.casefold() for unit in units]
    for start in range(len(words)):
        for end, text in enumerate(accumulate(words[start:], "{} {}".format), start + 1):
            if text == folded:
                return units[:start] + units[end:]
            if len(text) >= len(folded):
                break
    return units


def _patronymic_at(units):
    """The place of the patronymic, never the first; the earlier of two, for some surnames look like one. 0 where none is seen."""
    places = [at for at, unit in enumerate(units) if at and _is_patronymic(unit)]
    return places[0] if places else 0


def _is_patronymic(unit):
    word = unit.casefold()
    if " " in word:
        return word.rpartition(" ")[2] in _AFTER
    if not _PATRONYMIC.fullmatch(word):
        return False
    return word in _SHORT_ICH if _ICH.fullmatch(word) else True


def _is_surname(unit):
    word = unit.casefold().rpartition("-")[2]
    return bool(_SURNAME.fullmatch(word)) and word not in _NOT_SURNAMES


def _units(name):
    """Words, with those that belong together in one: ван дер Берг, Мамед оглы, Иванова (Петрова)."""
    if "." not in name and "(" not in name and _ALONE.isdisjoint(name.casefold().split()):
        return name.split()
    words, units, waiting, opened = [], [], [], False
    for word in name.split():
        words += [f"{mark}." for mark in word.split(".") if mark] if _INITIALS.fullmatch(word) else [word]
    for word in words:
        folded = word.casefold()
        if units and not waiting and (folded in _AFTER or word.startswith("(") or opened):
            units[-1] += f" {word}"
            opened = (opened or word.startswith("(")) and not word.endswith(")")
        elif folded in _BEFORE:
            waiting.append(word)
        else:
            units.append(" ".join([*waiting, word]))
            waiting = []
    return units + ([" ".join(waiting)] if waiting else [])
