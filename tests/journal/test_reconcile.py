"""Reconcile finds whatever was changed behind the journal's back, and names it."""

import datetime as dt
import io

import pytest
from django.core.management import call_command
from django.db import connection

from registry import journal
from registry.journal.models import JournalEntry, JournalHead, JournalSubject
from registry.journal.reconcile import findings, tracked_models
from registry.models import (
    Agreement,
    Clause,
    Consent,
    DataSubject,
    Policy,
    Purpose,
    SubjectCategory,
    SubjectInCategory,
)
from tests.factories import make_purpose, make_subject, make_user, save

pytestmark = pytest.mark.django_db


def told():
    return [str(finding) for finding in findings()]


@pytest.fixture
def subject(lapp):
    subject = make_subject(lapp, surname="Ahmetov")
    subject.given_name = "Arman"
    return save(subject)


def entry_of(record, **lookup):
    return JournalEntry.objects.filter(object_uid=record.uid, **lookup).order_by("-seq").first()


def test_untouched_register_agrees(subject, dpo):
    """A register that was only written through the application agrees with its journal, deletions included."""
    purpose = make_purpose(subject.operator)
    with journal.unit_of_work(by=dpo, role="dpo", operator=subject.operator):
        purpose.delete()
        journal.record("list", object_type="datasubject", uids=[subject.uid], count=1)
    assert told() == []


def test_empty_register_agrees(db):
    """Before the first entry there is nothing to disagree."""
    assert told() == []


def test_live_row_changed_behind_the_journal_is_named_by_field(subject):
    """A silent update of a live row is named by record and field, without its value."""
    DataSubject.objects.filter(pk=subject.pk).update(phone="+77010000000", surname="Ivanov")
    assert told() == [
        f"datasubject {subject.uid}: field surname is not as its history left it",
        f"datasubject {subject.uid}: field phone is not as its history left it",
    ]


def test_row_written_or_deleted_behind_the_journal_is_named(subject):
    """A row that no history knows, and one that vanished without a deletion, are named."""
    purpose = Purpose(operator=subject.operator, code="secret", name_en="Secret")
    Purpose.objects.bulk_create([purpose])
    DataSubject._base_manager.filter(pk=subject.pk)._raw_delete("default")
    assert sorted(told()) == [
        f"datasubject {subject.uid}: it is gone, but its history knows of no deletion",
        f"purpose {purpose.uid}: it has no history",
    ]


