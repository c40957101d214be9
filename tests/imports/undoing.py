"""What tests of an undo share: the register as it stands, what an officer does meanwhile, and what is said of the run."""

from django.apps import apps
from django.utils import timezone

from registry.imports.undo import take as take_for_undo
from registry.imports.undo import undo
from registry.journal import unit_of_work
from registry.models import (
    ActivityDataCategory,
    ActivityPurpose,
    Consent,
    DataCategory,
    DataSubject,
    ProcessingActivity,
    Purpose,
)
from registry.models.grounding import serve
from tests import factories

from .crm import consent

LEFT = (
    "the person was changed in the register since the import: left as it stands, correct it by hand where it is wrong"
)
BLOCKED = "a block stands on the person: put back by no undo. Correct what is wrong by hand; where the block holds that, lift it first"
RENEWED = consent(consent_given_on="01.03.2025", consent_expires_on="01.03.2095")


def register():
    """All rows of the tracked records, as they stand."""
    models = [model for model in apps.get_app_config("registry").get_models() if hasattr(model, "FIELD_CLASSES")]
    return {model.__name__: list(model._base_manager.order_by("pk").values()) for model in models}


def undone(crm, run, **kwargs):
    return undo(take_for_undo(run, **crm.acting), **crm.acting, **kwargs)


def by_an_officer(record, **fields):
    for name, value in fields.items():
        setattr(record, name, value)
    with unit_of_work(by=7, role="dpo", operator="lapp"):
        record.save()


def of(number, **which):
    return DataSubject.objects.get(crm_id=f"C{number:07}", **which)


def list_data_of(purpose):
    """An activity lists the data of the purpose: consents to it that a file brings are complete."""
    named = {"operator": purpose.operator, "code": "a", "name_en": "A"}
    activity = factories.save(ProcessingActivity(**named))
    link = factories.save(ActivityPurpose(activity=activity, purpose=purpose))
    category = factories.save(DataCategory(**named))
    return factories.save(ActivityDataCategory(activity=activity, activity_purpose=link, data_category=category))


def let_serve(number, **which):
    """The data of the person serve the one purpose from today, on the consent of the file."""
    subject = of(number, **which)
    with unit_of_work(by=None, role="system"):
        serve(subject, Purpose.objects.get(operator=subject.operator), on=timezone.localdate())


def left(run):
    return [(row.line, row.cells[0], row.reasons) for row in run.listed_rows.filter(kind="left")]


def tally(run):
    return run.state, run.rows_done, run.undone, run.left


def crash(done):
    raise KeyboardInterrupt


def change_phone():
    by_an_officer(of(2), phone="+77050000003")


def give_the_consent_to_another():
    """The journal leads to whom it went over, not to whom it was taken from."""
    by_an_officer(Consent.objects.get(subject=of(2)), subject=factories.make_subject(of(2).operator, crm_id="X1"))
