"""What the import writes in bulk is what save() would have written, on both databases."""

import datetime as dt
import json
import pickle

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.choices import Channel
from registry.journal import bulk, copying, unit_of_work
from registry.journal.canonical import canonical, commitments
from registry.models import (
    ActivityPurpose,
    Agreement,
    Consent,
    DataSubject,
    JournalEntry,
    LegalBasis,
    ProcessingActivity,
    SubjectPurpose,
    Suppression,
)
from registry.models.base import uuid7
from registry.rules.names import search_key_of
from tests import factories

pytestmark = pytest.mark.django_db
ALWAYS = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

# Quotes, backslashes, letters that JSON leaves alone and a blank that no eye sees: a name may hold what it likes.
names = st.text("АаӘәҚқЁёИиЙйAaZz'- ?😀ﬀ\"\\\u2028\u00a0%{}", min_size=1, max_size=12).map(str.strip).filter(bool)
days = st.dates(dt.date(1900, 1, 1), dt.date(2026, 11, 1))
# In the last hours of 9999 in Greenwich it is the year 10000 in Almaty.
later = st.datetimes(dt.datetime(2026, 11, 2), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC))
people = st.fixed_dictionaries(
    {
        "surname": names,
        "given_name": st.one_of(st.just(""), names),
        "patronymic": st.one_of(st.just(""), names),
        "email": st.sampled_from(["", "a@b.kz", "пошта@мысал.қаз"]),
        "phone": st.sampled_from(["", "+77010000001"]),
        "birth_date": st.one_of(st.none(), days),
        "language": st.sampled_from(["", "kk"]),
        "source": st.sampled_from(["", "CRM"]),
    }
)
items = st.fixed_dictionaries(
    {
        "given_on": days,
        "until_purpose_reached": st.booleans(),
        "third_parties": st.sampled_from([None, True, False]),
        "publication": st.sampled_from([None, True, False]),
        "data_list": st.sampled_from(["", "ФИО; e-mail"]),
        "channel": st.sampled_from(["", "written"]),
        "evidence": st.sampled_from(["", "act “7”", 'C:\\acts\\"7"']),
        "withdrawn_at": st.one_of(st.none(), later),
    }
)
reasons = st.sampled_from(["", "Бекіту", 'a "quoted" one', "line\u2028separator"])


def values_of(record):
    return {field.attname: getattr(record, field.attname) for field in record._meta.concrete_fields}


def acting(reason="Бекіту", by=7):
    return unit_of_work(by=by, role="dpo" if by else "system", operator="lapp", reason=reason, run=3 if by else None)


def written_by_bulk(model, values, subject, before=None, is_sent=False, **actor):
    """The record after the bulk path has written these values, with the operator's code. is_sent: by another process."""
    with acting(**actor) as unit:
        batch = bulk.prepare(model, [bulk.Written(values, subject, before)], unit, operator="lapp")
        bulk.put(pickle.loads(pickle.dumps(batch.packed())) if is_sent else batch)
    return model.objects.get(uid=values["uid"])


def gone_by_bulk(record, subject, **actor):
    with acting(**actor):
        bulk.delete(type(record), [bulk.Written({}, subject, values_of(record))], operator="lapp")
    assert not type(record).objects.filter(pk=record.pk).exists()


def gone(record, **actor):
    pk = record.pk
    with acting(**actor):
        record.delete()
    record.pk = pk


def last(record):
    """The last history row and entry of a record: what they say, without what differs from row to row."""
    row = type(record).history.filter(id=record.pk).order_by("-history_id").first()
    entry = JournalEntry.objects.get(object_type=record._meta.model_name, history_id=row.history_id)
    body = json.loads(entry.body)
    assert canonical(body).decode() == entry.body
    public, personal = commitments(row)
    assert (body["public"], body["personal"], body["row"], body["uid"]) == (
        public,
        personal,
        row.history_id,
        str(record.uid),
    )
    own = {"history_id", "history_date", "salt", "id", "uid", "crm_id", "subject_id"}
    said = {
        key: value
        for key, value in body.items()
        if key not in {"seq", "n", "nonce", "at", "public", "personal", "row", "uid"}
    }
    columns = {
        field.attname: getattr(entry, field.attname)
        for field in entry._meta.concrete_fields
        if field.attname not in {"seq", "n", "at", "body", "hash", "object_uid", "history_id"}
    }
    values = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.attname not in own}
    assert len(bytes(row.salt)) == 32
    return values, said, columns, [subject.uid for subject in entry.subjects.all()]


