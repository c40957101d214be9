"""People whose data may be given to somebody, and those it may be given to; for tests of what leaves."""

import datetime as dt

from registry.models import (
    ActivityDataCategory,
    ActivityPurpose,
    Consent,
    DataCategory,
    Disclosure,
    DisclosureCategory,
    LegalBasis,
    Norm,
    ProcessingActivity,
    Recipient,
    Undertaking,
)

from .factories import make_norm, make_purpose, make_subject, save

GIVEN_ON = dt.date(2026, 1, 1)
COMPLETE = {
    "until_purpose_reached": True, "third_parties": True, "cross_border": False, "publication": False, "data_list": "phone",
}  # fmt: skip


def make_activity(operator, code="sales", **fields):
    """An activity with one purpose that rests on consent, and one category of restricted access; a draft."""
    known = Norm.objects.filter(code="KZ-94-V/7").first()
    norm = known or make_norm("KZ-94-V/7", topics="lawful_basis", is_ground=True)
    one = {"operator": operator}
    given = {"operations": "collection storage transfer distribution"} | fields
    activity = save(ProcessingActivity(**one, code=code, name_en=code.title(), **given))
    basis = save(LegalBasis(**one, code=f"consent-{code}", name_en="consent", kind="consent", norm=norm))
    link = save(ActivityPurpose(activity=activity, purpose=make_purpose(operator, f"for-{code}"), basis=basis))
    category = save(DataCategory(**one, code=f"phone-{code}", name_en="phone", availability="restricted"))
    save(ActivityDataCategory(activity=activity, activity_purpose=link, data_category=category, necessity="to call"))
    return activity


def make_consented(activity, **fields):
    """A person with a complete consent to the purpose of the activity, third parties included."""
    subject = make_subject(activity.operator)
    purpose = activity.purposes.get().purpose
    save(Consent(subject=subject, purpose=purpose, given_on=GIVEN_ON, **COMPLETE | fields))
    return subject


def make_recipient(operator, code="courier", **fields):
    """A partner in Kazakhstan that has promised confidentiality."""
    given = {"name_en": f"{code.title()} LLP", "kind": "partner", "country": "KZ"}
    recipient = save(Recipient(operator=operator, code=code, **given | fields))
    save(Undertaking(operator=operator, recipient=recipient, document="NDA 5", starts_on=GIVEN_ON))
    return recipient


def make_disclosure(subject, activity, recipient, *, on, categories=True, **fields):
    """What was given of the person, with the categories of the activity."""
    given = {"ground": "consent"} | fields
    disclosure = save(
        Disclosure(
            operator=activity.operator,
            activity=activity,
            recipient=recipient,
            subject=subject,
            disclosed_on=on,
            **given,
        )
    )
    for link in activity.data_categories.all() if categories else ():
        save(DisclosureCategory(disclosure=disclosure, data_category=link.data_category))
    return disclosure
