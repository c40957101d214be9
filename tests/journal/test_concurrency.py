import threading

import pytest
from django.db import connection

from registry import journal
from registry.journal import canonical
from registry.models import JournalEntry, JournalHead, Purpose
from tests.factories import make_operator

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
