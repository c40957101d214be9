"""An audit trail over all operators is an export of each: its journal, its answers to people and its officers know of it."""

import io

import pytest
from django.core.management import call_command

from registry.exports import runs
from registry.exports.answer_pack import pack_of
from registry.models import ExportRun, JournalEntry
from tests.factories import make_purpose, make_request, make_subject, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(lapp, kazger):
    """Two people of one operator and one of the other, and something of each that is about nobody."""
    make_purpose(lapp)
    make_purpose(kazger)
    return [make_subject(lapp, surname="Ким"), make_subject(kazger, surname="Ли"), make_subject(lapp, surname="Цой")]


@pytest.fixture
def lines(people, lapp, kazger, tmp_path):
    """Lines of changes.csv that an officer of both operators took over both."""
    make_user("dpo", lapp, kazger, username="natalia")
    options = {"changes": True, "by": "natalia", "reason": "For the ministry"}
    call_command("export_audit", **options, output=str(tmp_path / "out"), stdout=io.StringIO())
    return (tmp_path / "out" / "changes.csv").read_text(encoding="utf-8-sig").splitlines()


def test_people_are_told_to_the_operator_whose_they_are(lines, people):
    """Each operator's journal names its own people and counts its own entries; no entry without an operator names anybody."""
    run = ExportRun.objects.get()
    told = JournalEntry.objects.filter(action="list", run=run.pk).order_by("operator")
    named = {entry.operator: {each.uid for each in entry.subjects.all()} for entry in told}
    assert named == {"lapp": {people[0].uid, people[2].uid}, "kazger": {people[1].uid}}
    before = JournalEntry.objects.filter(history_id__isnull=False, seq__lt=told.order_by("seq")[0].seq)
    counts = {code: before.filter(operator=code).count() for code in named}
    assert all(f'"count":{counts[entry.operator]},' in entry.body for entry in told)
    assert not list(runs.findings())


def test_answer_to_a_person_tells_that_they_were_taken_into_it(lines, people):
    """Who had access is told whatever else left with the person."""
    sections = pack_of(make_request(people[0].operator, subject=people[0]), "en").sections
    rows = next(section for section in sections if section.code == "readings").tables[0].rows
    assert [row[:3] for row in rows] == [("person responsible for personal data", "taken into an export", "1")]
