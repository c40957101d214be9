import datetime as dt

import pytest

from registry import models as m
from tests.factories import make_norm, save


@pytest.fixture
def record(lapp):
    """A register with one complete activity and one draft of which little is known."""
    lapp.bin, lapp.address, lapp.phone = "090140005679", "Almaty, Tole bi 1", "+77273000000"
    save(lapp)
    save(
        m.ResponsiblePerson(
            operator=lapp,
            name="Natalia Chilikina",
            email="Natalia.Chilikina@lapp.com",
            appointed_on=dt.date(2024, 1, 1),
        )
    )
    norm = make_norm("KZ-94-V/7(1)", is_ground=True, verified="secondary")
    one = {"operator": lapp}
    purpose = save(m.Purpose(**one, code="contracts", name_en="Contracts", name_ru="Договоры", name_kk="Шарттар"))
    basis = save(m.LegalBasis(**one, code="consent", name_en="Consent", kind="consent", norm=norm))
    activity = save(m.ProcessingActivity(**one, code="clients", name_en="Clients", name_ru="Клиенты",
        operations="collection storage", sources="subject", started_on=dt.date(2024, 2, 1)))  # fmt: skip
    reason = save(m.ActivityPurpose(activity=activity, purpose=purpose, basis=basis, document="Form 7"))
    for code, marks in (("phone", {}), ("iin", {"is_identifier": True})):
        category = save(m.DataCategory(**one, code=code, name_en=code.upper(), availability="restricted", **marks))
        save(m.ActivityDataCategory(activity=activity, activity_purpose=reason, data_category=category,
            necessity="to reach the client", is_mandatory=code == "iin"))  # fmt: skip
    clients = save(m.SubjectCategory(**one, code="clients", name_en="=Clients", name_ru="Клиенты"))
    save(m.ActivitySubjectCategory(activity=activity, subject_category=clients))
    rule = save(
        m.RetentionRule(
            **one, code="three", name_en="3", trigger="relations_end", period=3, unit="year", then="destroy"
        )
    )
    save(m.ActivityRetention(activity=activity, rule=rule))
    base = save(m.Database(**one, code="crm", name_en="CRM", country="KZ"))
    save(m.ActivityDatabase(activity=activity, database=base))
    measure = save(m.SecurityMeasure(**one, code="access", name_en="Access by role", kind="technical"))
    save(m.ActivityMeasure(activity=activity, measure=measure))
    google = save(m.Recipient(**one, code="google", name_en="Google Ireland", kind="service_provider", country="IE"))
    save(m.ActivityRecipient(activity=activity, recipient=google))
    save(m.CrossBorderTransfer(**one, code="tags", name_en="Tags", activity=activity, recipient=google, country="IE",
        mechanism="consent"))  # fmt: skip
    save(m.ProcessingActivity(**one, code="visitors", name_en="Visitors of the site"))
    save(m.ProcessingActivity(**one, code="for-others", name_en="For others", role="processor", on_behalf_of="Parent"))
    return lapp
