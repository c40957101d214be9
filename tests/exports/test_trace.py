"""A line that turns up elsewhere names the export it came from; one that was altered on the way says so."""

import csv
import hashlib
import io
import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from registry.exports import audit, trace, tracing
from registry.models import ExportRun, JournalEntry
from tests.factories import make_purpose, make_subject, make_user

pytestmark = pytest.mark.django_db


def told(*lines, **options):
    out = io.StringIO()
    call_command("trace_export", *lines, stdout=out, **options)
    return out.getvalue().splitlines()


def line_of(run, kind, count, rows="rows"):
    return f"    Export no. {run.pk}: {kind}, lapp, by natalia at {audit.almaty(run.started_at)}, {count} {rows}."


@pytest.fixture
def leaked(lapp, dpo, browser_client):
    """Lines of two exports of the same people, for different reasons."""
    make_subject(lapp, crm_id="C1", surname="=Ахметова", phone="+77010000001", given_name="Әсем")
    make_subject(lapp, crm_id="C2", surname="Ким")
    client = browser_client(dpo)
    files = []
    for reason in ("For the ministry", "For the agency"):
        response = client.post(reverse("admin:registry_datasubject_export"), {"format": "csv", "reason": reason})
        files.append(b"".join(response.streaming_content).decode("utf-8-sig").splitlines())
    return files


def test_leaked_row_names_its_export(leaked):
    """Of the two exports that held the person the row names the one it came from, by whom, when and why."""
    run = ExportRun.objects.order_by("pk")[1]
    assert told(leaked[1][2]) == [
        "1: a row as it was exported.",
        line_of(run, "list datasubject, csv", 2),
        "    Reason: For the agency",
        "1 line looked at.",
    ]


def test_marks_of_two_exports_have_nothing_in_common(leaked):
    """Whoever holds two exports cannot tell by the marks that their rows are the same."""
    marks = [[row[-1] for row in csv.reader(lines[1:-1])] for lines in leaked]
    tags = [{mark[: trace.TAG_LETTERS] for mark in each} for each in marks]
    assert [len(each) for each in tags] == [1, 1] and tags[0] != tags[1]
    seals = [{mark[trace.TAG_LETTERS :] for mark in each} for each in marks]
    assert len(seals[0] | seals[1]) == 4


def test_same_list_exported_twice_is_told_by_its_last_line(lapp, dpo, browser_client):
    """Rows of a list without people bear no mark, and two such files differ in nothing but whom their last line names."""
    make_purpose(lapp)
    client, ends = browser_client(dpo), []
    for _time in range(2):
        response = client.post(reverse("admin:registry_purpose_export"), {"format": "csv", "reason": ""})
        ends.append(b"".join(response.streaming_content).decode().splitlines()[-1])
    runs = list(ExportRun.objects.order_by("pk"))
    assert runs[0].digest == runs[1].digest
    assert [told(end)[:2] for end in ends] == [
        ["1: the last line of an export.", line_of(run, "list purpose, csv", 1, "row")] for run in runs
    ]
    forged = ends[1].replace("rows,1", "rows,2")
    assert told(forged)[0] == "1: its mark is of this export, but the line was altered since."
    unnamed = ends[0].partition(",export")[0]
    assert [found.runs for found in tracing.Tracer().trace(unnamed)] == [tuple(runs)]


def test_altered_row_is_said_to_be_altered(leaked):
    """A row with one letter changed still names its export, and is not called genuine."""
    run = ExportRun.objects.order_by("pk")[0]
    assert told(leaked[0][2].replace("Әсем", "Асем"))[:2] == [
        "1: its mark is of this export, but the line was altered since.",
        line_of(run, "list datasubject, csv", 2),
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace(",", ";"),
        lambda line: line.replace(",", "\t"),
        lambda line: line.replace("'=", "="),
        lambda line: line.replace(",", " , ") + ",,,",
    ],
    ids=["semicolons", "tabs", "without the apostrophe", "blanks and empty cells"],
)
def test_row_that_went_through_a_spreadsheet_is_traced(leaked, change):
    """Other delimiters, blanks around cells and a formula's apostrophe taken off alter nothing."""
    assert told(change(leaked[0][2]))[0] == "1: a row as it was exported."