def saved(record, **actor):
    with acting(**actor):
        record.save()
    record.refresh_from_db()
    return record


def twin_values(record, **own):
    return values_of(record) | {"uid": uuid7(), "id": None} | own


def without_id(values):
    return {name: value for name, value in values.items() if name != "id"}


@ALWAYS
@given(given=people, changed=people, reason=reasons, by=st.sampled_from([7, None]), is_sent=st.booleans())
def test_person_written_in_bulk_equals_one_saved(lapp, given, changed, reason, by, is_sent):
    """A new person, a changed one, a deleted one: same columns, same history, same entry, and the commitments open."""
    actor = {"reason": reason, "by": by}
    number = next(factories.numbers)
    one = saved(DataSubject(operator=lapp, crm_id=f"S{number}", **given), **actor)
    values = without_id(twin_values(one, crm_id=f"B{number}"))
    values["search_key"] = one.search_key.removesuffix(f"s{number}") + f"b{number}"
    two = written_by_bulk(DataSubject, values, values["uid"], is_sent=is_sent, **actor)
    assert without_own(one) == without_own(two)
    first, second = last(one), last(two)
    assert first[:3] == second[:3]
    assert (first[3], second[3]) == ([one.uid], [two.uid])

    before = values_of(two)
    count = one.history.count()
    for name, value in changed.items():
        setattr(one, name, value)
    saved(one, **actor)
    if one.history.count() > count:  # else nothing changed, and nothing was written
        after = before | {name: getattr(one, name) for name in changed}
        after["search_key"] = search_key_of(after)
        two = written_by_bulk(DataSubject, after, two.uid, before, is_sent, **actor)
        assert without_own(one) == without_own(two)
        assert last(one)[:3] == last(two)[:3]
    gone(one, **actor)
    gone_by_bulk(two, two.uid, **actor)
    assert last(one)[:3] == last(two)[:3]
    assert last(two)[3] == [two.uid]


def without_own(record):
    own = {"id", "uid", "crm_id", "search_key", "subject_id"}
    return {name: value for name, value in values_of(record).items() if name not in own}


@ALWAYS
@given(given=items, changed=items, is_sent=st.booleans())
def test_consent_written_in_bulk_equals_one_saved(lapp, given, changed, is_sent):
    """A new consent and a changed one, dates, yes/no and unknown included."""
    person, other = factories.make_subject(lapp), factories.make_subject(lapp)
    purpose = lapp_purpose(lapp)
    one = saved(Consent(operator=lapp, subject=person, purpose=purpose, **given))
    values = without_id(twin_values(one, subject_id=other.pk))
    two = written_by_bulk(Consent, values, other.uid, is_sent=is_sent)
    assert without_own(one) == without_own(two)
    assert last(one)[:3] == last(two)[:3]
    assert last(two)[3] == [other.uid]

    before, count = values_of(two), one.history.count()
    for name, value in changed.items():
        setattr(one, name, value)
    saved(one)
    if one.history.count() > count:
        two = written_by_bulk(Consent, before | changed, other.uid, before, is_sent)
        assert without_own(one) == without_own(two)
        assert last(one)[:3] == last(two)[:3]
    gone(one)
    gone_by_bulk(two, other.uid)
    assert last(one)[:3] == last(two)[:3]


def lapp_purpose(lapp):
    from registry.models import Purpose

    return Purpose.objects.filter(operator=lapp).first() or factories.make_purpose(lapp)


@ALWAYS
@given(channel=st.sampled_from(Channel.values), since_on=days, source=st.sampled_from(["", "CRM", 'the "old" CRM']))
def test_opt_out_written_in_bulk_equals_one_saved(lapp, channel, since_on, source):
    """A new opt-out and a deleted one."""
    person, other = factories.make_subject(lapp), factories.make_subject(lapp)
    one = saved(Suppression(operator=lapp, subject=person, channel=channel, since_on=since_on, source=source))
    two = written_by_bulk(Suppression, without_id(twin_values(one, subject_id=other.pk)), other.uid)
    assert without_own(one) == without_own(two)
    assert last(one)[:3] == last(two)[:3]
    gone(one)
    gone_by_bulk(two, other.uid)
    assert last(one)[:3] == last(two)[:3]
    assert last(two)[3] == [other.uid]


