"""Files that come and go, by the browser and by commands."""

import io
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

from django.core.management import call_command
from django.utils import timezone

from registry.exports import audit
from registry.exports.answer_pack import pack_of
from registry.exports.permissions import Export
from registry.imports import undo as undoing
from registry.models import (
    Consent,
    ImportRun,
    SubjectRequest,
)
from tests.factories import make_request
from tests.imports.crm import CRM
from tests.imports.crm import person as row_of

from .world import made


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
    called("export_audit", output=str(folder), by="natalia", changes="csv", reason="inspection")
    yield "Қасымова" in (folder / "changes.csv").read_text()


def audit_file(world):
    yield
    file = io.BytesIO()
    audit.export(
        audit.Archive(file),
        by=world.officer,
        role="dpo",
        operator=world.operator,
        changes_as="csv",
        reason="inspection",
        personal_of=frozenset({"lapp"}),
    )
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
