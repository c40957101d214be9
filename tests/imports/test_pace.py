"""How much one transaction of an import writes: little while somebody else is about, so that nobody waits for long."""

import pytest
from django.db import connection

from registry.imports import crm_file, pace
from registry.models import DataSubject, JournalEntry
from tests import factories

from .crm import consent, person

pytestmark = pytest.mark.django_db
PEOPLE = [person(number) for number in range(24)]


@pytest.fixture
def run(crm, monkeypatch):
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 8)
    return crm.plan(PEOPLE)


def transactions(run):
    """How many people each transaction added, in turn: its entries bear one time."""
    entries = JournalEntry.objects.filter(run=run.pk, object_type="datasubject", action="create")
    times = list(entries.order_by("seq").values_list("at", flat=True))
    return [times.count(at) for at in dict.fromkeys(times)]


def test_alone_an_import_writes_whole_chunks(crm, run):
    crm.apply(run)
    assert transactions(run) == [8, 8, 8]


def test_once_somebody_else_writes_an_import_writes_parts(crm, run):
    """It is seen at the next entries, and whoever comes once comes again soon. All rows are applied, in their order."""

    def come_once(done):
        if done == 8:
            factories.make_subject(crm.operator, crm_id="D1")

    crm.apply(run, progress=come_once)
    assert transactions(run) == [8, 8, 2, 2, 2, 2]
    assert crm.counts(run) == {"new": 24}
    assert list(DataSubject.objects.exclude(crm_id="D1").order_by("pk").values_list("crm_id", flat=True)) == [
        row["crm_id"] for row in PEOPLE
    ]


def test_some_time_later_it_writes_whole_chunks_again(crm, run, monkeypatch):
    monkeypatch.setattr(pace, "COMPANY_SECONDS", 0)
    crm.apply(run, progress=lambda done: done == 8 and factories.make_subject(crm.operator, crm_id="D1"))
    assert transactions(run) == [8, 8, 8]


def test_chunk_that_cannot_be_written_with_others_costs_them_nothing(crm, run):
    """Somebody of the second chunk is entered meanwhile: the row is stopped, and all others are new."""
    factories.make_subject(crm.operator, crm_id="C0000010")
    crm.apply(run)
    assert (transactions(run), crm.counts(run)) == ([8, 2, 1, 2, 2, 8], {"new": 23, "stopped": 1})


def test_person_is_written_before_what_they_agreed_to(crm, monkeypatch):
    """Also where the first part of a transaction brings consents of people who are known, and a later one somebody new."""
    known = [person(number) for number in range(2)]
    crm.load(known)
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 8)
    run = crm.load([*(row | consent() for row in known), person(3, **consent())])
    entries = JournalEntry.objects.filter(run=run.pk, history_id__isnull=False).order_by("seq")
    assert list(entries.values_list("object_type", flat=True)) == ["datasubject", "consent", "consent", "consent"]
