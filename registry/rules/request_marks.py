"""What a message asks for: by the subject lines the policy publishes, else by how people word it. In doubt it stays unsorted.

Letter case, Re: and Fwd: in three languages, quotes, punctuation, Latin letters among Cyrillic ones and slips of the finger are
looked past. A message that seems to ask for two things is an officer's to sort.
"""

import re
from functools import cache
from itertools import product
from typing import NamedTuple

from registry.choices import Language, RequestKind
from registry.rules.names import fold, in_cyrillic, mixes_alphabets
from registry.rules.request_wordings import (
    ABOUT_DATA_WORDS,
    NEGATIONS,
    QUESTION_WORDS,
    WEAK_WORDINGS,
    WORDINGS,
)

# Words of one wording stand within so many of each other.
SPAN_WORDS = 12
READ_CHARACTERS = 20_000
# Shorter beginnings are taken literally: with a letter changed they are other words.
FUZZY_FROM = 5

_PREFIX = re.compile(
    r"(?:\[[^\]]{0,60}\]|(?:re|fw|fwd|aw|wg|sv|vs|tr|rv|отв|ответ|на|пер|пересл|переслано|жауап|жау|қайта|кайта|қж)"
    r"\s*(?:[\[(^]?\d{1,3}[\])]?)?\s*[:：])\s*",
    re.IGNORECASE,
)
_EDGES = " \t\"'«»„“”‘’<>*-–—.,;:!"
_WORD = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
_SENTENCES = re.compile(r"[.!?;…](?:\s|$)|\n\s*\n")
_SMALL_WORDS = frozenset("of to the a an and or for about on in my your".split())
_KAZAKH = re.compile(r"[әғқңөұүһі]")
_CYRILLIC_WORD = re.compile(r"[а-яёәғқңөұүһі]+", re.IGNORECASE)
FEW_WORDS, KAZAKH_SHARE = 3, 0.15


class Mark(NamedTuple):
    """A subject line the policy names (empty: its mailbox for questions), and the kind of request it stands for."""

    subject_line: str
    kind: str


class Recognised(NamedTuple):
    """`by` is mark, subject, text or question; empty where nothing was recognised. `kinds` are all that were seen."""

    kind: str = RequestKind.UNSORTED
    by: str = ""
    kinds: tuple[str, ...] = ()


def recognise(subject: str, text: str, marks: list[Mark]) -> Recognised:
    """What a message asks for. Two kinds at once, and those of state bodies, are left unsorted."""
    subject_words = words_of(bare_subject(subject))
    exact = {mark.kind for mark in marks if subject_words and words_of(mark.subject_line) == subject_words}
    if exact:
        return _only(exact, "mark")
    marked = {mark.kind for mark in marks if _covers(subject_words, _telling(words_of(mark.subject_line)))}
    if kinds := marked | _worded([subject_words]):
        return _only(kinds, "mark" if marked else "subject")
    sentences = [words_of(each) for each in _SENTENCES.split(text[:READ_CHARACTERS])]
    if kinds := _worded(sentences):
        return _only(kinds, "text")
    for_questions = {mark.kind for mark in marks if not mark.subject_line.strip()}
    if for_questions and _asks(f"{subject}\n{text[:READ_CHARACTERS]}", [subject_words, *sentences]):
        return _only(for_questions, "question")
    return Recognised()


def carries_mark(subject: str, marks: list[Mark]) -> bool:
    """Whether the subject line alone asks for what a subject line of the policy asks for, in whatever language."""
    found = recognise(subject, "", [mark for mark in marks if mark.subject_line.strip()])
    return found.by == "mark" or bool({mark.kind for mark in marks if mark.subject_line}.intersection(found.kinds))


def bare_subject(subject: str) -> str:
    """The subject line without Re:, Fwd:, what mail servers put in brackets, quotes and punctuation at its ends."""
    bare = subject.lstrip(_EDGES)
    while match := _PREFIX.match(bare):
        bare = bare[match.end() :].lstrip(_EDGES)
    return bare.rstrip(_EDGES)


