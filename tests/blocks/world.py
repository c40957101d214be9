"""One operator with one person, what can be recorded of them, and what of it still stands afterwards."""

import datetime as dt
from contextlib import contextmanager, nullcontext, suppress

from django.apps import apps
from django.db import transaction
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import (
    ActivityPurpose,
    Agreement,
    Consent,
    DataCategory,
    DataSubject,
    Disclosure,
    DisclosureCategory,
    DistributionCondition,
    ProcessingActivity,
    Recipient,
    Representative,
    SubjectCategory,
    SubjectInCategory,
    SubjectPurpose,
    Suppression,
)
from registry.models.held import HeldByBlocks
from tests.factories import make_operator, make_purpose, make_subject, make_user, save

LAWS = ("KZ-94-V", "RU-152-FZ", "EU-GDPR")
DAY = dt.date(2026, 1, 1)
COMPLETE = {
    "given_on": DAY, "until_purpose_reached": True, "third_parties": True, "cross_border": False, "publication": False,
    "data_list": "e-mail",
}  # fmt: skip
HELD = [model for model in apps.get_app_config("registry").get_models() if issubclass(model, HeldByBlocks)]


class Done(Exception):
    """Undoes what was tried."""


class World:
    """An operator under three laws, one person, and a colleague who blocks."""

    def __init__(self, client, folder, *, acts_by_itself):
        self.folder, self.acts_by_itself = folder, acts_by_itself
        self.operator = make_operator("lapp", bin="241040012133", laws=LAWS)
        self.officer = make_user("dpo", self.operator, username="natalia")
        self.colleague = make_user("dpo", self.operator, username="colleague")
        self.person = make_subject(self.operator, crm_id="C0000001", email="asem1@example.kz", phone="")
        self.client = client
        client.force_login(self.officer, backend="registry.scope.RoleBackend")

    def acting(self):
        """A shell needs a unit of work; a page, an import, a command opens its own."""
        return nullcontext() if self.acts_by_itself else self.unit()

    def unit(self):
        return unit_of_work(by=self.officer, role="dpo", operator=self.operator, reason="matrix")

    @contextmanager
    def left_as_it_was(self):
        with suppress(Done), transaction.atomic():
            yield
            raise Done

    def named(self, model, code="one", **fields):
        found = model.objects.filter(operator=self.operator, code=code).first()
        return found or save(model(operator=self.operator, code=code, **{"name_en": code} | fields))

    @property
    def purpose(self):
        return self.operator_purpose or make_purpose(self.operator)

    @property
    def operator_purpose(self):
        return apps.get_model("registry", "Purpose").objects.filter(operator=self.operator).first()

    def other(self, model):
        return self.named(model, "two", **ADDED.get(model, {}))

    def first(self, model):
        return self.named(model, **ADDED.get(model, {}))

    def records(self):
        """Whatever is kept about the person, value by value."""
        kept = {}
        for model in HELD:
            path = model._default_manager.all().SUBJECT
            rows = model._base_manager.filter(**{path: self.person.pk}).order_by("pk")
            kept[model.__name__] = [
                {name: value for name, value in row.items() if name != "state" or value == "depersonalised"}
                for row in rows.values()
            ]
        return kept


ADDED = {
    DataCategory: {"availability": "public"},
    Recipient: {
        "kind": "processor", "country": "KZ", "agreement_number": "7", "agreement_from": dt.date(2025, 1, 1),
    },
    ProcessingActivity: {"started_on": DAY, "operations": "collection storage", "sources": "subject"},
}  # fmt: skip


def fields_of(model, world, **fields):
    """What a new record of the model would say; what it stands on is made."""
    about = {"operator": world.operator, "subject": world.person}
    if model is Consent:
        return about | {"purpose": world.purpose} | COMPLETE | fields
    if model is DistributionCondition:
        given = fields.pop("consent", None) or made(Consent, world, kind="distribution", is_separate=True)
        about = {"operator": world.operator, "consent": given, "data_category": world.first(DataCategory)}
        return about | {"conditions": "by post"} | fields
    if model is SubjectPurpose:
        given = made(Consent, world)
        return about | {"purpose": world.purpose, "ground": "consent", "consent": given, "since_on": DAY} | fields
    if model is Disclosure:
        if not world.person.purposes.exists():
            made(SubjectPurpose, world)
        activity = world.first(ProcessingActivity)
        if not activity.purposes.exists():
            save(ActivityPurpose(activity=activity, purpose=world.purpose))
        said = {"activity": activity, "recipient": world.first(Recipient)}
        return about | said | {"ground": "consent", "disclosed_on": timezone.localdate(), "given": "e-mail"} | fields
    if model is DisclosureCategory:
        told = fields.pop("disclosure", None) or made(Disclosure, world)
        return {"operator": world.operator, "disclosure": told, "data_category": world.first(DataCategory)} | fields
    return (
        about
        | {
            SubjectInCategory: lambda: {"category": world.first(SubjectCategory)},
            Agreement: lambda: {"number": "1", "concluded_on": DAY},
            Suppression: lambda: {"channel": "email", "since_on": DAY},
            Representative: lambda: {"name": "Representative", "authority": "parent", "valid_from": DAY},
        }[model]()
        | fields
    )


def made(model, world, **fields):
    if model is DataSubject:
        return world.person
    return save(model(**fields_of(model, world, **fields)))


def changed(model, world):
    """(field, another value) of a record, such that it says something else about the person."""
    return {
        DataSubject: lambda: ("email", "other@example.kz"),
        SubjectInCategory: lambda: ("category", world.other(SubjectCategory)),
        Consent: lambda: ("channel", "desk"),
        DistributionCondition: lambda: ("conditions", "by courier"),
        Agreement: lambda: ("number", "2"),
        SubjectPurpose: lambda: ("since_on", DAY + dt.timedelta(days=1)),
        Disclosure: lambda: ("given", "e-mail and phone"),
        DisclosureCategory: lambda: ("data_category", world.other(DataCategory)),
        Suppression: lambda: ("ended_on", DAY),
        Representative: lambda: ("contact", "rep@example.kz"),
    }[model]()
