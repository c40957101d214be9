"""People of whom the register holds everything it can hold, each value a token that occurs nowhere else."""

import datetime as dt
import itertools
import re
from typing import NamedTuple

from registry import models as m
from registry.journal import record, unit_of_work
from registry.rules.identifiers import check_iin
from tests.factories import make_operator, make_request, make_subject, make_user, save

numbers = itertools.count(1)
RECEIVED_AT = dt.datetime(2026, 4, 1, 5, tzinfo=dt.UTC)


class Whole(NamedTuple):
    """The person's request, the values an answer gives, and those that are noted for the office or are somebody else's."""

    request: m.SubjectRequest
    given: dict
    kept: dict


class Tokens(dict):
    """Makes tokens and remembers them by what they stand for; `odd` is put around what may hold any text."""

    def __init__(self, odd=""):
        self.odd = odd

    def __call__(self, what, *, plain=False):
        letters = "".join("абвгдежзик"[int(digit)] for digit in str(next(numbers)).zfill(5))
        self[what] = f"Ұ{letters}" if plain else f"Ұ{letters}{self.odd}"
        return self[what]

    def keep(self, what, value):
        self[what] = value
        return value


def core(token):
    """What of a token survives any quoting."""
    made = re.match("Ұ[а-к]{5}", token)
    return made.group() if made else token


def make_office():
    """An operator with one activity, for one purpose, about one category of people; and two of its staff."""
    operator, tokens = make_operator(f"office-{next(numbers)}"), Tokens()
    one = {"operator": operator}
    purpose = save(m.Purpose(**one, code="goods", name_en=tokens("purpose")))
    category = save(m.SubjectCategory(**one, code="clients", name_en=tokens("category of people")))
    activity = save(m.ProcessingActivity(**one, code="sales", name_en=tokens("activity"), sources="subject"))
    save(m.ActivityPurpose(activity=activity, purpose=purpose, document=tokens("document")))
    save(m.ActivitySubjectCategory(activity=activity, subject_category=category))
    recipient = save(m.Recipient(**one, code="post", name_en=tokens("recipient"), kind="partner", country="KZ"))
    save(m.ActivityRecipient(activity=activity, recipient=recipient))
    save(m.ResponsiblePerson(**one, name=tokens("responsible person")))
    staff = Tokens()
    users = [
        make_user(role, operator, username=staff(f"{role} logs in as"), full_name=staff(f"{role} is called"))
        for role in ("dpo", "registrar")
    ]
    return operator, users, tokens, staff


def make_whole_person(operator, users, odd):
    given, kept = Tokens(odd), Tokens(odd)
    person = make_subject(operator, **values(given))
    about = {"operator": operator, "subject": person}
    purpose = m.Purpose.objects.get(operator=operator)
    texts = {name: given(name) for name in ("data_list", "other_terms", "channel", "evidence")}
    save(m.Consent(**about, purpose=purpose, given_on=dt.date(2026, 1, 5), expires_on=dt.date(2030, 1, 5), **texts))
    save(m.Agreement(**about, number=given("agreement")))
    save(m.Suppression(**about, channel="email", since_on=dt.date(2026, 2, 1), source=given("source of opt-out")))
    save(m.SubjectInCategory(**about, category=m.SubjectCategory.objects.get(operator=operator)))
    names = {name: kept(f"representative's {name}") for name in ("name", "contact", "document")}
    save(m.Representative(**about, **names, authority="parent", valid_from=dt.date(2020, 1, 1)))
    earlier = asked(operator, person, users, kept, dt.timedelta(days=-30))
    request = asked(operator, person, users, kept, dt.timedelta())
    given.keep("earlier request", earlier.number)
    for user, role in zip(users, ("dpo", "registrar"), strict=True):
        with unit_of_work(by=user, role=role, operator=operator, reason=kept("reason of a reading")):
            record("view", object_type="datasubject", uid=person.uid, subjects=[person.uid])
    return Whole(request, dict(given), dict(kept))


def values(given):
    number = next(numbers)
    names = {name: given(name, plain=True) for name in ("surname", "given_name", "patronymic")}
    return names | {
        "iin": given.keep("iin", iin(number)),
        "phone": given.keep("phone", f"+7707{number:07}"),
        "email": given.keep("email", f"person{number:07}@example.kz"),
        "crm_id": given.keep("crm_id", f"K{number:07}"),
        "source": given("source"),
    }


def iin(number):
    """A number that passes the check of its control digit."""
    for serial in range(number * 10, number * 10 + 10):
        for control in range(10):
            found = check_iin(f"9001013{serial % 10_000:04}{control}")
            if not (found.error or found.warning):
                return found.value
    raise AssertionError("no such number")


def asked(operator, person, users, kept, shift):
    """A request about the person with whatever the office noted of it."""
    received_at = RECEIVED_AT + shift
    texts = {name: kept(f"{name} {shift}") for name in ("demand", "applicant_name")}
    request = make_request(operator, received_at=received_at, applicant_contact="reader@example.kz", **texts)
    with unit_of_work(by=users[0], role="dpo", operator=operator, reason=kept(f"reason {shift}")):
        request.link_person(person, by=users[0], at=received_at)
        request.identify("document", by=users[0], at=received_at, note=kept(f"what was shown {shift}"))
        request.step("note", by=users[0], at=received_at, note=kept(f"note {shift}"))
    return request
