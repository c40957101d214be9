"""Every way to a person's data, drawn and taken: what tests/test_block_matrix.py tries while a block stands, and how it is found.

A route is a generator over a world with one person: up to its `yield` it draws what it needs, as an officer opens a form; then the
block falls; then it acts. It may yield whether the person's data came through; otherwise the person's records tell.
"""

import ast
import datetime as dt
import inspect
import io
import json
import tempfile
import zipfile
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

from django.apps import apps
from django.contrib import admin
from django.core.management import call_command, get_commands
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

import registry
from registry import scope
from registry.exports import audit
from registry.exports.answer_pack import pack_of
from registry.exports.permissions import Export
from registry.imports import undo as undoing
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
    ExportRun,
    ImportRun,
    ProcessingActivity,
    Recipient,
    Representative,
    SubjectCategory,
    SubjectInCategory,
    SubjectPurpose,
    SubjectRequest,
    Suppression,
    Tracked,
)
from registry.models.grounding import serve
from registry.models.held import HeldByBlocks
from registry.operations.handover import HandOver
from registry.operations.withdrawal import withdraw as withdraw_all
from registry.tasks import begin_handover
from tests.factories import make_operator, make_purpose, make_request, make_subject, make_user, save
from tests.forms import form_fields
from tests.imports.crm import CRM
from tests.imports.crm import person as row_of

REGISTRY = Path(registry.__file__).parent
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


# The ways of a shell, of every model that blocks hold.


def added(model):
    def route(world):
        record = model(**fields_of(model, world))
        yield
        record.save()

    return route


def bulk_created(model):
    def route(world):
        record = model(**fields_of(model, world))
        yield
        model.objects.bulk_create([record])

    return route


def on_stored(act):
    def of_model(model):
        def route(world):
            record, (name, value) = made(model, world), changed(model, world)
            yield
            act(model.objects.get(pk=record.pk), model.objects.filter(pk=record.pk), name, value)

        return route

    return of_model


def saved(record, rows, name, value):
    setattr(record, name, value)
    record.save()


def bulk_updated(record, rows, name, value):
    setattr(record, name, value)
    rows.model.objects.bulk_update([record], [name])


SHELL = {
    "add": added,
    "save()": on_stored(saved),
    "delete()": on_stored(lambda record, rows, name, value: record.delete()),
    "rows.update()": on_stored(lambda record, rows, name, value: rows.update(**{name: value})),
    "rows.delete()": on_stored(lambda record, rows, name, value: rows.delete()),
    "bulk_create()": bulk_created,
    "bulk_update()": on_stored(bulk_updated),
}


# Acts of records and operations.


def withdraw(world):
    consent = made(Consent, world)
    yield
    Consent.objects.get(pk=consent.pk).withdraw(by=world.officer, at=timezone.now())


def withdraw_and_change(world):
    consent = made(Consent, world)
    yield
    consent.data_list, consent.withdrawn_at, consent.withdrawn_by = "phone", timezone.now(), world.officer
    consent.save()


def forbid_distribution(world):
    condition = made(DistributionCondition, world)
    yield
    condition.is_prohibited = True
    condition.save()


def begin_to_serve(world):
    consent = made(Consent, world)
    yield
    serve(consent.subject, consent.purpose, on=timezone.localdate())


def stop_serving(world):
    record = made(SubjectPurpose, world)
    yield
    record.refresh_from_db()
    record.stop_now("expired", on=timezone.localdate())


def note_notice(world):
    disclosure = made(Disclosure, world, notice_is_condition=True)
    yield
    Disclosure.objects.get(pk=disclosure.pk).tell(by=world.officer, at=timezone.now())


def handed_over(world):
    activity = fields_of(Disclosure, world)["activity"]
    buyer = world.named(Recipient, "buyer", kind="acquirer", country="KZ")
    said = HandOver(buyer, (activity,), timezone.localdate(), "consent")
    yield
    begin_handover(said, by=world.officer, at=timezone.now(), role="dpo")


def depersonalise(world):
    yield
    world.person.state = "depersonalised"
    world.person.save()


def depersonalise_many(world):
    yield
    DataSubject.objects.filter(pk=world.person.pk).update(state="depersonalised")


def in_a_case(kind, act):
    def route(world):
        made(Consent, world)
        case = make_request(world.operator, kind=kind)
        with world.unit():
            case.link_person(world.person, by=world.officer, at=timezone.now())
        yield
        act(SubjectRequest.objects.get(pk=case.pk), world)

    return route


def withdraw_in_case(case, world):
    withdraw_all(case.subject, request=case, by=world.officer, at=timezone.now())


