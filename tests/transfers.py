"""Operators with what a cross-border transfer is judged by: a policy, an activity with a base at home, recipients."""

import datetime as dt

from registry.models import (
    ActivityDatabase,
    Clause,
    CountryProtection,
    CrossBorderTransfer,
    Database,
    Policy,
    ProcessingActivity,
    Recipient,
)
from tests.factories import make_law, make_operator, save

# As the register files mark the clauses of section 10.
KAZGER = {"2.13": "B19", "10.1": "B19 B21", "10.2": "B17 B19"}
LAPP = KAZGER | {"10.3": "B03 B17 B19 B27", "10.4": "B19"}
STEPS = {
    "information_received_on": dt.date(2026, 3, 2),
    "authority_notified_on": dt.date(2026, 3, 3),
    "started_on": dt.date(2026, 3, 4),
}
FINDING = {"mechanism": "protecting_state", "document": "Finding 3 of 01.03.2026"}


def make_exporter(code="kazger", *, clauses=None, laws=("KZ-94-V",), **fields):
    """An operator whose activity keeps its data in Kazakhstan; its policy asks for a notice."""
    operator = make_operator(code, laws=laws, **fields)
    policy = save(Policy(operator=operator, version="1", title="Policy"))
    for number, behaviours in (KAZGER if clauses is None else clauses).items():
        save(Clause(operator=operator, policy=policy, number=number, obliges="It obliges.", behaviours=behaviours))
    activity = save(ProcessingActivity(operator=operator, code="letters", name_en="Letters"))
    base = save(Database(operator=operator, code="crm", name_en="CRM", country="KZ"))
    save(ActivityDatabase(activity=activity, database=base))
    return operator


def transfer_of(operator, code="tags", **fields):
    """One that is not saved yet; with `**STEPS` it has started."""
    recipient = Recipient.objects.filter(operator=operator).first() or save(
        Recipient(operator=operator, code="host", name_en="Host", kind="service_provider", country="TR")
    )
    activity = ProcessingActivity.objects.get(operator=operator, code="letters")
    given = {"name_en": code.capitalize(), "country": "TR", "mechanism": "consent"}
    return CrossBorderTransfer(operator=operator, code=code, activity=activity, recipient=recipient, **given | fields)


def make_transfer(operator, code="tags", **fields):
    return save(transfer_of(operator, code, **fields))


def make_standing(country="TR", protects=False, law="KZ-94-V", **fields):
    return save(
        CountryProtection(law=make_law(law), country=country, protects=protects, **{"source": "order 1"} | fields)
    )
