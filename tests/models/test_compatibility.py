"""Databases kept for incompatible purposes are not brought together, on any route; merging is an act."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from registry.journal import unit_of_work
from registry.models import (
    ActivityDatabase,
    ActivityPurpose,
    Clause,
    Database,
    IncompatiblePurposes,
    JournalEntry,
    Policy,
    ProcessingActivity,
)
from registry.operations.databases import merge
from tests.factories import make_operator, make_purpose, save

pytestmark = pytest.mark.django_db
SENTENCE = (
    "“news” and “credit” are incompatible purposes: their data are not brought together in database “Shop”. Keep them in separate "
    "databases. [policy, clause 5.3]"
)


@pytest.fixture
def office(db):
    return make_operator("kazger")


@pytest.fixture
def apart(office):
    """The two purposes that clause 5.3 parts."""
    policy = save(Policy(operator=office, version="1", title="Policy"))
    clause = save(Clause(operator=office, policy=policy, number="5.3", obliges="Not merged.", behaviours="B34"))
    news, credit = make_purpose(office, "news"), make_purpose(office, "credit")
    save(IncompatiblePurposes(operator=office, purpose=news, other=credit, clause=clause))
    return news, credit


def database(office, code):
    return save(Database(operator=office, code=code, name_en=code.capitalize(), country="KZ"))


def activity(office, code, *, purposes=(), databases=()):
    made = save(ProcessingActivity(operator=office, code=code, name_en=code.capitalize()))
    for purpose in purposes:
        save(ActivityPurpose(activity=made, purpose=purpose))
    for each in databases:
        save(ActivityDatabase(activity=made, database=each))
    return made


def refused(record):
    with unit_of_work(by=None), pytest.raises(ValidationError) as caught:
        record.save()
    return caught.value.messages


@pytest.mark.parametrize("first", [0, 1], ids=["news first", "credit first"])
def test_purpose_is_not_added_to_a_database_of_an_incompatible_one(first, office, apart):
    """Whoever adds the purpose to an activity that shares the database is refused, with the clause; whichever purpose came first."""
    shop = database(office, "shop")
    activity(office, "one", purposes=[apart[first]], databases=[shop])
    other = activity(office, "two", databases=[shop])
    assert refused(ActivityPurpose(activity=other, purpose=apart[1 - first])) == [SENTENCE]
    save(ActivityPurpose(activity=other, purpose=apart[first]))


def test_activity_does_not_bring_an_incompatible_purpose_along(office, apart):
    """An activity keeps nothing in a database that serves what its own purpose must be kept from; ended ones keep nothing."""
    news, credit = apart
    shop = database(office, "shop")
    letters = activity(office, "letters", purposes=[news], databases=[shop])
    loans = activity(office, "loans", purposes=[credit], databases=[database(office, "bank")])
    link = loans.databases.get()
    link.database = shop
    assert refused(link) == refused(ActivityDatabase(activity=loans, database=shop)) == [SENTENCE]
    with unit_of_work(by=None):
        letters.end(dt.date(2026, 3, 1))
    save(ActivityDatabase(activity=loans, database=shop))


def test_one_activity_with_both_purposes_shares_no_database(office, apart):
    """What serves both purposes cannot keep their data together."""
    both = activity(office, "both", purposes=apart)
    assert refused(ActivityDatabase(activity=both, database=database(office, "shop"))) == [SENTENCE]


def test_merge_moves_what_activities_keep(office, apart):
    """Each activity keeps its data in the other database, once; the first is closed. Done again nothing happens."""
    news, _credit = apart
    shop, old = database(office, "shop"), database(office, "old")
    letters = activity(office, "letters", purposes=[news], databases=[old])
    both = activity(office, "both", databases=[old, shop])
    assert merge(old, shop, by=None) == 2
    kept = ActivityDatabase.objects.values_list("activity", "database")
    assert sorted(kept) == sorted([(letters.pk, shop.pk), (both.pk, shop.pk)])
    old.refresh_from_db()
    assert old.merged_into == shop
    entries = JournalEntry.objects.count()
    assert merge(old, shop, by=None) == 0
    assert JournalEntry.objects.count() == entries
    assert JournalEntry.objects.filter(action="database.merge").count() == 1
    assert refused(ActivityDatabase(activity=letters, database=old)) == [
        "“Old” was merged into “Shop”. Choose that one."
    ]


def test_merge_of_incompatible_purposes_is_refused(office, apart):
    """Nothing moves, and the clause is named."""
    news, credit = apart
    shop, bank = database(office, "shop"), database(office, "bank")
    activity(office, "letters", purposes=[news], databases=[shop])
    activity(office, "free", databases=[bank])
    activity(office, "loans", purposes=[credit], databases=[bank])
    with pytest.raises(ValidationError) as caught:
        merge(bank, shop, by=None)
    assert caught.value.messages == [SENTENCE]
    assert bank.activities.count() == 2
    bank.merged_into = shop  # in a shell, past the act
    assert refused(bank) == [
        "Activities still keep data in “Bank”. Merge it by the act, which moves them, or is refused."
    ]


def test_merge_goes_one_way(office):
    """Neither into itself, nor into what was merged away, nor twice into different ones."""
    one, two, three = (database(office, code) for code in ("one", "two", "three"))
    merge(one, two, by=None)
    for source, into, sentence in (
        (two, two, "A database is not merged into itself. Choose another one."),
        (three, one, "“One” was itself merged into “Two”. Choose that one."),
        (one, three, "“One” was merged into “Two” already."),
    ):
        with pytest.raises(ValidationError) as caught:
            merge(source, into, by=None)
        assert caught.value.messages == [sentence]


def test_database_abroad_without_a_base_at_home_is_found(office):
    """94-V art. 12(2): of each activity that keeps its data abroad the base in Kazakhstan is asked; one that has it is not named."""
    home, abroad = database(office, "home"), save(Database(operator=office, code="de", name_en="DE", country="DE"))
    assert abroad.findings() == []
    activity(office, "covered", databases=[abroad, home])
    assert abroad.findings() == []
    activity(office, "letters", databases=[abroad])
    assert [each.message for each in abroad.findings()] == [
        "“Letters” keeps its data here, abroad, and in no database in Kazakhstan. Name one there that holds them, too."
    ]
    assert home.findings() == []


KEPT = "“news” and “credit” are incompatible purposes, and database “Shop” keeps the data of both. Move those of one to another database."


@pytest.fixture
def shared(office):
    """“letters” for news, active, and “loans” for credit keep their data together; then the two are declared incompatible."""
    shop, news, credit = database(office, "shop"), make_purpose(office, "news"), make_purpose(office, "credit")
    letters = activity(office, "letters", purposes=[news], databases=[shop])
    activity(office, "loans", purposes=[credit], databases=[shop])
    activity(office, "payroll", purposes=[make_purpose(office, "payroll")], databases=[shop])
    ProcessingActivity.objects.filter(pk=letters.pk).update(status="active")  # whatever else it lacks
    save(IncompatiblePurposes(operator=office, purpose=credit, other=news))
    return shop


def kept_together(record):
    found = record.findings() if isinstance(record, Database) else record.blockers()
    return [each.message for each in found if each.code == "incompatible-kept"]


def test_purposes_declared_incompatible_later_are_found(office, shared):
    """On the database and on each activity that serves one of them; an activity of another purpose beside them is not concerned."""
    sentence = KEPT.replace("“news” and “credit”", "“credit” and “news”")
    by_code = {each.code: each for each in ProcessingActivity.objects.all()}
    assert kept_together(shared) == kept_together(by_code["letters"]) == kept_together(by_code["loans"]) == [sentence]
    assert kept_together(by_code["payroll"]) == []
    with unit_of_work(by=None), pytest.raises(ValidationError) as caught:
        by_code["loans"].activate()
    assert any(sentence in message for message in caught.value.messages)
    link = by_code["loans"].databases.get()
    link.database = database(office, "bank")
    save(link)
    assert kept_together(shared) == kept_together(by_code["letters"]) == kept_together(by_code["loans"]) == []


def test_what_is_kept_together_already_refuses_nothing_else(office, shared):
    """The active activity is described and the database renamed, although the blocker stands and names it otherwise then."""
    letters = ProcessingActivity.objects.get(code="letters")
    letters.note = "looked at"
    save(letters)
    shared.name_en = "Another name"
    save(shared)
    assert "“Another name”" in kept_together(ProcessingActivity.objects.get(code="letters"))[0]


def test_ended_activity_keeps_nothing_together(office, shared):
    """What ended serves no purpose any more."""
    with unit_of_work(by=None):
        ProcessingActivity.objects.get(code="loans").end(dt.date(2026, 3, 1))
    assert kept_together(shared) == kept_together(ProcessingActivity.objects.get(code="letters")) == []