def opt_out_in_case(case, world):
    case.opt_out(["email"], by=world.officer, at=timezone.now())


# The admin.


def page(view, record):
    return reverse(f"admin:registry_{record._meta.model_name}_{view}", args=[record.pk])


def read(world, record):
    world.client.post(page("read", record), {"why": "check"})


def submitted(world, fields):
    """Posts a form that was drawn before the block as if it were drawn now."""
    read(world, world.person)
    now = world.client.get(page("change", world.person)).context
    world.client.post(page("change", world.person), fields | {"_seen": now["seen"]})


def form(world):
    fields = form_fields(world.client.get(page("change", world.person)).context, email="other@example.kz")
    yield
    submitted(world, fields)


def inline_changed(model, prefix):
    def route(world):
        made(model, world)
        name, value = changed(model, world)
        value = getattr(value, "pk", value)
        context = world.client.get(page("change", world.person)).context
        yield
        submitted(world, form_fields(context, **{f"{prefix}-0-{name}": value}))

    return route


def on_the_page_of_a_consent(world, **changes):
    """Conditions are entered there, on a form drawn before the block."""
    consent = made(Consent, world, kind="distribution", is_separate=True)
    if "distribution_conditions-0-conditions" in changes:
        made(DistributionCondition, world, consent=consent)
    fields = form_fields(world.client.get(page("change", consent)).context, **changes)
    yield
    read(world, consent)
    now = world.client.get(page("change", consent)).context
    world.client.post(page("change", consent), fields | {"_seen": now["seen"]})


def condition_changed(world):
    yield from on_the_page_of_a_consent(world, **{"distribution_conditions-0-conditions": "by courier"})


def prohibition_entered(world):
    row = {"data_category": world.first(DataCategory).pk, "is_prohibited": "on"}
    changes = {f"distribution_conditions-0-{name}": value for name, value in row.items()}
    yield from on_the_page_of_a_consent(world, **changes, **{"distribution_conditions-TOTAL_FORMS": 1})


PUBLISHED = {"on": DAY, "url": "https://example.kz/conditions"}


def conditions_published(world):
    consent = made(Consent, world, kind="distribution", is_separate=True)
    yield
    read(world, consent)
    world.client.post(page("publish", consent), PUBLISHED)


def publish_conditions(world):
    consent = made(Consent, world, kind="distribution", is_separate=True)
    yield
    consent.publish_conditions(**PUBLISHED, at=timezone.now())


def consent_withdrawn(world):
    consent = made(Consent, world)
    yield
    read(world, consent)
    fields = {"received_on": timezone.localdate().isoformat(), "_reason": "a letter"}
    world.client.post(page("withdraw", consent), fields)


def withdrawn_at_the_desk(world):
    consent = made(Consent, world)
    yield
    read(world, world.person)
    today = timezone.localdate().isoformat()
    fields = {"received_on": today, "_reason": "a visit", "consents": consent.pk, "shown": str(consent.pk)}
    world.client.post(page("withdraw", world.person), fields)


def disclosed(world):
    said = fields_of(Disclosure, world)
    address = f"{reverse('admin:registry_disclosure_add')}?person={world.person.pk}"
    given = {name: said[name].pk for name in ("activity", "recipient")}
    given |= {"disclosed_on": timezone.localdate().isoformat(), "ground": "consent"}
    category = {"data_categories-0-data_category": world.first(DataCategory).pk}
    fields = form_fields(world.client.get(address).context, **given | category)
    yield
    world.client.post(address, fields)


def people_listed(model):
    """The list of the model as a file: whether the person is on it."""

    def route(world):
        made(model, world)
        yield
        url = reverse(f"admin:registry_{model._meta.model_name}_export")
        response = world.client.post(url, {"format": "json", "reason": "matrix"})
        rows = json.loads(b"".join(response.streaming_content))
        yield any("Қасымова" in json.dumps(row, ensure_ascii=False) for row in rows["rows"])

    return route


# Files that come and go.


def called(name, *args, **options):
    """A command; by its exit it says that some rows were stopped."""
    with suppress(SystemExit):
        call_command(name, *args, operator="lapp", stdout=io.StringIO(), stderr=io.StringIO(), **options)


def crm_import(world):
    crm = CRM(world.operator)
    run = crm.plan([row_of(1, email="other@example.kz")])
    yield
    crm.apply(run)


def crm_import_of_a_consent(world):
    crm, _purpose = CRM(world.operator), world.purpose
    yield
    crm.load(
        [
            row_of(
                1,
                email="asem1@example.kz",
                phone="",
                consent_purpose="email-information",
                consent_given_on="11.09.2024",
            )
        ]
    )