@ALWAYS
@given(number=names, concluded_on=st.one_of(st.none(), days))
def test_agreement_written_in_bulk_equals_one_saved(lapp, number, concluded_on):
    """A new agreement, its number personal."""
    person, other = factories.make_subject(lapp), factories.make_subject(lapp)
    one = saved(Agreement(operator=lapp, subject=person, number=number, concluded_on=concluded_on))
    two = written_by_bulk(Agreement, without_id(twin_values(one, subject_id=other.pk)), other.uid)
    assert without_own(one) == without_own(two)
    assert last(one)[:3] == last(two)[:3]


@pytest.fixture
def by_a_norm(lapp):
    """A purpose that data serve by a norm: how it is told that they do."""
    purpose, named = factories.make_purpose(lapp), {"operator": lapp, "code": "a", "name_en": "A"}
    basis = factories.save(LegalBasis(kind="law", norm=factories.make_norm(is_ground=True), **named))
    activity = factories.save(ProcessingActivity(**named))
    factories.save(ActivityPurpose(activity=activity, purpose=purpose, basis=basis))
    return {"operator": lapp, "purpose": purpose, "basis": basis, "ground": "norm"}


served = st.fixed_dictionaries(
    {
        "stop": st.sampled_from(["", "expired", "withdrawn"]),
        "until_on": st.one_of(st.none(), st.dates(dt.date(2020, 1, 1), dt.date(2040, 1, 1))),
    }
)


@ALWAYS
@given(given=served, changed=served)
def test_purpose_of_a_person_written_in_bulk_equals_one_saved(by_a_norm, given, changed):
    """One that is stopped, and one whose stop is taken back: what an undo does with it."""
    lapp, since_on = by_a_norm["operator"], dt.date(2020, 1, 1)
    person, other = factories.make_subject(lapp), factories.make_subject(lapp)
    one = saved(SubjectPurpose(subject=person, since_on=since_on, **by_a_norm, **given))
    two = saved(SubjectPurpose(subject=other, since_on=since_on, **by_a_norm, **given))
    before, count = values_of(two), one.history.count()
    for name, value in changed.items():
        setattr(one, name, value)
    saved(one)
    if one.history.count() > count:
        two = written_by_bulk(SubjectPurpose, before | changed, other.uid, before)
        assert without_own(one) == without_own(two)
        assert last(one)[:3] == last(two)[:3]
        assert last(two)[3] == [other.uid]


def test_row_without_a_change_is_not_written(lapp):
    """A change that changes nothing is a fault of the caller: nothing is written."""
    person = factories.make_subject(lapp)
    with pytest.raises(ValueError, match="a row without a change was to be written"):
        written_by_bulk(DataSubject, values_of(person), person.uid, values_of(person))
    assert person.history.count() == 1


def test_every_row_of_a_change_gets_its_own_values(lapp):
    """Many are changed at once, one to nothing, one to something: no value goes to a neighbour."""
    people = [factories.make_subject(lapp, crm_id=f"C{number}", birth_date=None) for number in range(3)]
    born = [dt.date(1990, 1, 2), None, dt.date(1991, 3, 4)]
    changes = [
        {"birth_date": day, "phone": f"+7701000000{number}", "surname": f"Сейіт {number}"}
        for number, day in enumerate(born)
    ]
    rows = [
        bulk.Written(values_of(person) | change, person.uid, values_of(person))
        for person, change in zip(people, changes, strict=True)
    ]
    with acting():
        bulk.write(DataSubject, rows[::-1], operator="lapp")
    assert list(DataSubject.objects.order_by("pk").values("birth_date", "phone", "surname")) == changes


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite keeps texts of any length")
def test_text_too_long_for_its_column_is_refused_and_not_cut(lapp):
    """A cast on the way to the column would cut it without a word."""
    person = factories.make_subject(lapp)
    with pytest.raises(DataError), transaction.atomic():
        copying.update(DataSubject, ["phone"], [("7" * 21, person.pk)])
    assert DataSubject.objects.get().phone == person.phone


