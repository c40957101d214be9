"""An audit trail over all operators is an export of each: its journal, its answers to people and its officers know of it."""

import io

import pytest
from django.core.management import call_command
from django.urls import reverse

from registry.exports import runs, tracing
from registry.exports.answer_pack import pack_of
from registry.models import ExportRun, JournalEntry
from tests.factories import make_purpose, make_request, make_subject, make_user

pytestmark = pytest.mark.django_db
RUNS = reverse("admin:registry_exportrun_changelist")


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
    options = {"changes": "csv", "by": "natalia", "reason": "For the ministry"}
    call_command("export_audit", **options, output=str(tmp_path / "out"), stdout=io.StringIO())
    return (tmp_path / "out" / "changes.csv").read_text(encoding="utf-8-sig").splitlines()


def line_with(lines, value):
    return next(line for line in lines if f",{value}," in line)


def traced(line, code):
    out = io.StringIO()
    call_command("trace_export", line, operator=code, stdout=out)
    return out.getvalue().splitlines()[:-1]


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


def test_row_is_traced_by_the_operator_whose_it_is(lines):
    """The export is found among those of either operator, each by its own rows; a row of the other's is not known."""
    run, row = ExportRun.objects.get(), "1: a row as it was exported."
    known, told = (
        f"    Export no. {run.pk}: audit trail, all operators, by natalia at ",
        traced(line_with(lines, "Ким"), "lapp"),
    )
    assert (told[0], told[1].startswith(known)) == (row, True)
    assert traced(line_with(lines, "Ли"), "kazger")[0] == row
    assert traced(line_with(lines, "Ким"), "kazger") == ["1: not of an export known here."]
    assert traced(line_with(lines, "Ли"), "lapp") == ["1: not of an export known here."]
    assert traced(lines[-1], "lapp")[0] == "1: the last line of an export."


def test_altered_row_is_traced_by_the_operator_whose_entry_it_shows(lines):
    altered = line_with(lines, "Ким").replace("Ким", "Кан")
    assert traced(altered, "lapp")[0] == "1: its mark is of this export, but the line was altered since."
    assert traced(altered, "kazger") == ["1: not of an export known here."]


def test_line_of_the_journal_names_it_to_the_operator(lines, lapp, tmp_path):
    """The entry left whole, whoever else's did."""
    entry = JournalEntry.objects.filter(operator="lapp").order_by("seq").first()
    shown = (tmp_path / "out" / "journal.jsonl").read_text(encoding="utf-8").splitlines()[entry.seq - 1]
    found = next(iter(tracing.Tracer(lapp).trace(shown)))
    assert (found.what, found.runs) == (tracing.ENTRY, (ExportRun.objects.get(),))


@pytest.mark.parametrize("role", ["dpo", "auditor"])
def test_it_stands_among_the_exports_of_each_operator(role, lines, kazger, browser_client):
    """Number, what, by whom, when, how many and digest; not why, which may be the affair of another operator."""
    run, client = ExportRun.objects.get(), browser_client(make_user(role, kazger))
    what = "all entries · of all operators · with what changed"
    assert what in client.get(RUNS).content.decode()
    page = client.get(reverse("admin:registry_exportrun_change", args=[run.pk])).content.decode()
    assert run.digest in page and "natalia" in page and what in page
    assert "For the ministry" not in page
    for guess in ("contains", "startswith"):
        assert client.get(RUNS, {f"reason__{guess}": "For the ministry"}).status_code == (302 if role == "dpo" else 400)


def test_list_without_an_operator_stays_with_the_administrator(lapp, browser_client):
    """A list of accounts gave away nothing of an operator: its officers see no such run."""
    client = browser_client(make_user("administrator"))
    b"".join(client.post(reverse("admin:registry_user_export"), {"format": "csv", "reason": ""}).streaming_content)
    run = ExportRun.objects.get()
    assert run.operator is None
    assert tracing.Tracer(lapp).runs.count() == 0
    client = browser_client(make_user("dpo", lapp))
    assert client.get(reverse("admin:registry_exportrun_change", args=[run.pk])).status_code == 404