def crm_opt_out(world):
    crm = CRM(world.operator)
    yield
    crm.load(b"crm_id;email;email_opt_out\nC0000001;other@example.kz;yes\n")


def import_command(world):
    path = world.folder / "people.csv"
    path.write_bytes(b"crm_id;email\nC0000001;other@example.kz\n")
    yield
    called("import_subjects", str(path))


def import_undone(world):
    crm = CRM(world.operator)
    run = crm.load([row_of(1, email="other@example.kz", phone="")])
    yield
    run = undoing.take(ImportRun.objects.get(pk=run.pk), by=None, role="system")
    undoing.undo(run, by=None, role="system")


def undo_command(world):
    crm = CRM(world.operator)
    run = crm.load([row_of(1, email="other@example.kz", phone="")])
    yield
    called("undo_import", str(run.pk))


def permissions_file(world):
    made(Consent, world)
    yield
    text = b"".join(Export(world.operator, by=None, role="system", whole=True)).decode()
    yield "C0000001,yes" in text


def permissions_command(world):
    made(Consent, world)
    yield
    called("export_permissions", output=str(world.folder / "p.csv"))
    yield "C0000001,yes" in (world.folder / "p.csv").read_text()


def audit_command(world):
    yield
    folder = Path(tempfile.mkdtemp(dir=world.folder))
    called("export_audit", output=str(folder), by="natalia", changes=True)
    yield "Қасымова" in (folder / "changes.csv").read_text()


def audit_file(world):
    yield
    file = io.BytesIO()
    archive = audit.Archive(file)
    audit.export(
        archive,
        by=world.officer,
        role="dpo",
        operator=world.operator,
        with_changes=True,
        personal_of=frozenset({"lapp"}),
    )
    archive.close()
    with zipfile.ZipFile(file) as inside:
        yield "Қасымова" in inside.read("changes.csv").decode()


def pack_sent(world):
    """What the operator has of the person, for the person."""
    case = make_request(world.operator)
    with world.unit():
        case.link_person(world.person, by=world.officer, at=timezone.now())
        case.identify("document", by=world.officer, at=timezone.now())
    yield
    pack = pack_of(SubjectRequest.objects.get(pk=case.pk), "ru", at=timezone.now())
    yield "Қасымова" in str(pack)


# How routes are found.


def operations():
    """Functions of operations/ that name who acts: the others read, or do a part of it."""
    for path in sorted((REGISTRY / "operations").glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and "by" in {
                each.arg for each in (*node.args.args, *node.args.kwonlyargs)
            }:
                yield f"operations.{path.stem}.{node.name}"


def importers():
    """Functions of imports/ that open a unit of work, or write rows in bulk."""
    for path in sorted((REGISTRY / "imports").glob("*.py")):
        for node in ast.parse(path.read_text()).body:
            called = {
                each.func.attr if isinstance(each.func, ast.Attribute) else getattr(each.func, "id", "")
                for each in ast.walk(node)
                if isinstance(each, ast.Call)
            }
            if isinstance(node, ast.FunctionDef) and "unit_of_work" in called:
                yield f"imports.{path.stem}.{node.name}"


def acts():
    """Methods of models that name their actor."""
    for model in apps.get_app_config("registry").get_models():
        for name, method in inspect.getmembers(model, inspect.isfunction):
            own = not name.startswith("_") and method.__module__.startswith("registry.")
            if own and "by" in inspect.signature(method).parameters:
                yield f"act {method.__qualname__}"


def people_admins():
    return [each for model, each in admin.site._registry.items() if model._meta.model_name in scope.PEOPLE]


def screens():
    for each in people_admins():
        yield from (f"admin {url.name}" for url in each.get_urls() if url.name)
        yield from (f"inline {inline.model.__name__}" for inline in each.inlines)
        yield from (f"list action {action}" for action in each.actions or ())


def commands():
    yield from (f"command {name}" for name, app in get_commands().items() if app == "registry")


def discovered():
    """Names of all routes there are: whoever adds one decides what a block does to it."""
    shell = {f"{model.__name__} {way}" for model in HELD for way in SHELL}
    files = {f"file {kind}" for kind in ExportRun.Kind.values}
    return shell | files | {*operations(), *importers(), *acts(), *screens(), *commands()}


def touching():
    """Tracked models that lead to a person, over however many links."""
    models = [model for model in apps.get_app_config("registry").get_models() if issubclass(model, Tracked)]
    found = {DataSubject}
    while more := {
        model
        for model in models
        if model not in found and any(f.is_relation and f.related_model in found for f in model._meta.concrete_fields)
    }:
        found |= more
    return found
