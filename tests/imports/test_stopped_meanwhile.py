"""A row that is stopped while it is applied, for its person was changed since the plan: what the plan listed of it no longer holds."""

import datetime as dt

import pytest
from django.db import OperationalError
from django.utils import timezone

from registry.imports import apply as engine
from registry.imports import listed
from registry.imports.rejects import list_csv
from registry.journal import bulk, unit_of_work
from registry.models import DataSubject, ImportRun, Suppression
from registry.operations.blocking import block
from tests import factories

from .crm import csv_of, person

pytestmark = pytest.mark.django_db
ONLY_OPT_OUT = (
    "the person was changed in the register since the plan: of this row only the opt-out is taken. Import the file again to see "
    "how the rest of it differs"
)


def two_phones(number):
    """A row of which the second phone is not kept."""
    return person(number, phone=f"8702000000{number}, 8777000000{number}")


def changed_meanwhile(number=1):
    subject = DataSubject.objects.get(crm_id=f"C{number:07}")
    subject.language = "kk"
    factories.save(subject)


def opting_out(*rows):
    """A file whose rows say yes to “Email Opt Out”, and another phone."""
    said = [person(number, phone=f"8702000000{number}", email_opt_out="yes") for number in rows]
    return csv_of(said, header=[*said[0]])


def opted_out():
    return sorted(Suppression.objects.filter(ended_on=None).values_list("subject__crm_id", flat=True))


def listed_rows(run):
    """(line, kind) of every row in a list of the run."""
    return sorted(run.listed_rows.values_list("line", "kind"))


def counted(run):
    """The counts of the lists, as they are kept; the run in memory says the same."""
    kept, names = ImportRun.objects.get(pk=run.pk), ("further", "doubles", "damaged")
    found = {name: getattr(kept, name) for name in names}
    assert found == {name: getattr(run, name) for name in names}
    return found


def test_row_stopped_meanwhile_is_no_row_taken_in_part(crm):
    """Nothing of it is taken: it stands among the stopped rows only, and no list misses a row that it counts."""
    crm.load([person(1), person(2)])
    run = crm.plan([two_phones(1), two_phones(2)])
    assert (listed_rows(run), run.further) == ([(2, "further"), (3, "further")], 2)
    changed_meanwhile()
    crm.apply(run)
    assert (listed_rows(run), counted(run)["further"]) == ([(2, "stopped"), (3, "further")], 1)
    assert b"#end" not in b"".join(list_csv(run, "further"))


def test_row_stopped_meanwhile_is_no_double_that_was_imported(crm):
    """The rows of that list are imported as they are: the one that is not leaves it, the other still names it."""
    crm.load([person(1), person(2)])
    run = crm.plan([person(1, email="office@example.kz"), person(2, email="office@example.kz")])
    assert (listed_rows(run), run.doubles) == ([(2, "double"), (3, "double")], 2)
    changed_meanwhile()
    crm.apply(run)
    assert (listed_rows(run), counted(run)["doubles"]) == ([(2, "stopped"), (3, "double")], 1)
    assert crm.reasons(run)[3] == ["the same e-mail as CRM id C0000001 (line 2)"]


def test_row_stopped_for_another_reason_than_lost_letters_is_listed_once(crm):
    """An officer ended the opt-out since the plan, so that the row would say it again: it is stopped for that, not for its name."""
    rows = [person(1, surname="?асымова", email_opt_out="yes")]
    crm.load([person(1)])
    crm.load(csv_of(rows, header=[*rows[0]]))
    run = crm.plan(csv_of(rows, header=[*rows[0]]))
    assert (listed_rows(run), run.damaged) == ([(2, "damaged")], 1)
    one = Suppression.objects.get()
    one.since_on, one.ended_on = dt.date(2025, 1, 1), dt.date(2025, 6, 30)
    factories.save(one)
    crm.apply(run)
    assert (listed_rows(run), counted(run)["damaged"], crm.counts(run)) == ([(2, "stopped")], 0, {"stopped": 1})


