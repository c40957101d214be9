"""Opt-outs in a file, and what a run keeps of the entries it wrote."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from registry.imports import crm_file
from registry.journal import unit_of_work
from registry.models import JournalEntry, Suppression

from .crm import person

pytestmark = pytest.mark.django_db


def standing():
    return sorted(Suppression.objects.filter(ended_on=None).values_list("subject__crm_id", "channel"))


def test_opt_out_in_a_file_is_recorded_once(crm):
    """Yes in the column makes a standing opt-out, of a new person and of a known one; the same file again adds nothing."""
    crm.load([person(2)])
    rows = [
        person(1, **opted("yes", "no", "yes")),
        person(2, **opted("", "да", "")),
        person(3, **opted("no", "", "нет")),
    ]
    run = crm.load(with_opt_outs(rows))
    assert crm.counts(run) == {"new": 2, "changed": 1}
    assert standing() == [("C0000001", "email"), ("C0000001", "message"), ("C0000002", "call")]
    one = Suppression.objects.get(channel="call")
    assert (one.since_on, one.source, one.history.count()) == (timezone.localdate(run.planned_at), "CRM", 1)
    assert JournalEntry.objects.get(object_uid=one.uid).subjects.get().uid == one.subject.uid
    assert crm.counts(crm.load(with_opt_outs(rows))) == {"same": 3}


def test_file_never_lifts_an_opt_out(crm):
    """No in the column is not the person's word that they want to be approached again."""
    crm.load(with_opt_outs([person(1, **opted("yes", "", ""))]))
    assert crm.counts(crm.load(with_opt_outs([person(1, **opted("no", "", ""))]))) == {"same": 1}
    assert standing() == [("C0000001", "email")]


def test_opt_out_that_has_ended_can_be_said_again(crm):
    """Where an officer recorded its end, a later yes in the file is a new opt-out."""
    rows = with_opt_outs([person(1, **opted("yes", "", ""))])
    crm.load(rows)
    one = Suppression.objects.get()
    one.since_on, one.ended_on = dt.date(2025, 1, 1), dt.date(2025, 6, 30)
    with unit_of_work(by=None, role="dpo", operator="lapp"):
        one.save()
    assert crm.counts(crm.load(rows)) == {"changed": 1}
    assert standing() == [("C0000001", "email")]


def test_run_knows_between_which_entries_it_wrote(crm, monkeypatch):
    """From its first change to its last one, over all chunks: nothing of the run lies outside."""
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 2)
    run = crm.load([person(number) for number in range(5)])
    run.refresh_from_db()
    changes = JournalEntry.objects.filter(run=run.pk, history_id__isnull=False).order_by("seq")
    assert (run.first_seq, run.last_seq) == (changes.first().seq, changes.last().seq)
    assert run.alive_at is not None
    same = crm.load([person(number) for number in range(5)])
    assert (same.first_seq, same.last_seq) == (None, None)


OPT_OUTS = ("email_opt_out", "call_opt_out", "message_opt_out")


def opted(*cells):
    return dict(zip(OPT_OUTS, cells, strict=True))


def with_opt_outs(rows):
    """As bytes, for the header of the usual file has no such columns."""
    from .crm import csv_of

    return csv_of(rows, header=[*person(1), *OPT_OUTS])