def test_whole_file_is_traced_line_by_line(leaked, monkeypatch):
    """From the input a whole file is taken: its heading is passed over, each row and the last line are told."""
    monkeypatch.setattr("sys.stdin", io.StringIO("\ufeff" + "\n".join(leaked[0]) + "\n"))
    lines = [line for line in told() if not line.startswith(" ")]
    assert lines == [
        "1: a row as it was exported.",
        "2: a row as it was exported.",
        "3: the last line of an export.",
        "3 lines looked at.",
    ]


def test_foreign_lines_are_of_no_export(leaked):
    """A forged mark, a row without one and rubbish are told apart."""
    forged = leaked[0][1][:-20] + "bcdfghjk0123456789ab"
    assert told(forged, "Ким,Әсем", "{rubbish")[:3] == [
        "1: not of an export known here.",
        "2: no row or line of an export: it bears no mark.",
        "3: no row or line of an export: it bears no mark.",
    ]


def test_row_of_json_is_traced(lapp, dpo, browser_client):
    """A record of the JSON is traced as the row of the CSV is, and so is its last line."""
    make_subject(lapp)
    response = browser_client(dpo).post(reverse("admin:registry_datasubject_export"), {"format": "json", "reason": "x"})
    lines = b"".join(response.streaming_content).decode().splitlines()
    record, end = next(line for line in lines if '"trace":"' in line and "C0" in line), lines[-1]
    assert [found.what for found in tracing.Tracer().trace(record)] == [tracing.ROW]
    assert [found.what for found in tracing.Tracer().trace(end)] == [tracing.TRAILER]


def rows_told(text):
    return [found.what for found in tracing.Tracer().trace(text)]


def csv_text(rows):
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def test_long_cell_and_line_breaks_are_traced(leaked):
    """A cell longer than Python's own limit, one with quotes and one of several lines are rows like any other."""
    run = ExportRun.objects.order_by("pk").first()
    rows = [["C3", "x" * 200_000], ["C4", 'Лапп "Тау", ЖШС'], ["C5", 'one "two"\r\n\nthree,'], ["C6", "Ким"]]
    limit = csv.field_size_limit()
    text = csv_text([*row, trace.Marks(run.salt)(row)] for row in rows)
    assert rows_told(text) == [tracing.ROW] * 4
    assert csv.field_size_limit() == limit


def test_row_is_traced_by_as_much_of_a_text_as_a_spreadsheet_holds(leaked):
    """What an XLSX cuts is no alteration, and neither is the apostrophe of a formula; another beginning is."""
    run = ExportRun.objects.order_by("pk").first()
    text = "=я, " * 20_000
    mark = trace.Marks(run.salt)(["C3", text, "Ким"])
    cut, escaped, other = text[:32_667] + "… [continued]", "'" + text, "x" + text
    rows = [["C3", each, "Ким", mark] for each in (cut, escaped, other)] + [["C3", cut, "Цой", mark]]
    assert rows_told(csv_text(rows)) == [tracing.ROW, tracing.ROW, tracing.ALTERED, tracing.ALTERED]


def test_open_quote_swallows_no_line(leaked):
    """A text cut within a cell has a quote that never closes, or closes in another row: every row after it is traced."""
    run = ExportRun.objects.order_by("pk").first()
    whole = [[name, "Ким", "two\nlines"] for name in ("C3", "C4", "C5")]
    rows = csv_text([*row, trace.Marks(run.salt)(row)] for row in whole)
    assert rows_told('C2,"cut in the middle\r\n' + rows) == [tracing.UNMARKED] + [tracing.ROW] * 3
    assert rows_told('C2,"cut in the middle\r\n' + "C3,Ким\r\n") == [tracing.UNMARKED] * 2
    assert rows_told(rows.partition("\n")[2]) == [tracing.ALTERED] + [tracing.ROW] * 2


def test_json_with_signs_that_end_a_line_elsewhere_is_traced(leaked):
    """A line of JSON ends with its line feed alone: U+2028 and the like stand in its texts. A CSV may begin with a brace."""
    run = ExportRun.objects.order_by("pk").first()
    values = {"crm_id": "{C3", "surname": "Ким\u2028Әсем\x85"}
    mark = trace.Marks(run.salt)(values.values())
    assert rows_told(json.dumps(values | {"trace": mark}, ensure_ascii=False) + "\n") == [tracing.ROW]
    assert rows_told(csv_text([[*values.values(), mark]])) == [tracing.ROW]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "crm_id,surname,trace",
        '{"seq":99999999999999999999999,"digest":"x"}',
        '{"count":1,"seq":1,"hash":"\\u0000"}',
        '{"from":0,"previous":"x"}',
        "#end,rows," + "9" * 5000 + ",sha256,\0,export,\0",
        '{"a":' + "[" * 100_000,
    ],
)
def test_line_that_is_nothing_is_said_to_be_nothing(leaked, line):
    """Whatever a line holds, it is answered with a sentence, and none is left out."""
    said = told(line)
    unknown = "not of an export known here.", "no row or line of an export: it bears no mark."
    assert said[0].partition(": ")[2] in unknown
    assert said[1:] == ["1 line looked at."]


