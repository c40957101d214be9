import datetime as dt
import hashlib
import json
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from registry import journal
from registry.journal import canonical, unit
from registry.models import Agreement, DataSubject, JournalEntry, JournalHead, Purpose
from tests.factories import make_operator, make_subject, make_user, save

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
pytestmark = pytest.mark.django_db


def entries(**filters):
    return list(JournalEntry.objects.filter(**filters).order_by("seq"))


def body(entry):
    return json.loads(entry.body)


@pytest.mark.parametrize("name", ["public", "public_odd_values"])
def test_public_commitment_golden_vector(name):
    """The commitment to public values is that of the published format, byte for byte."""
    vector = VECTORS[name]
    assert canonical.canonical(vector["values"]).decode() == vector["canonical"]
    assert canonical.public_commitment(vector["values"]) == vector["commitment"]


@pytest.mark.parametrize("name", ["personal", "personal_empty"])
def test_personal_commitment_golden_vector(name):
    """The commitment to personal values binds them by the salt; without values it commits to an empty object."""
    vector = VECTORS[name]
    values = vector.get("values", {})
    assert canonical.canonical(values).decode() == vector["canonical"]
    assert canonical.personal_commitment(bytes.fromhex(vector["salt"]), values) == vector["commitment"]


def test_chain_golden_vector():
    """Bodies, digests and hashes of the chain are those of the published format."""
    previous = canonical.GENESIS
    for vector in VECTORS["chain"]:
        text = vector["body"].encode()
        assert canonical.canonical(json.loads(text)) == text
        assert canonical.body_digest(text).hex() == vector["digest"]
        previous = canonical.chain(previous, text)
        assert previous.hex() == vector["hash"]


def test_create_entry_says_what_the_vector_says(lapp):
    """An entry of a created person names the fields that got a value, the row, the role and the run, and no value."""
    user = make_user("dpo", lapp)
    with journal.unit_of_work(by=user, role="dpo", operator=lapp, reason="CRM import", run=3):
        subject = DataSubject(
            operator=lapp, crm_id="C0000001", surname="Қасымова", given_name="Әсем", phone="+77077356312",
            email="asem@example.kz", birth_date=dt.date(1990, 2, 28), language="kk",
        )  # fmt: skip
        subject.full_clean()
        subject.save()
    entry = entries()[-1]
    row = subject.history.get()
    said, vector = body(entry), json.loads(VECTORS["chain"][1]["body"])
    assert set(said) == set(vector)
    assert said["fields"] == vector["fields"]
    assert (said["v"], said["action"], said["object"], said["operator"]) == (1, "create", "datasubject", "lapp")
    assert (said["role"], said["run"], said["actor"], said["row"]) == ("dpo", 3, user.pk, row.history_id)
    public, personal = canonical.row_values(row)
    assert set(public) == set(VECTORS["public"]["values"])
    assert personal == VECTORS["personal"]["values"]
    assert said["personal"] == canonical.personal_commitment(row.salt, personal)
    assert "Қасымова" not in entry.body
    assert [each.uid for each in entry.subjects.all()] == [subject.uid]


def test_write_outside_a_unit_is_refused(lapp):
    """A tracked record cannot be written where nobody would know who did it."""
    purpose = Purpose(operator=lapp, code="letters", name_en="Letters")
    with pytest.raises(journal.OutsideUnitOfWork), transaction.atomic():
        purpose.save()
    assert not Purpose.objects.exists()


def test_write_while_reading_is_refused(lapp):
    """A page view writes no tracked record."""
    with pytest.raises(journal.OutsideUnitOfWork), journal.reading(by=None), transaction.atomic():
        Purpose(operator=lapp, code="letters", name_en="Letters").save()


def test_change_is_rolled_back_when_the_journal_cannot_be_written(lapp, monkeypatch):
    """No entry, no change."""

    def fail(*args, **kwargs):
        raise DatabaseError("disk full")

    monkeypatch.setattr(unit, "_append_locked", fail)
    with pytest.raises(journal.JournalUnavailable), journal.unit_of_work(by=None):
        Purpose(operator=lapp, code="letters", name_en="Letters").save()
    assert not Purpose.objects.exists()


def test_rolled_back_savepoint_leaves_no_entry(lapp):
    """What was undone inside the unit is not told, and what came after it is told once."""
    before = len(entries())
    with journal.unit_of_work(by=None):
        with pytest.raises(ValidationError), transaction.atomic():
            Purpose(operator=lapp, code="undone", name_en="Undone").save()
            raise ValidationError("undone")
        kept = Purpose(operator=lapp, code="kept", name_en="Kept")
        kept.save()
    assert [entry.object_uid for entry in entries()[before:]] == [kept.uid]


def recorded(act, undo=False):
    """Records a user's creation inside a transaction of its own, which `undo` rolls back."""
    try:
        with transaction.atomic():
            journal.record("user.create", object_type="user", count=act)
            if undo:
                raise ValidationError("undone")
    except ValidationError:
        pass


