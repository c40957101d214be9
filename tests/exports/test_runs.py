"""What is kept of an export is what the journal tells of it; whoever changes or deletes it behind the journal is found."""

import datetime as dt
import json

import pytest

from registry import models as m
from registry.exports import runs
from registry.journal.models import JournalEntry
from tests.factories import make_operator

pytestmark = pytest.mark.django_db


def told():
    return [str(finding) for finding in runs.findings()]


@pytest.fixture
def run(lapp, dpo):
    """A finished export of the DPO, with the numbers of its entries."""
    run = runs.start("register", by=dpo, role="dpo", operator=lapp, reason="Ахметов asked", filter={"layout": "kz"})
    runs.finish(run, count=4, digest="ab" * 32, role="dpo")
    run.start, run.end = JournalEntry.objects.filter(run=run.pk).order_by("seq").values_list("seq", flat=True)
    return run


def test_untouched_export_agrees(run, lapp):
    """An export that was only made through the application agrees with its entries, finished or not."""
    runs.start("audit", by=None, role="system", filter={})
    assert told() == []


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"kind": "audit"}, "kind, filter or time of the start are not as entry {start} says"),
        ({"filter": {}}, "kind, filter or time of the start are not as entry {start} says"),
        (
            {"started_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
            "kind, filter or time of the start are not as entry {start} says",
        ),
        ({"reason": ""}, "the reason is not as entry {start} says"),
        ({"reason": "Ахметова asked"}, "the reason is not as entry {start} says"),
        ({"salt": b"0" * 32}, "the reason is not as entry {start} says"),
        ({"started_by": None}, "number, operator or user are not as entry {start} says"),
        ({"operator": None}, "number, operator or user are not as entry {start} says"),
        ({"count": 3}, "count, digest or time of the end are not as entry {end} says"),
        ({"digest": "0" * 64}, "count, digest or time of the end are not as entry {end} says"),
        ({"finished_at": None}, "count, digest or time of the end are not as entry {end} says"),
        (
            {"finished_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
            "count, digest or time of the end are not as entry {end} says",
        ),
    ],
)
def test_altered_run_is_found(run, changed, problem):
    """Whatever is kept of an export is committed to: a change of it is found, its reason included."""
    m.ExportRun.objects.update(**changed)
    assert told() == [f"exportrun {run.uid}: {problem.format(start=run.start, end=run.end)}"]


def test_deleted_run_is_found(run):
    """An export that was made cannot be made to have never been."""
    m.ExportRun.objects.all().delete()
    assert told() == [f"exportrun {run.uid}: it is gone, entry {seq} tells of it" for seq in (run.start, run.end)]


def test_run_that_no_entry_tells_of_is_found(run, lapp):
    """A run written by SQL, or an unfinished one made finished, is told by no entry."""
    forged = m.ExportRun.objects.create(operator=lapp, kind="audit")
    begun = runs.start("audit", by=None, role="system", filter={})
    m.ExportRun.objects.filter(pk=begun.pk).update(finished_at=begun.started_at)
    assert told() == [
        f"exportrun {forged.uid}: no entry tells that it was started",
        f"exportrun {begun.uid}: no entry tells that it was finished",
    ]


def test_reason_cannot_be_guessed_from_the_journal(lapp):
    """Two exports for the same reason leave different commitments: a reason may name a person."""
    for _number in range(2):
        runs.start("audit", by=None, role="system", operator=lapp, reason="Ахметов asked", filter={})
    bodies = [json.loads(entry.body) for entry in JournalEntry.objects.filter(action="export.start")]
    assert bodies[0]["personal"] != bodies[1]["personal"]
    assert "Ахметов" not in str(bodies)


def test_exports_are_walked_in_pieces(lapp, monkeypatch, django_assert_max_num_queries):
    """Many exports are compared piece by piece."""
    from registry.journal import reconcile

    monkeypatch.setattr(reconcile, "CHUNK_ROWS", 10)
    other = make_operator("site")
    for number in range(25):
        runs.start("audit", by=None, role="system", operator=(lapp, other)[number % 2], filter={})
    with django_assert_max_num_queries(2 * 4 + 2):
        assert told() == []