def test_text_of_a_foreign_file_does_not_reach_the_terminal(leaked):
    """What is told of a line is the register's own: a number of the journal, and no sign that the file's maker chose."""
    last = JournalEntry.objects.latest("seq")
    foreign = "\x1b]0;owned\x07\x1b[2J"
    lines = [
        {"count": 1, "seq": foreign, "hash": last.hash},
        {"from": foreign, "previous": "00" * 32},
        {"from": f"{foreign}1", "previous": last.hash},
        {"count": 1, "seq": str(last.seq), "hash": last.hash},
        {"seq": int("9" * 4000), "body": foreign, "hash": foreign},
    ]
    said = told(*map(json.dumps, lines))
    unknown = "not of an export known here."
    assert said == [
        f"1: {unknown}", f"2: {unknown}", f"3: {unknown}", f"4 (entry {last.seq}): {unknown}", f"5: {unknown}", "5 lines looked at.",
    ]  # fmt: skip


def test_input_that_is_no_utf8_is_looked_at(leaked, monkeypatch):
    """A file saved in another encoding breaks nothing: its other rows are traced."""
    text = b"C9,\xcc\xe0\r\n" + leaked[0][2].encode() + b"\r\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text), encoding="utf-8"))
    said = [line for line in told() if not line.startswith(" ")]
    assert said == [
        "1: no row or line of an export: it bears no mark.",
        "2: a row as it was exported.",
        "2 lines looked at.",
    ]


@pytest.fixture
def trail(lapp, dpo, kazger, tmp_path):
    """An operator's trail with its changes, one line of it, and the run."""
    make_purpose(kazger)
    make_subject(lapp, surname="Ким")
    call_command(
        "export_audit",
        output=str(tmp_path / "out"),
        operator="lapp",
        by="natalia",
        changes="csv",
        reason="x",
        stdout=io.StringIO(),
    )
    return tmp_path / "out"


def test_line_of_changes_is_traced(trail):
    """A line of changes.csv names its export, and so does its last line."""
    lines = (trail / "changes.csv").read_text(encoding="utf-8-sig").splitlines()
    run = ExportRun.objects.get()
    surname = next(line for line in lines if ",Ким," in line)
    assert told(surname)[:2] == ["1: a row as it was exported.", line_of(run, "audit trail", run.count)]
    assert told(lines[-1])[:2] == ["1: the last line of an export.", line_of(run, "audit trail", run.count)]


def test_forged_last_line_of_changes_is_said_to_be_altered(trail):
    """Whoever takes a line out and counts and hashes the rest anew is found out: the journal holds the digest that left."""
    lines = (trail / "changes.csv").read_bytes().splitlines(keepends=True)
    del lines[1]
    cells = lines[-1].decode().split(",")
    cells[2], cells[4] = str(len(lines) - 2), hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    assert told(",".join(cells))[0] == "1: its mark is of this export, but the line was altered since."


@pytest.mark.parametrize("left", ["", ",sha256,", ",sha256,none"])
def test_last_line_of_changes_without_its_digest_is_said_to_be_altered(trail, left):
    """Nothing but the digest that left makes it the last line of that export."""
    run = ExportRun.objects.get()
    assert (
        told(f"#end,rows,5{left},export,{run.uid}")[0]
        == "1: its mark is of this export, but the line was altered since."
    )


def test_last_line_of_a_file_that_never_left_is_said_to_be_altered(lapp, dpo, tmp_path):
    """An audit trail without changes has no such line, whoever writes its uid under one."""
    call_command("export_audit", output=str(tmp_path / "out"), operator="lapp", stdout=io.StringIO())
    forged = f"#end,rows,5,sha256,{'0' * 64},export,{ExportRun.objects.get().uid}"
    assert told(forged)[0] == "1: its mark is of this export, but the line was altered since."


