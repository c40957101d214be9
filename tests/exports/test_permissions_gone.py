"""CRM ids that are nobody's any more: the CRM goes by the last word it has of them, so the next file has one."""

import json

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from registry.exports import permissions
from registry.journal import unit_of_work
from registry.journal.reconcile import findings
from registry.models import DataSubject, ExportRun, JournalEntry
from registry.operations.blocking import block
from tests.factories import make_law, make_operator, make_subject, make_user
from tests.imports import crm
from tests.imports.undoing import undone

from .test_permissions import exported, office, person  # noqa: F401 -- office is a fixture

pytestmark = pytest.mark.django_db


def gone():
    """The row of an id that was lost today."""
    return ["no", "no", "no", "no", "no", "yes", timezone.localdate().isoformat(), "gone"]


def give(subject, crm_id):
    with unit_of_work(by=None, role="system"):
        subject.crm_id = crm_id
        subject.save()


def delete(subject):
    with unit_of_work(by=None, role="system"):
        subject.delete()


def told(run):
    """Whom the lists of the export name, and how many rows each of them had."""
    entries = JournalEntry.objects.filter(action="list", run=run.pk).order_by("seq")
    said = [json.loads(entry.body) for entry in entries]
    return [uid for each in said for uid in each["uids"]], [each["count"] for each in said]


def test_id_of_somebody_who_is_blocked_by_now_is_not_to_be_removed(office, dpo):  # noqa: F811
    """The id was corrected, then the person was blocked: what the CRM has under the old id is stored only, too."""
    subject = person(office, "A1", third_parties=False).subject
    exported(office)
    give(subject, "B1")
    with unit_of_work(by=dpo):
        cause = {"cause": "breach_reported", "why": "says so"}
        block(subject, law=make_law(), **cause, by=dpo, at=timezone.now())
    rows, day = exported(office), timezone.localdate().isoformat()
    stored_only = ["no", "no", "no", "no", "yes", "no", day, "blocked"]
    assert rows == {"A1": stored_only, "B1": stored_only}


def test_people_of_an_import_that_is_undone_are_taken_out(office):  # noqa: F811
    """A wrong file brought consents, and the CRM was told yes: after the undo it is told no, once, and the journal about whom."""
    way = crm.CRM(office)
    known = person(office, "A1", third_parties=False).subject
    rows = [
        crm.person(number, **crm.consent(consent_purpose="email-information", consent_given_on="05.01.2026"))
        for number in (1, 2)
    ]
    run = way.load(rows)
    uids = [str(each.uid) for each in DataSubject.objects.exclude(pk=known.pk).order_by("crm_id")]
    assert set(exported(office)) == {"A1", "C0000001", "C0000002"}
    undone(way, run)
    assert exported(office) == {"C0000001": gone(), "C0000002": gone()}
    assert told(ExportRun.objects.latest("pk")) == (uids, [2])
    assert exported(office) == {}
    assert not list(findings())


def test_id_that_is_corrected_is_closed(office):  # noqa: F811
    """The person is there under the new id, the old one is to be removed; one file later neither is said again."""
    consent = person(office, "C1", third_parties=False)
    assert exported(office)["C1"][0] == "yes"
    give(consent.subject, "A2")
    rows = exported(office)
    assert (list(rows), rows["A2"][0], rows["C1"]) == (["A2", "C1"], "yes", gone())
    assert told(ExportRun.objects.latest("pk")) == ([str(consent.subject.uid)], [2])
    with unit_of_work(by=None, role="system"):
        consent.subject.phone = "+77010000001"
        consent.subject.save()
    assert list(exported(office)) == ["A2"]


def test_id_that_is_taken_away_is_closed(office):  # noqa: F811
    consent = person(office, "C1", third_parties=False)
    exported(office)
    give(consent.subject, None)
    assert exported(office) == {"C1": gone()}


def test_person_who_is_destroyed_is_taken_out(office):  # noqa: F811
    """Whatever happened to the id before, each one the CRM may have heard of is closed."""
    subject = make_subject(office, crm_id="C1")
    exported(office)
    give(subject, "C2")
    delete(subject)
    assert exported(office) == {"C1": gone(), "C2": gone()}


