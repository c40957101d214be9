"""Records for tests, made the way the product makes them: validated, inside a unit of work."""

import datetime as dt
import itertools

from django.utils import timezone

from registry.choices import Role
from registry.journal import unit_of_work
from registry.models import (
    DataSubject,
    DeadlineRule,
    Law,
    Membership,
    Norm,
    Operator,
    OperatorLaw,
    Purpose,
    SubjectRequest,
    User,
)

PASSWORD = "correct horse battery"
numbers = itertools.count(1)


def save(record):
    with unit_of_work(by=None, role="system"):
        record.full_clean()
        record.save()
    return record


def today(days=0):
    """The day on which the test runs, or so many days after it. Midnight may pass between two tests."""
    return timezone.localdate() + dt.timedelta(days=days)


def make_operator(code="lapp", *, laws=("KZ-94-V",), **fields):
    operator = save(Operator(code=code, **{"name_en": f"{code.title()} LLP", "country": "KZ"} | fields))
    for law in laws:
        save(OperatorLaw(operator=operator, law=make_law(law)))
    return operator


def make_law(code="KZ-94-V"):
    country = code[:2] if code != "EU-GDPR" else ""  # the Union has no calendar of working days
    return Law.objects.filter(code=code).first() or save(Law(code=code, name_en=code, calendar_country=country))


def make_norm(code="KZ-94-V/8", *, law="KZ-94-V", **fields):
    article = code.rpartition("/")[2]
    return save(Norm(code=code, law=make_law(law), article=article, **{"text_en": "What it says."} | fields))


def make_user(role=Role.DPO, *operators, username="", **fields):
    """A user with that role at each operator; role `administrator` for one without memberships."""
    is_administrator = role == "administrator"
    user = User.objects.create_user(
        username or f"{role}{next(numbers)}", PASSWORD, is_administrator=is_administrator, **fields
    )
    for operator in () if is_administrator else operators:
        save(Membership(user=user, operator=operator, role=role))
    return user


def make_subject(operator, **fields):
    number = next(numbers)
    given = {"crm_id": f"C{number:07}", "surname": "Қасымова", "given_name": "Әсем", "phone": "+77077356312"}
    return save(DataSubject(operator=operator, **given | fields))


def make_rule(code="KZ-INFO", *, law="KZ-94-V", trigger="information_request", amount=3, unit="working_day", **fields):
    norm = Norm.objects.filter(code=f"{law}/{code}").first() or make_norm(f"{law}/{code}", law=law)
    given = {"trigger": trigger, "amount": amount, "unit": unit, "norm": norm}
    return save(DeadlineRule(law=norm.law, code=code, **given | fields))


def make_request(operator, *, received_at=None, **fields):
    given = {"kind": "information", "channel": "mail", "received_at": received_at or timezone.now()}
    return save(SubjectRequest(operator=operator, **given | fields))


def make_purpose(operator, code="email-information", **fields):
    return save(Purpose(operator=operator, code=code, **{"name_en": code} | fields))
