"""Whose request a message is: by the sender's address, else by an IIN or a phone in its text, else by a full name.

Only what fits exactly one person of the operator counts. It finds a record; who wrote is not proved by it.
"""

import re
from typing import NamedTuple

from django.utils.translation import gettext as _

from registry import journal, search
from registry.models import DataSubject
from registry.rules.contacts import normalise_phone
from registry.rules.identifiers import check_iin
from registry.rules.names import fold

BY_EMAIL, BY_IIN, BY_PHONE, BY_NAME = "email", "iin", "phone", "name"
MOST_VALUES = 10
READ_CHARACTERS = 20_000
_TWELVE_DIGITS = re.compile(r"(?<!\d)\d{12}(?!\d)")
_PHONE = re.compile(r"(?<![\d+])(?:\+7|8|7)[ ().-]*(?:\d[ ().-]*){9}\d(?!\d)")
_NAME = re.compile(r"\b[^\W\d_a-zа-яёәғқңөұүһі][\w’'-]+(?:[ \t]+[^\W\d_a-zа-яёәғқңөұүһі][\w’'-]+){1,3}")


class Found(NamedTuple):
    """The person, and by what; `remark` says why nobody was taken though somebody fits."""

    subject: DataSubject | None = None
    by: str = ""
    remark: str = ""


class Fitting(NamedTuple):
    """People to whom a value belongs exactly. is_all: whether everybody was looked at whom such a value may belong to."""

    people: list
    is_all: bool

    @property
    def only(self):
        """The one person it certainly is, or None."""
        return self.people[0] if len(self.people) == 1 and self.is_all else None


def person_of(operator, message) -> Found:
    """Who of the operator's people a read message is from. Each look is a search in the journal."""
    looks = (
        (BY_EMAIL, [message.sender] if message.sender else []),
        (BY_IIN, iins_in(message.words)),
        (BY_PHONE, phones_in(message.words)),
    )
    found = {by: _people(operator, by, values) for by, values in looks if values}
    looked_at = [fitting.people for fitting in found.values() if fitting.people]
    certain = [(by, fitting.only) for by, fitting in found.items() if fitting.only]
    for by, person in certain:
        if all(person in people for people in looked_at):
            return Found(person, by)
    if certain:
        remark = _("The sender’s address and the numbers in the text are those of different people: nobody was linked.")
        return Found(remark=remark)
    if looked_at:
        several = _("The sender’s address, or a number in the text, fits several people: nobody was linked.")
        return Found(remark=_remark(found.values(), several))
    named = _people(operator, BY_NAME, names_in(message))
    if named.only:
        return Found(named.only, BY_NAME)
    return Found(remark=_remark([named], _("The name fits several people: nobody was linked.")) if named.people else "")


def _remark(found, several):
    if any(len(fitting.people) > 1 for fitting in found):
        return several
    return _(
        "One person fits, but too many are alike for all to be looked at: nobody was linked. Search for them by more."
    )


def iins_in(text):
    """Numbers that are certainly IINs: their control digit is right."""
    checked = map(check_iin, _TWELVE_DIGITS.findall(text[:READ_CHARACTERS]))
    return _once(each.value for each in checked if not each.error and not each.warning)


def phones_in(text):
    checked = map(normalise_phone, _PHONE.findall(text[:READ_CHARACTERS]))
    return _once(each.value for each in checked if not each.error)


def names_in(message):
    """What the sender is called, and words with capitals that may be a name: people sign at the end."""
    candidates = [message.sender_name, *reversed(_NAME.findall(message.words[-READ_CHARACTERS:]))]
    return _once(each for each in candidates if len(each.split()) > 1)


def _once(values):
    return list(dict.fromkeys(values))[:MOST_VALUES]


def _people(operator, by, values) -> Fitting:
    """Everybody of the operator to whom one of the values belongs exactly."""
    own = DataSubject.objects.filter(operator=operator).exclude(state=DataSubject.State.DEPERSONALISED)
    people, is_all = {}, True
    for value in values:
        term = value.replace(",", " ")
        found = search.find_people(own, operator, term, by)
        fitting = {person.pk: person for person in found.people if FITS[by](person, value)}
        is_all = is_all and not (fitting and (found.more or found.newest_only or found.cut))
        people |= fitting
    people = list(people.values())
    if values:
        uids = [person.uid for person in people]
        journal.record("search", object_type="datasubject", uids=uids, count=len(uids), fields=[by])
    return Fitting(people, is_all)


def _has_name(person, value):
    """Surname and given name are there, and no word that is not the person's."""
    said, own = _words(value), _words(person.full_name)
    needed = _words(f"{person.surname} {person.given_name}")
    return bool(person.surname and person.given_name) and needed <= said <= own


def _words(name):
    return set(fold(name).replace(",", " ").split())


FITS = {
    BY_EMAIL: lambda person, value: person.email.casefold() == value.casefold(),
    BY_IIN: lambda person, value: person.iin == value,
    BY_PHONE: lambda person, value: person.phone == value,
    BY_NAME: _has_name,
}