def counts(before):
    return [body(entry)["count"] for entry in entries()[before:]]


@pytest.mark.parametrize("collecting", [journal.unit_of_work, journal.reading])
def test_act_recorded_in_a_rolled_back_savepoint_is_not_told(lapp, collecting):
    """An act that was undone is no entry, though it writes no history row; what stands before and after it is told."""
    before = len(entries())
    with collecting(by=None):
        journal.record("user.change", object_type="user", count=1)
        recorded(2)
        recorded(3, undo=True)
        with transaction.atomic():
            recorded(4, undo=True)
            recorded(5)
        journal.record("user.change", object_type="user", count=6)
    assert counts(before) == [1, 2, 5, 6]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("collecting", [journal.unit_of_work, journal.reading])
def test_act_undone_with_a_whole_transaction_is_not_told(collecting):
    """While reading nothing holds a transaction: what a view did in one of its own stands or falls with that one."""
    with collecting(by=None):
        journal.record("user.change", object_type="user", count=1)
        recorded(2)
        recorded(3, undo=True)
    assert counts(0) == [1, 2]


def test_save_without_a_change_writes_nothing(lapp):
    """Saving a record as it stands leaves neither a history row nor an entry."""
    subject = make_subject(lapp)
    before = len(entries())
    save(subject)
    assert subject.history.count() == 1
    assert len(entries()) == before


def test_change_names_the_changed_fields_only(lapp):
    """The entry of a change names the fields that got another value."""
    subject = make_subject(lapp)
    subject.phone = "+77010000001"
    save(subject)
    assert body(entries()[-1])["fields"] == ["phone"]


def test_delete_is_an_entry_without_fields(lapp):
    """A deletion is told with the row that keeps what was there."""
    purpose = save(Purpose(operator=lapp, code="letters", name_en="Letters"))
    with journal.unit_of_work(by=None):
        purpose.delete()
    said = body(entries()[-1])
    assert said["action"] == "delete"
    assert "fields" not in said


def test_all_entries_of_a_unit_share_one_time_and_later_units_never_do(lapp):
    """A moment divides the journal: no unit lies on both sides of it."""
    with journal.unit_of_work(by=None):
        Purpose(operator=lapp, code="a", name_en="A").save()
        Purpose(operator=lapp, code="b", name_en="B").save()
    first, second = entries()[-2:]
    assert first.at == second.at
    JournalHead.objects.update(at=dt.datetime(2999, 1, 1, tzinfo=dt.UTC))
    save(Purpose(operator=lapp, code="c", name_en="C"))
    assert entries()[-1].at == dt.datetime(2999, 1, 1, 0, 0, 0, 1, tzinfo=dt.UTC)


def test_operators_are_numbered_apart(lapp):
    """Each operator's entries carry a running number of their own, so that none of them can be hidden."""
    other = make_operator("kazger")
    save(Purpose(operator=other, code="a", name_en="A"))
    save(Purpose(operator=lapp, code="a", name_en="A"))
    for code in ("lapp", "kazger"):
        numbers = [entry.n for entry in entries(operator=code)]
        assert numbers == list(range(1, len(numbers) + 1))


def test_nested_unit_joins_the_outer_one(lapp):
    """An act inside an act belongs to the outer one's actor and transaction."""
    before = len(entries())
    with pytest.raises(RuntimeError), journal.unit_of_work(by=None):
        save(Purpose(operator=lapp, code="a", name_en="A"))
        raise RuntimeError
    assert len(entries()) == before
    assert not Purpose.objects.exists()


def test_reads_are_appended_after_the_view(lapp):
    """What was read is told once the view is over, with the people shown."""
    subject = make_subject(lapp)
    user = make_user("dpo", lapp)
    with journal.reading(by=user, role="dpo", operator=lapp):
        journal.record("list", object_type="datasubject", uids=[subject.uid], count=1)
    said = body(entries()[-1])
    assert {"action", "uids", "count", "role"} <= set(said)
    assert said["uids"] == [str(subject.uid)]
    assert entries()[-1].subjects.get().uid == subject.uid


def test_whole_journal_recomputes(lapp):
    """Every hash follows from the body before it, from the first entry on."""
    make_subject(lapp)
    previous = canonical.GENESIS
    for number, entry in enumerate(entries(), 1):
        assert entry.seq == number
        digest = hashlib.sha256(b"PDR1\0" + entry.body.encode()).digest()
        previous = hashlib.sha256(previous + digest).digest()
        assert entry.hash == previous.hex()
    assert JournalHead.objects.get().hash == previous.hex()


def test_entry_of_a_persons_agreement_touches_the_person(lapp):
    """What is only about a person is found in the journal by that person."""
    subject = make_subject(lapp)
    save(Agreement(subject=subject, number="A-1"))
    assert [each.uid for each in entries()[-1].subjects.all()] == [subject.uid]