def test_bulk_that_meets_another_writer_fails_as_a_save_would(lapp):
    """An id that somebody else gave meanwhile is the same error as on saving: whoever retries knows it."""
    one = factories.make_subject(lapp)
    values = without_id(twin_values(one))
    with pytest.raises(IntegrityError), transaction.atomic():
        written_by_bulk(DataSubject, values, values["uid"])
    assert DataSubject.objects.get() == one


def test_writing_in_bulk_needs_a_unit_of_work(lapp):
    """Without a unit of work nothing tracked is written, in bulk neither."""
    from registry.journal import OutsideUnitOfWork

    with pytest.raises(OutsideUnitOfWork):
        bulk.write(DataSubject, [], operator="lapp")


def test_record_saved_after_bulk_gets_the_next_id(lapp):
    """Ids given in bulk and ids given by the database never meet."""
    one = factories.make_subject(lapp)
    values = without_id(twin_values(one, crm_id="B1"))
    two = written_by_bulk(DataSubject, values, values["uid"])
    three = factories.make_subject(lapp)
    assert one.pk < two.pk < three.pk
    assert len(set(DataSubject.history.values_list("history_id", flat=True))) == 3


def test_rows_of_a_rolled_back_savepoint_leave_no_entry(lapp):
    """What was written in bulk and undone inside the unit is not told; SQLite gives its ids again to what comes after it."""
    one = factories.make_subject(lapp)
    undone, kept = (without_id(twin_values(one, crm_id=crm_id)) for crm_id in ("B1", "B2"))
    before = JournalEntry.objects.count()
    with acting():
        with pytest.raises(KeyError), transaction.atomic():
            bulk.write(DataSubject, [bulk.Written(undone, undone["uid"])], operator="lapp")
            raise KeyError
        bulk.write(DataSubject, [bulk.Written(kept, kept["uid"])], operator="lapp")
    entry = JournalEntry.objects.latest("seq")
    assert (JournalEntry.objects.count() - before, entry.object_uid) == (1, kept["uid"])
    assert last(DataSubject.objects.get(uid=kept["uid"]))[1]["action"] == "create"


def test_batch_is_put_by_the_actor_it_was_prepared_for(lapp):
    """Who stands in the commitments is who writes."""
    values = without_id(twin_values(factories.make_subject(lapp), crm_id="B1"))
    batch = bulk.prepare(DataSubject, [bulk.Written(values, values["uid"])], bulk.acting(by=8), operator="lapp")
    with pytest.raises(ValueError, match="prepared for another actor"), acting():
        bulk.put(batch)


@pytest.mark.parametrize("is_sent", [False, True])
def test_batches_that_are_put_together_write_what_each_would_write_alone(is_sent, lapp):
    """Two people who are new and, prepared in between and with one of them, two others of whom other columns change: each with an entry
    of their own."""
    new = [without_id(twin_values(factories.make_subject(lapp), crm_id=crm_id)) for crm_id in ("B1", "B2")]
    stored = [factories.make_subject(lapp, crm_id=crm_id) for crm_id in ("B3", "B4")]
    before = [values_of(person) for person in stored]
    changed = [before[0] | {"given_name": "Асель"}, before[1] | {"email": "", "language": "kk"}]
    written = [
        bulk.Written(new[0], new[0]["uid"]),
        bulk.Written(changed[0], stored[0].uid, before[0]),
        bulk.Written(changed[1], stored[1].uid, before[1]),
        bulk.Written(new[1], new[1]["uid"]),
    ]
    first = JournalEntry.objects.latest("seq").seq
    with acting() as unit:
        batches = [
            bulk.prepare(DataSubject, rows, unit, operator="lapp")
            for rows in ([], written[:2], [written[2]], [written[3]])
        ]
        bulk.put(*(pickle.loads(pickle.dumps(batch.packed())) if is_sent else batch for batch in batches))
    entries = JournalEntry.objects.filter(seq__gt=first).order_by("seq")
    assert [(entry.object_uid, entry.action) for entry in entries] == [
        (row.values["uid"], "change" if row.before else "create") for row in written
    ]
    for row in written:
        person = DataSubject.objects.get(uid=row.values["uid"])
        assert values_of(person) | {"id": None} == row.values | {"id": None}
        last(person)