def language_of(text: str) -> str:
    """The language of a message: Kazakh by its letters, else Russian by its alphabet, else English.

    Names are written with capitals and have Kazakh letters in Russian texts, too: they count where there is little else.
    """
    words = _CYRILLIC_WORD.findall(text[:READ_CHARACTERS])
    if not words:
        return Language.EN
    small = [word for word in words if word[0].islower()]
    counted = small if len(small) >= FEW_WORDS else words
    kazakh = sum(bool(_KAZAKH.search(word.casefold())) for word in counted)
    return Language.KK if kazakh and kazakh >= KAZAKH_SHARE * len(counted) else Language.RU


def words_of(text: str) -> list[str]:
    """Words, folded; a Latin letter among Cyrillic ones is the Cyrillic one that looks the same."""
    return [_folded(word) for word in _WORD.findall(text)]


def _folded(word):
    word = re.sub(r"['’ʼ]", "", word)
    return fold(in_cyrillic(word) if mixes_alphabets(word) else word)


def _only(kinds, by):
    kinds = tuple(sorted(str(kind) for kind in kinds))
    known = len(kinds) == 1 and kinds[0] != RequestKind.AUTHORITY
    return Recognised(kinds[0] if known else RequestKind.UNSORTED.value, by, kinds)


# Wordings


@cache
def _table(weak):
    """(kind, wording) pairs: a wording as groups of beginnings of words."""
    return [
        (kind, [group.split("|") for group in fold(line).split()])
        for kind, lines in (WEAK_WORDINGS if weak else WORDINGS).items()
        for line in lines.strip().splitlines()
    ]


def _worded(sentences):
    """The kinds worded in any of the sentences; those that are only named where none is asked for."""
    for weak in (False, True):
        found = {kind for kind, groups in _table(weak) for words in sentences if _says(words, groups)}
        if found:
            # To unblock is to block with something before it.
            return found - {RequestKind.BLOCKING} if RequestKind.UNBLOCKING in found else found
    return set()


def _says(words, groups):
    """Whether words of every group stand near each other, the first of them not turned round by a negation."""
    places = [[at for at, word in enumerate(words) if _begins(word, group)] for group in groups]
    if not all(places):
        return False
    if not _is_negation(groups[0][0]):
        places[0] = [at for at in places[0] if at == 0 or not _is_negation(words[at - 1])]
    return any(
        max(chosen) - min(chosen) < SPAN_WORDS and len(set(chosen)) == len(chosen)
        for chosen in product(*(each[:20] for each in places))
    )


def _is_negation(word):
    return word in NEGATIONS.split("|")


@cache
def _stems(text):
    return tuple(fold(text).split("|"))


def _begins(word, stems):
    return any(word.startswith(stem) or _slipped(word, stem) for stem in stems)


def _slipped(word, stem):
    """Whether the word begins with the stem, but for one slip of the finger after the first letter."""
    if len(stem) < FUZZY_FROM or word[:1] != stem[0]:
        return False
    return any(_one_slip(word[:length], stem) for length in (len(stem) - 1, len(stem), len(stem) + 1))


def _one_slip(typed, meant):
    """One letter too many, too few, wrong, or two exchanged."""
    if abs(len(typed) - len(meant)) > 1:
        return False
    start = 0
    while start < min(len(typed), len(meant)) and typed[start] == meant[start]:
        start += 1
    one, other = typed[start:], meant[start:]
    return (
        one[1:] == other[1:]
        or one[1:] == other
        or one == other[1:]
        or (one[1::-1] == other[:2] and one[2:] == other[2:])
    )


# Marks


def _telling(words):
    return [word for word in words if word not in _SMALL_WORDS]


def _covers(words, mark):
    """Whether every telling word of the mark is there, in some form of it: Updating personal data, Personal data update."""
    return bool(mark) and all(any(_same_word(word, meant) for word in words) for meant in mark)


def _same_word(word, meant):
    if word == meant or _slipped(word, meant):
        return True
    common = next(
        (at for at, (one, other) in enumerate(zip(word, meant, strict=False)) if one != other),
        min(len(word), len(meant)),
    )
    return common >= 4 and common >= 0.6 * max(len(word), len(meant))


def _asks(text, sentences):
    """Whether it reads like a question about personal data."""
    words = {word for sentence in sentences for word in sentence}
    asked = "?" in text or any(_begins(word, _stems("|".join(QUESTION_WORDS.split()))) for word in words)
    return asked and any(_begins(word, _stems(ABOUT_DATA_WORDS)) for word in words)
