"""Opt-outs in a file, and what a run keeps of the entries it wrote."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from registry.imports import crm_file
from registry.journal import unit_of_work
from registry.models import DataSubject, JournalEntry, Suppression

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


def test_opt_out_of_everything_is_one_of_each_channel(crm):
    """Beside a column of one channel, too, and of somebody who opted out of one before."""
    from .crm import csv_of

    crm.load(with_opt_outs([person(2, **opted("", "yes", ""))]))
    header = [*person(1), "email_opt_out", "Не беспокоить"]
    rows = [person(number) | {"email_opt_out": "yes", "Не беспокоить": "да"} for number in (1, 2)]
    crm.load(csv_of(rows, header=header))
    assert standing() == [
        (crm_id, channel) for crm_id in ("C0000001", "C0000002") for channel in ("call", "email", "message")
    ]
    crm.load(csv_of(rows, header=header))
    assert Suppression.objects.count() == 6


def test_file_never_lifts_an_opt_out(crm):
    """No in the column is not the person's word that they want to be approached again."""
    crm.load(with_opt_outs([person(1, **opted("yes", "", ""))]))
    assert crm.counts(crm.load(with_opt_outs([person(1, **opted("no", "", ""))]))) == {"same": 1}
    assert standing() == [("C0000001", "email")]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"phone": "12"}, "phone “12”: "),
        ({"given_name": "?сем"}, "given_name “?сем”: "),
        ({"consent_purpose": "spam", "consent_given_on": "11.09.2024"}, "consent_purpose “spam”: "),
    ],
)
def test_opt_out_is_taken_whatever_else_is_wrong(crm, cells, reason):
    """A wrong phone is no reason to go on mailing: of such a row the opt-out is taken, the rest is told and listed for the CRM."""
    crm.load([person(1)])
    rows = [person(1, **opted("yes", "", ""), **cells), person(2, **opted("yes", "", ""), **cells)]
    run = crm.load(with_opt_outs(rows, *cells))
    assert (crm.counts(run)["changed"], standing()) == (1, [("C0000001", "email")])
    assert any(
        "Line 2: of this row only the opt-out is taken, for something else in it is wrong: correct that in the CRM"
        in said
        for said in run.warnings
    )
    [listed] = run.listed_rows.filter(kind="further")
    assert reason in listed.reasons[0]
    subject = DataSubject.objects.get(crm_id="C0000001")
    assert (subject.phone, subject.given_name) == ("+77010000001", "Әсем")


def test_opt_out_on_either_of_two_lines_of_one_id_is_taken_once(crm):
    """Both lines are faulty, for nobody knows which is right; that the person said no is on record all the same."""
    crm.load([person(1)])
    rows = [person(1, **opted("yes", "", "")), person(1, **opted("yes", "yes", ""))]
    run = crm.load(with_opt_outs(rows))
    assert (crm.counts(run), standing()) == (
        {"changed": 2},
        [("C0000001", "call"), ("C0000001", "email")],
    )


def test_opt_out_said_again_far_below_is_planned_as_it_is_applied(crm, monkeypatch):
    """The plan writes nothing, so the second line finds no opt-out in the register: it is shown as what it will be all the same."""
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 2)
    crm.load([person(number) for number in range(1, 8)])
    again = person(1, **opted("yes", "", ""))
    run = crm.plan(with_opt_outs([again, *(person(number) for number in range(2, 7)), again]))
    planned = crm.counts(run)
    crm.apply(run)
    assert (planned, crm.counts(run)) == ({"changed": 1, "same": 5, "rejected": 1},) * 2
    assert standing() == [("C0000001", "email")]


def test_opt_out_of_somebody_else_under_the_id_is_not_taken(crm):
    """The row is of another person: it says nothing of this one."""
    crm.load([person(1)])
    other = {"surname": "Ким", "given_name": "Олег", "phone": "+77012223344", "email": "kim@example.kz"}
    run = crm.load(with_opt_outs([person(1, **other, **opted("yes", "", ""))]))
    assert (crm.counts(run), standing()) == ({"stopped": 1}, [])


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


def with_opt_outs(rows, *more):
    """As bytes, for the header of the usual file has no such columns."""
    from .crm import csv_of

    return csv_of(rows, header=[*dict.fromkeys([*person(1), *more]), *OPT_OUTS])