def test_live_value_that_cannot_be_read_is_named(subject):
    """A value that is none of its kind, put in by SQL, is a finding and no crash."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL refuses such a value itself")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registry_datasubject SET state = 'gone', iin = 12")
    assert told() == [
        f"datasubject {subject.uid}: field iin is not as its history left it",
        f"datasubject {subject.uid}: field state is not as its history left it",
    ]


def test_deleted_row_brought_back_is_named(lapp, dpo):
    """A record deleted by its history cannot stand in the table."""
    purpose = make_purpose(lapp)
    pk = purpose.pk
    with journal.unit_of_work(by=dpo, role="dpo", operator=lapp):
        purpose.delete()
    Purpose.objects.bulk_create([Purpose(pk=pk, uid=purpose.uid, operator=lapp, code=purpose.code, name_en="x")])
    assert told() == [f"purpose {purpose.uid}: it is there, but its history ends with its deletion"]


@pytest.mark.parametrize(
    ("column", "value", "problem"),
    [
        ("surname", "Ivanov", "its personal values or its reason are not those its entry {seq} commits to"),
        (
            "history_change_reason",
            "other",
            "its personal values or its reason are not those its entry {seq} commits to",
        ),
        ("crm_id", "C9", "its public values are not those its entry {seq} commits to"),
        ("history_user_id", 7, "its public values are not those its entry {seq} commits to"),
    ],
)
def test_rewritten_history_does_not_open_its_commitment(subject, column, value, problem):
    """A history row that was rewritten no longer opens what its entry commits to."""
    first = subject.history.order_by("history_id").first()
    type(first).objects.filter(pk=first.pk).update(**{column: value})
    seq = entry_of(subject, history_id=first.pk).seq
    assert told() == [f"datasubject {subject.uid}, history row {first.pk}: {problem.format(seq=seq)}"]


def test_history_and_entries_must_be_paired(subject):
    """A history row without entry and an entry without history row are both found."""
    first, last = subject.history.order_by("history_id")
    entry = entry_of(subject, history_id=first.pk)
    first.delete()
    last.pk = None
    last.save()
    assert told() == [
        f"entry {entry.seq}: its history row {first.history_id or entry.history_id} of datasubject is missing",
        f"datasubject {subject.uid}, history row {last.pk}: it has no journal entry",
    ]


@pytest.mark.parametrize(
    ("column", "value"), [("actor", 99), ("action", "view"), ("object_type", "consent"), ("run", 3), ("n", 77)]
)
def test_column_that_does_not_repeat_its_body_is_named(subject, column, value):
    """The columns of an entry are for filtering; what counts is the body, and they must agree."""
    entry = entry_of(subject)
    JournalEntry.objects.filter(pk=entry.pk).update(**{column: value})
    assert f"entry {entry.seq}: column {column} does not repeat the body" in told()


def test_rewritten_entry_breaks_the_chain(subject):
    """An entry with another body no longer fits its hash."""
    entry = entry_of(subject)
    body = entry.body.replace('"system"', '"dpo"')
    JournalEntry.objects.filter(pk=entry.pk).update(body=body)
    assert told() == [f"entry {entry.seq}: the hash does not follow from its body and the entry before"]


def test_dropped_entry_is_named(subject, dpo, lapp):
    """A missing entry is found at the one after it; at the end the head tells."""
    with journal.unit_of_work(by=dpo, role="dpo", operator=lapp):
        journal.record("list", object_type="purpose", count=0)
        journal.record("list", object_type="purpose", count=1)
    last = JournalHead.objects.get().seq
    JournalEntry.objects.filter(pk=last - 1).delete()
    assert told() == [
        f"entry {last}: entry {last - 1} before it is missing",
        f"entry {last}: the hash does not follow from its body and the entry before",
        f"entry {last}: its number within the operator is not the next one",
    ]
    JournalEntry.objects.filter(pk=last).delete()
    assert told() == ["journal head: it is not that of the last entry"]


def test_entry_beyond_the_head_is_named(subject):
    """An entry written past the head is not the application's."""
    entry = JournalEntry.objects.order_by("-seq").first()
    entry.seq, entry.history_id, entry.operator, entry.n = entry.seq + 1, None, "", None
    JournalEntry.objects.bulk_create([entry])
    assert told() == [f"entry {entry.seq}: it stands beyond the journal head"]


def test_trail_of_a_person_leads_to_every_entry_that_names_them(subject, dpo):
    """Whoever hides a reading from a person's own trail is found."""
    with journal.unit_of_work(by=dpo, role="dpo", operator=subject.operator):
        journal.record("list", object_type="datasubject", uids=[subject.uid], count=1)
    entry = JournalEntry.objects.order_by("-seq").first()
    entry.subjects.all().delete()
    assert told() == [f"entry {entry.seq}: the trail of a person it is about does not lead to it"]


def read(record, action):
    with journal.unit_of_work(by=None, role="system", operator=record.operator):
        journal.record(action, object_type=record._meta.model_name, uid=record.uid, subjects=record.journal_subjects())


@pytest.fixture
def records(subject):
    """What is about a person: the person, a category, a consent, an agreement that was deleted again; each read once."""
    lapp = subject.operator
    category = save(SubjectCategory(operator=lapp, code="clients", name_en="Clients"))
    records = [
        subject,
        save(SubjectInCategory(subject=subject, category=category)),
        save(Consent(subject=subject, purpose=make_purpose(lapp), given_on=dt.date(2025, 1, 1))),
        save(Agreement(subject=subject, number="A-1")),
    ]
    for record in records:
        read(record, "view")
    read(records[2].purpose, "history")
    with journal.unit_of_work(by=None, role="system"):
        records[3].delete()
    return records


def test_readings_of_what_is_about_a_person_agree(records):
    """Whatever is about a person is worked out from the history as it was written."""
    assert told() == []


@pytest.mark.parametrize("place", range(4))
def test_hidden_entry_of_a_person_is_found(records, place):
    """Taken out of a person’s trail, a write or a reading of a consent is found as is one of the person."""
    entries = JournalEntry.objects.filter(object_uid=records[place].uid).order_by("seq")
    JournalSubject.objects.filter(entry__in=entries).delete()
    assert told() == [f"entry {entry.seq}: the trail of a person it is about does not lead to it" for entry in entries]