def test_row_is_taken_off_its_list_once_though_its_chunk_is_written_twice(crm, monkeypatch):
    """Another writer was met: what the first try took off the lists came back with it."""
    crm.load([person(1), person(2)])
    run = crm.plan([two_phones(1), two_phones(2)])
    changed_meanwhile()
    put = bulk.put

    def meets_another_writer(*batches):
        monkeypatch.setattr(bulk, "put", put)
        raise OperationalError

    monkeypatch.setattr(bulk, "put", meets_another_writer)
    crm.apply(run)
    assert (listed_rows(run), counted(run)["further"]) == ([(2, "stopped"), (3, "further")], 1)


def test_list_that_is_not_stored_whole_counts_the_rows_beyond_it_as_the_plan_did(crm, monkeypatch):
    """Of rows that are counted only, nothing tells which of them was stopped meanwhile."""
    monkeypatch.setattr(listed, "FURTHER_STORED", 1)
    crm.load([person(1), person(2), person(3)])
    run = crm.plan([two_phones(number) for number in (1, 2, 3)])
    changed_meanwhile(1)
    changed_meanwhile(2)
    crm.apply(run)
    assert (listed_rows(run), counted(run)["further"]) == ([(2, "stopped"), (3, "stopped")], 2)


def entered_meanwhile(crm):
    factories.make_subject(crm.operator, crm_id="C0000001", surname="Қасымова", given_name="Әсем")


def blocked_meanwhile(crm):
    with unit_of_work(by=None, role="system"):
        law = factories.make_law()
        block(DataSubject.objects.get(), law=law, cause="other", why="said so", by=None, at=timezone.now())


def another_channel_meanwhile(crm):
    factories.save(Suppression(subject=DataSubject.objects.get(), channel="call", since_on=dt.date(2025, 1, 1)))


@pytest.mark.parametrize(
    "act", [lambda crm: changed_meanwhile(), blocked_meanwhile, another_channel_meanwhile, entered_meanwhile]
)
def test_opt_out_of_a_row_stopped_meanwhile_is_taken(crm, act):
    """Whoever said no is mailed no more, whatever an officer did meanwhile: the rest of the row is not taken, and the list says why."""
    if act is not entered_meanwhile:
        crm.load([person(1)])
    run = crm.plan(opting_out(1))
    act(crm)
    phone = DataSubject.objects.get().phone
    crm.apply(run)
    assert Suppression.objects.get(channel="email").ended_on is None
    assert (DataSubject.objects.get().phone, crm.counts(run)) == (phone, {"changed": 1})
    assert (listed_rows(run), counted(run)["further"], crm.reasons(run)) == ([(2, "further")], 1, {2: [ONLY_OPT_OUT]})


def test_opt_out_that_somebody_ended_meanwhile_is_not_said_again(crm):
    """The plan had nothing to record, for it stood; then an officer ended it: the file is older than that word."""
    crm.load([person(1), person(2)])
    crm.load(csv_of([person(1, email_opt_out="yes")], header=[*person(1), "email_opt_out"]))
    run = crm.plan(opting_out(1, 2))
    one = Suppression.objects.get()
    one.since_on, one.ended_on = dt.date(2025, 1, 1), dt.date(2025, 6, 30)
    factories.save(one)
    crm.apply(run)
    assert (opted_out(), listed_rows(run)) == (["C0000002"], [(2, "stopped")])


def test_person_who_is_somebody_else_meanwhile_is_not_opted_out(crm, monkeypatch):
    """The id went over to another person when the rows had been compared already: they are compared again before anything is taken."""
    crm.load([person(1)])
    run = crm.plan(opting_out(1))
    write = engine._write

    def after_the_id_went_over(*chunk):
        monkeypatch.setattr(engine, "_write", write)
        subject = DataSubject.objects.get()
        subject.crm_id = "X1"
        factories.save(subject)
        return write(*chunk)

    monkeypatch.setattr(engine, "_write", after_the_id_went_over)
    crm.apply(run)
    assert (opted_out(), crm.counts(run)) == ([], {"stopped": 1})
