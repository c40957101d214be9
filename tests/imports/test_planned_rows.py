"""What a plan showed to stay as it is: passed over when it is applied, unless somebody changed the person meanwhile."""

import pytest
from django.db import connection

from registry.imports import crm_file, planned_rows
from registry.imports.apply import apply
from registry.imports.sound_rows import SoundRows
from registry.journal import unit_of_work
from registry.models import DataSubject, ImportRun
from tests import factories

from .crm import CRM, person

KNOWN = [person(number) for number in range(9)]
TENTH_CHANGED = [person(0, phone="87020000000"), *KNOWN[1:7], person(7, email="x"), person(8), person(9)]


@pytest.fixture
def crm(lapp):
    crm = CRM(lapp)
    crm.load(KNOWN)
    return crm


def change(of, **values):
    subject = DataSubject.objects.get(crm_id=of)
    vars(subject).update(values)
    with unit_of_work(by=None, role="dpo", operator="lapp"):
        subject.save()


def test_only_what_is_to_be_written_is_read_again(crm, monkeypatch):
    """Of ten rows the changed and the new one; counted are all."""
    run, read, clean = crm.plan(TENTH_CHANGED), [], SoundRows.clean
    monkeypatch.setattr(
        SoundRows, "clean", lambda self, rows: read.extend(row.line for row in rows) or clean(self, rows)
    )
    crm.apply(run)
    assert read == [2, 11]
    assert (crm.counts(run), run.rows) == ({"new": 1, "changed": 1, "same": 7, "rejected": 1}, 10)


@pytest.mark.parametrize("changed_at_most", [10_000, 1])
def test_rows_of_people_changed_meanwhile_are_read_again(crm, monkeypatch, changed_at_most):
    """The row that stayed as it was is stopped, for the register is no longer as was shown; also where nobody asks who they are."""
    monkeypatch.setattr(planned_rows, "CHANGED_SINCE", changed_at_most)
    run = crm.plan(TENTH_CHANGED)
    change("C0000003", phone="+77050000003")
    change("C0000004", crm_id="C0000444")
    crm.apply(run)
    assert (crm.counts(run), sorted(crm.reasons(run))) == (
        {"new": 1, "changed": 1, "same": 5, "rejected": 1, "stopped": 2},
        [5, 6, 9],
    )
    assert DataSubject.objects.filter(phone="+77050000003").exists()


def test_row_turned_down_for_another_reason_stands_in_one_list(crm):
    """A row without a name is rejected; then an officer enters its person. It is stopped, and no longer rejected."""
    run = crm.plan([*KNOWN, {"crm_id": "C0000010", "email": "x@b.kz"}])
    assert [(each.kind, each.line) for each in run.listed_rows.all()] == [("rejected", 11)]
    factories.make_subject(crm.operator, crm_id="C0000010", surname="Иванов", phone="+77050000010")
    crm.apply(run)
    assert [(each.kind, each.line) for each in run.listed_rows.all()] == [("stopped", 11)]
    assert crm.counts(run) == {"same": 9, "stopped": 1}


def test_another_operators_people_hold_nothing_up(crm, kazger, monkeypatch):
    run, read, clean = crm.plan(TENTH_CHANGED), [], SoundRows.clean
    factories.make_subject(kazger, crm_id="C0000003")
    monkeypatch.setattr(
        SoundRows, "clean", lambda self, rows: read.extend(row.line for row in rows) or clean(self, rows)
    )
    crm.apply(run)
    assert read == [2, 11]


def test_rows_passed_over_are_not_counted_twice_after_a_crash(crm, monkeypatch):
    """Cut off among rows that stay as they are, the run goes on with the next one."""
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 1)
    monkeypatch.setattr(planned_rows, "PASSED_OVER", 3)
    run, done = crm.plan(TENTH_CHANGED), []

    def crash(rows):
        done.append(rows)
        if len(done) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crm.apply(run, progress=crash)
    run = ImportRun.objects.get(pk=run.pk)
    assert (done, run.rows_done, run.state) == ([1, 4], 4, "applying")
    run = apply(run, **crm.acting)
    assert crm.counts(run) == {"new": 1, "changed": 1, "same": 7, "rejected": 1}