def test_id_that_somebody_has_is_not_closed(office):  # noqa: F811
    """It went over to another person, or came back: the row is that of whoever has it."""
    consents = [person(office, f"C{number}", third_parties=False) for number in (1, 2, 3)]
    exported(office)
    for consent, crm_id in ((consents[0], "X"), (consents[1], "C1"), (consents[2], "Y"), (consents[2], "C3")):
        give(consent.subject, crm_id)
    rows = exported(office)
    assert {crm_id: row[-1] for crm_id, row in rows.items()} == {
        "C1": "consent", "C2": "gone", "C3": "consent", "X": "consent", "Y": "gone",
    }  # fmt: skip


def test_ids_of_another_operator_are_its_own(office):  # noqa: F811
    """Neither who has an id there, nor who lost one, says anything here."""
    other = make_operator("lapp")
    here, there = (make_subject(operator, crm_id="C1") for operator in (office, other))
    make_subject(other, crm_id="C2")
    exported(office)
    give(there, "C9")
    assert exported(office) == {}
    give(here, "C2")
    give(here, "C3")
    assert set(exported(office)) == {"C1", "C2", "C3"}


def test_file_that_is_whole_by_itself_closes_ids_too(office):  # noqa: F811
    """The CRM asked for what changed, and need not notice that everybody is in it."""
    person(office, "C1", third_parties=False)
    subject = make_subject(office, crm_id="C2")
    exported(office)
    delete(subject)
    with unit_of_work(by=None, role="system"):
        office.address = "Almaty, Tole bi 1"
        office.save()
    rows = exported(office)
    assert (list(rows), rows["C2"]) == (["C1", "C2"], gone())
    assert ExportRun.objects.latest("pk").filter["since_run"] is None


def test_file_that_is_asked_for_whole_closes_ids_too(office):  # noqa: F811
    """The next one goes on from it: an id it did not close would be mailed for ever."""
    person(office, "C1", third_parties=False)
    destroyed = person(office, "C3", third_parties=False)
    assert exported(office)["C3"][0] == "yes"
    with unit_of_work(by=None, role="system"):
        destroyed.delete()
    delete(destroyed.subject)
    rows = exported(office, whole=True)
    assert (list(rows), rows["C3"]) == (["C1", "C3"], gone())
    assert exported(office) == {}


@pytest.mark.parametrize("whole", [False, True])
def test_first_file_closes_nothing(office, whole):  # noqa: F811
    """The CRM has no word of anybody yet; a file that broke off is none to go on from."""
    person(office, "C1", third_parties=False)
    subject = make_subject(office, crm_id="C2")
    next(iter(permissions.Export(office, by=None, role="system").sealed))
    delete(subject)
    assert list(exported(office, whole=whole)) == ["C1"]


def test_rows_of_people_and_of_ids_are_in_one_order(office, monkeypatch):  # noqa: F811
    """By CRM id across the chunks, and each chunk is told with whom it is about."""
    monkeypatch.setattr(permissions, "CHUNK_PEOPLE", 2)
    subjects = [make_subject(office, crm_id=f"C{number}") for number in range(7)]
    exported(office)
    for subject in subjects[1::2]:
        delete(subject)
    for subject in subjects[0::2]:
        with unit_of_work(by=None, role="system"):
            subject.phone = "+77010000001"
            subject.save()
    rows = exported(office)
    assert [(crm_id, row[-1]) for crm_id, row in rows.items()] == [
        (f"C{number}", "gone" if number % 2 else "no_ground") for number in range(7)
    ]
    uids, counts = told(ExportRun.objects.latest("pk"))
    assert (uids, counts) == ([str(subject.uid) for subject in subjects], [2, 2, 2, 1])


def test_page_and_command_say_how_many(office, browser_client, tmp_path, capsys):  # noqa: F811
    """Of people and of ids apart: the latter are nobody."""
    person(office, "C1", third_parties=False)
    subject = make_subject(office, crm_id="C2")
    exported(office)
    delete(subject)
    page = browser_client(make_user("dpo", office)).get(reverse("admin:registry_exportrun_permissions"))
    text = page.content.decode()
    assert "may have changed since: 0 of 1. CRM ids that are nobody’s any more, to be taken out of the CRM: 1." in text
    assert "<code>gone</code>" in text
    call_command("export_permissions", operator="kazger", output=str(tmp_path / "p.csv"))
    out = capsys.readouterr().out
    assert "0 people, changed since export" in out
    assert "1 CRM id is nobody’s any more: to be taken out of the CRM." in out
    assert ExportRun.objects.latest("pk").count == 1
