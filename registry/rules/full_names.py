"""A full name in one cell, taken apart. Every word of it stands in one of the three parts, or is told to be left out: nothing is lost."""

import re
from collections import Counter
from itertools import accumulate
from typing import NamedTuple

from registry.rules.names import LOST, NAME_MAX_LENGTH, collapse, fold

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
_NOT_SURNAMES = frozenset("яков иаков yakov iakov любов lyubov liubov lubov".split())
# With these endings a man's father's name and anybody's surname are alike: Иван Петрович, Ольга Станкевич.
_EITHER = re.compile(r".*(?:ович|евич|ovich|evich)", re.IGNORECASE)
# What a CRM writes beside a name: numbers, signs and these words. Signs that stand for lost letters are of the name.
_BESIDE = re.compile(rf"(?<!\S)(?:(?:[^\w\s{LOST}]|[\d_])+|(?:ип|чп|кх|жк|фл|тоо|г-н|г-жа|мл)\.?)(?!\S)", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_ALONE = _AFTER | _BEFORE
_INITIALS = re.compile(r"(?:[^\W\d_]\.){2,3}")
_INITIAL = re.compile(r"[^\W\d_]\.")
_MARKS = re.compile(r"[.,]")


class FullName(NamedTuple):
    """guessed: nothing but the usual order says which word is which, or something beside the name stands in a part."""

    surname: str = ""
    given_name: str = ""
    patronymic: str = ""
    guessed: bool = False


def split_full_name(text: str, *, surname: str = "", given_name: str = "", given_first: bool = False) -> FullName:
    """The parts of a full name, read as CRMs here write it: surname, given name, patronymic.

    A patronymic or a surname's ending in another place tells the other order; a comma ends the surname; given_first says the
    western order. One word alone is taken for the surname. surname and given_name say those known from elsewhere: they are taken
    out of the name, and stand whatever it says (`words_left_out`).
    """
    name, surname, given_name = map(collapse, (text, surname, given_name))
    if len(name) > LONGEST:
        return FullName(surname, name) if surname and not given_name else FullName(surname or name, given_name)
    words = name.replace(",", " ")
    if given_name:
        found = _beside_given(_units(words), given_name, surname, given_first)
    elif surname:
        found = _beside_surname(_units(words), surname)
    else:
        found = _alone(name, given_first)
    taken = " ".join(part for part in found[:3] if part not in (surname, given_name))
    is_either = not found.surname and _EITHER.fullmatch(found.patronymic)
    return found._replace(guessed=True) if is_either or _BESIDE.search(taken) or _DIGIT.search(taken) else found


def words_left_out(text: str, parts) -> bool:
    """Whether a full name has words that stand in none of these parts, in whatever letters."""
    return bool(_words(text) - _words(" ".join(parts)))


def _words(name):
    return Counter(_MARKS.sub(" ", _as_heard(collapse(name))).split())


def _as_heard(text):
    """As it is compared: Kazakh letters as Russian ones, ё as е."""
    return fold(text)


def _alone(name, given_first):
    """With no part of it known from elsewhere."""
    before, _comma, after = (part.strip() for part in name.partition(","))
    if before and after and "," not in after:
        surnames, units = _units(before), _units(after)
        return _look_at_surname(FullName(before, *_given(units), guessed=len(surnames) > 1), units)
    units = _units(name.replace(",", " "))
    return _given_first(units) if given_first and len(units) > 1 else _in_order(units)


def _in_order(units):
    return _look_at_surname(_by_form(units), units)


def _look_at_surname(found, units):
    """A guess where the surname has none of the endings, and another of the units has."""
    if found.guessed or _is_surname(found.surname) or not any(map(_is_surname, units)):
        return found
    return found._replace(guessed=True)


def _by_form(units):
    if len(units) < 2:
        return FullName(" ".join(units), guessed=bool(units))
    place = _patronymic_at(units)
    if place == len(units) - 1 and place > 1:
        return FullName(units[0], " ".join(units[1:place]), units[place])
    if place > 1 and (_is_surname(units[0]) or not _is_surname(units[-1])):  # something stands behind the whole name
        return FullName(units[0], " ".join(units[1:place]), " ".join(units[place:]), guessed=True)
    if place == len(units) - 1:
        first, _blank, rest = units[0].partition(" ")
        if rest and first.casefold() in _BEFORE:  # no particle: the surname of Ван Анна Сергеевна
            return FullName(first, rest, units[place])
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


def _beside_surname(units, surname):
    """With a surname that is not in the name the words are given names, unless they show another surname."""
    if place := _place(units, surname):
        return FullName(surname, *_given(units[: place.start] + units[place.stop :]))
    own = _in_order(units)
    if own.surname and not own.guessed:
        return FullName(surname, own.given_name, own.patronymic)
    return FullName(surname, *_given(units), guessed=own.guessed and len(units) > 1)


def _beside_given(units, given_name, surname, given_first):
    """What stands before the given name is the surname, what stands after it the patronymic, or the surname where none is before.

    Of a name without this given name only what shows by itself is taken, and nothing where the surname is known, too.
    """
    known = _place(units, surname)
    left = units[: known.start] + units[known.stop :] if known else units
    place = _place(left, given_name)
    if place is None:
        own = FullName() if surname else _in_order(units)
        if own.guessed and len(units) > 1:
            own = FullName()
        return own._replace(surname=surname or own.surname, given_name=given_name)
    before, after = left[: place.start], left[place.stop :]
    left = [*before, "", *after]
    at = _patronymic_at(left)
    patronymic = left.pop(at) if at else ""
    if patronymic or surname:
        return FullName(surname or " ".join(filter(None, left)), given_name, patronymic)
    if given_first and after:
        *middle, last = before + after
        return FullName(last, given_name, " ".join(middle))
    surnames, others = (before, after) if before else (after, [])
    return FullName(" ".join(surnames), given_name, " ".join(others), guessed=bool(after) and len(left) > 2)


def _given(units):
    """(given name, patronymic) of what is left beside the surname."""
    if len(units) > 1 and (len(units) == 2 or _is_patronymic(units[-1])):
        return " ".join(units[:-1]), units[-1]
    return " ".join(units), ""


def _place(units, known):
    """Where among the units those of a known part stand; None where they do not."""
    folded, words = _as_heard(known), list(map(_as_heard, units))
    for start in range(len(words)):
        for end, text in enumerate(accumulate(words[start:], "{} {}".format), start + 1):
            if text == folded:
                return slice(start, end)
            if len(text) >= len(folded):
                break
    return None


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
    """Words, with those that belong together in one: ван дер Берг, Мамед оглы, Иванова (Петрова), ИП Иванов."""
    if not _BESIDE.search(name) and "." not in name and "(" not in name and _ALONE.isdisjoint(name.casefold().split()):
        return name.split()
    words, units, waiting, opened = [], [], [], False
    for word in name.split():
        words += [f"{mark}." for mark in word.split(".") if mark] if _INITIALS.fullmatch(word) else [word]
    for word in words:
        folded = word.casefold()
        if units and not waiting and (folded in _AFTER or word.startswith("(") or opened):
            units[-1] += f" {word}"
            opened = (opened or word.startswith("(")) and not word.endswith(")")
        elif folded in _BEFORE or _BESIDE.fullmatch(word):
            waiting.append(word)
        else:
            units.append(" ".join([*waiting, word]))
            waiting = []
    return units + ([" ".join(waiting)] if waiting else [])
