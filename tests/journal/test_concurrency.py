import threading

import pytest
from django.db import IntegrityError, connection, models

from registry import journal
from registry.journal import canonical
from registry.models import JournalEntry, JournalHead, Purpose
from tests.factories import make_operator, make_request, make_subject

WRITERS, WRITES = 8, 12


@pytest.mark.django_db(transaction=True)
def test_concurrent_writers_leave_one_chain_without_gaps():
    """Eight officers at once: every change has its entry, numbers have no gap, times do not go back, hashes follow."""
    operators = [make_operator("lapp"), make_operator("kazger")]
    failures = []

    def write(writer):
        try:
            for number in range(WRITES):
                with journal.unit_of_work(by=writer):
                    Purpose(operator=operators[writer % 2], code=f"p-{writer}-{number}", name_en="P").save()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    previous, last_at = canonical.GENESIS, None
    for expected, entry in enumerate(JournalEntry.objects.order_by("seq"), 1):
        assert entry.seq == expected
        previous = canonical.chain(previous, entry.body.encode())
        assert entry.hash == previous.hex()
        assert last_at is None or entry.at >= last_at
        last_at = entry.at
    head = JournalHead.objects.get()
    assert head.hash == previous.hex()
    for operator in operators:
        numbers = list(JournalEntry.objects.filter(operator=operator.code).order_by("seq").values_list("n", flat=True))
        assert numbers == list(range(1, head.numbers[operator.code] + 1))
    assert JournalEntry.objects.filter(object_type="purpose").count() == WRITERS * WRITES


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one write at a time")
def test_who_takes_a_number_and_who_refers_to_the_operator_do_not_wait_for_each_other():
    """A case is being taken in when somebody else adds a person: that is committed meanwhile, and nobody is broken off."""
    operator, numbered, added = make_operator("lapp"), threading.Event(), []

    def add_a_person():
        try:
            numbered.wait(10)
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = 5000")
            make_subject(operator)
            added.append(True)
        finally:
            connection.close()

    beside = threading.Thread(target=add_a_person)
    beside.start()
    with journal.unit_of_work(by=None, operator="lapp"):
        make_request(operator)
        numbered.set()
        beside.join()
        assert added
    assert JournalEntry.objects.filter(object_type__in=("subjectrequest", "datasubject"), action="create").count() == 2


@pytest.mark.django_db(transaction=True)
def test_references_are_checked_before_the_journal_is_locked(monkeypatch):
    """What refers to nothing is refused then, not at the commit: a check may wait, and nobody waits for the journal meanwhile."""
    operator, asked, locked = make_operator("lapp"), [], JournalHead.locked
    monkeypatch.setattr(JournalHead, "locked", classmethod(lambda cls: asked.append(True) or locked()))
    with pytest.raises(IntegrityError), journal.unit_of_work(by=None, operator="lapp"):
        Purpose(operator=operator, code="p", name_en="P").save()
        models.QuerySet(Purpose).update(clause=987)
    assert bool(asked) == (connection.vendor == "sqlite")