def test_last_line_of_the_journal_names_its_export(trail, tmp_path):
    """Two exports of one span, of two operators, end with the same entry: each is told by what it says of itself."""
    until = timezone.now().isoformat()
    ends = []
    for code in ("lapp", "kazger"):
        call_command("export_audit", output=str(tmp_path / code), operator=code, until=until, stdout=io.StringIO())
        ends.append((tmp_path / code / "journal.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    first, second = ExportRun.objects.order_by("-pk")[1], ExportRun.objects.order_by("-pk")[0]
    for end, run in ((ends[0], first), (ends[1], second)):
        said = told(end)
        assert [f"Export no. {each.pk}:" in "".join(said) for each in (first, second)] == [
            each == run for each in (first, second)
        ]
    assert ends[0] != ends[1]
    old = {name: json.loads(ends[0])[name] for name in ("count", "seq", "hash")}
    assert [f"Export no. {each.pk}:" in "".join(told(json.dumps(old))) for each in (first, second)] == [True, True]


def test_line_of_the_journal_lists_the_exports_that_hold_it(trail, tmp_path, lapp):
    """An entry is the same bytes in every export: all that show it are named, those of a later time or another operator are not."""
    first = ExportRun.objects.get()
    later = JournalEntry.objects.order_by("-seq").first().at.isoformat()
    call_command("export_audit", output=str(tmp_path / "two"), stdout=io.StringIO())
    call_command("export_audit", output=str(tmp_path / "three"), since=later, stdout=io.StringIO())
    call_command("export_audit", output=str(tmp_path / "four"), operator="kazger", stdout=io.StringIO())
    begun = (tmp_path / "three" / "journal.jsonl").read_text(encoding="utf-8").splitlines()[0]
    begun = next(iter(tracing.Tracer().trace(begun)))
    third = ExportRun.objects.order_by("pk")[2]
    assert (begun.what, begun.seq, [run.pk for run in begun.runs]) == ("beginning", third.filter["first"], [third.pk])
    own = JournalEntry.objects.filter(operator="lapp").order_by("seq").first()
    lines = (trail / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    found = next(iter(tracing.Tracer().trace(lines[own.seq - 1])))
    assert (found.what, found.seq, [run.pk for run in found.runs]) == ("entry", own.seq, [first.pk, first.pk + 1])
    hidden = next(number for number, line in enumerate(lines) if '"digest"' in line)
    found = next(iter(tracing.Tracer().trace(lines[hidden])))
    assert (found.what, first.pk in [run.pk for run in found.runs]) == ("hidden", True)
    end = next(iter(tracing.Tracer().trace(lines[-1])))
    assert (end.what, [run.pk for run in end.runs]) == ("trailer", [first.pk])
    altered = json.loads(lines[own.seq - 1])
    altered["body"] = altered["body"].replace("create", "change")
    assert next(iter(tracing.Tracer().trace(json.dumps(altered)))).what == "entry altered"


def test_tracing_is_for_those_who_may_export(leaked, lapp, kazger):
    """A registrar is refused, an auditor reads no reason, nobody learns of another operator's exports; each try is an entry."""
    make_user("registrar", lapp, username="aliya")
    make_user("auditor", lapp, username="auditor")
    make_user("dpo", kazger, username="other")
    with pytest.raises(CommandError) as refusal:
        told(leaked[0][1], by="aliya", operator="lapp")
    assert str(refusal.value).startswith("“aliya” may not do this for lapp.")
    said = told(leaked[0][1], by="auditor", operator="lapp")
    assert said[0] == "1: a row as it was exported."
    assert not any("ministry" in line for line in said)
    assert told(leaked[0][1], by="other", operator="kazger")[0] == "1: not of an export known here."
    entry = JournalEntry.objects.filter(action="export.trace").order_by("seq").first()
    assert (json.loads(entry.body)["count"], entry.operator) == (1, "lapp")


def test_row_is_bound_cell_by_cell():
    """Moving a letter from one cell into the next makes another row; blanks and apostrophes make none."""
    marks = trace.Marks(b"0" * 32)
    assert marks(["ab", "c"]) != marks(["a", "bc"])
    assert marks(["a", ""]) != marks(["", "a"])
    assert trace.is_mark(marks(["a"]))
    assert marks.after(["a", " b"])(["'c"]) == marks(["a", "b", "c"])