def test_entry_put_into_the_trail_of_another_person_is_found(records):
    """Nothing can be put into the trail of a person whom it is not about."""
    other = make_subject(records[0].operator)
    entries = list(JournalEntry.objects.order_by("seq"))
    JournalSubject.objects.exclude(entry=entries[-1]).filter(uid=other.uid).delete()
    JournalSubject.objects.bulk_create([JournalSubject(entry=entry, uid=other.uid) for entry in entries[:-1]])
    assert told() == [f"entry {entry.seq}: the trail of a person it is not about leads to it" for entry in entries[:-1]]


def test_reading_of_a_record_that_went_over_to_another_person(records):
    """A reading of a consent is about the person it was of then, or is of now; a write about the one it names."""
    consent, other = records[2], make_subject(records[0].operator)
    consent.subject = other
    save(consent)
    read(consent, "view")
    assert told() == []
    last = JournalEntry.objects.order_by("-seq").first()
    last.subjects.all().delete()
    assert told() == [f"entry {last.seq}: the trail of a person it is about does not lead to it"]


def test_field_that_follows_from_others_must_follow(subject):
    """What the history leaves out, because it is computed, must be as it is computed."""
    policy = save(Policy(operator=subject.operator, version="1", title="Policy"))
    clause = save(Clause(policy=policy, number="3.10", obliges="Answer."))
    assert told() == []
    DataSubject.objects.filter(pk=subject.pk).update(search_key="nobody")
    Clause.objects.filter(pk=clause.pk).update(sort_key="0001")
    assert sorted(told()) == [
        f"clause {clause.uid}: field sort_key does not follow from the others",
        f"datasubject {subject.uid}: field search_key does not follow from the others",
    ]


@pytest.mark.parametrize("model", tracked_models(), ids=lambda model: model.__name__)
def test_every_field_is_in_the_history_or_follows_from_it(lapp, model):
    """No field of a tracked record is left unchecked."""
    tracked = {field.name for field in model.history.model.tracked_fields}
    derived = set(make_subject(lapp).derived()) if model is DataSubject else set(model().derived())
    assert {field.name for field in model._meta.concrete_fields} == tracked | derived
    assert not tracked & derived


def test_body_or_hash_that_is_none_is_a_finding(subject):
    """Whatever stands in the journal, the answer is a sentence and no crash."""
    first, second, third = JournalEntry.objects.order_by("seq")[:3]
    JournalEntry.objects.filter(pk=first.pk).update(body="[]")
    JournalEntry.objects.filter(pk=second.pk).update(body='{"uids":')
    JournalEntry.objects.filter(pk=third.pk).update(hash="none")
    said = told()
    assert f"entry {first.seq}: the body is not canonical" in said
    assert f"entry {second.seq}: the body is not canonical" in said
    assert f"entry {third.seq}: the hash does not follow from its body and the entry before" in said


def test_history_row_that_cannot_be_read_is_a_finding(subject):
    """A history row without its salt opens nothing, and is no crash."""
    row = subject.history.first()
    type(row).objects.filter(pk=row.pk).update(salt=b"")
    assert told()[0].startswith(f"datasubject {subject.uid}, history row {row.pk}: its personal values or its reason")


def test_command_prints_findings_and_fails(subject):
    """The command prints one finding a line, ends with 1, and is itself an entry of the journal."""
    out = io.StringIO()
    call_command("reconcile", stdout=out)
    assert out.getvalue() == "Everything agrees: records, history, journal and kept files.\n"
    DataSubject.objects.filter(pk=subject.pk).update(email="a@example.kz")
    out = io.StringIO()
    make_user("administrator", username="root")
    with pytest.raises(SystemExit) as ended:
        call_command("reconcile", by="root", stdout=out)
    assert ended.value.code == 1
    assert out.getvalue() == f"datasubject {subject.uid}: field email is not as its history left it\n1 finding.\n"
    entry = JournalEntry.objects.order_by("-seq").first()
    assert (entry.action, '"count":1' in entry.body, '"role":"administrator"' in entry.body) == (
        "journal.verify",
        True,
        True,
    )
