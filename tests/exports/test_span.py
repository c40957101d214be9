"""An audit export of a span of time: it begins where it was asked to, says what came before, and ends with the entry of its end."""

import datetime as dt
import hashlib
import json

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.urls import reverse

from registry import journal
from registry.exports import span
from registry.models import ExportRun, JournalEntry
from tests.factories import make_purpose, make_subject

from .test_audit import changes_of, export, verify

NOW = dt.datetime(2026, 11, 22, 6, 0, tzinfo=dt.UTC)  # 11:00 in Almaty


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("", "", (None, None)),
        # A whole day of Almaty, UTC+5.
        ("2026-11-20", "2026-11-20", ("2026-11-19T19:00:00+00:00", "2026-11-20T18:59:59.999999+00:00")),
        # Today has begun, and ends now.
        ("2026-11-22", "2026-11-22", ("2026-11-21T19:00:00+00:00", None)),
        ("2026-11-20T10:00", "2026-11-20T10:00:00Z", ("2026-11-20T05:00:00+00:00", "2026-11-20T10:00:00+00:00")),
        # Until 1 March 2024 the clock was an hour ahead.
        ("2024-02-29", "2024-02-29", ("2024-02-28T18:00:00+00:00", "2024-02-29T18:59:59.999999+00:00")),
    ],
)
def test_days_are_whole_days_of_almaty(since, until, expected):
    """A day begins with its first moment and ends with its last."""
    found = span.parse_span(since, until, NOW)
    assert tuple(each and each.astimezone(dt.UTC).isoformat() for each in found) == expected


@pytest.mark.parametrize(
    ("since", "until", "sentence"),
    [
        ("2026-11-21", "2026-11-20", "The time ends (2026-11-20) before it begins (2026-11-21). Swap them."),
        ("yesterday", "", "“yesterday” is no moment."),
        ("", "2999-01-01", "2999-01-01 is still to come"),
        ("2999-01-01", "", "2999-01-01 is still to come"),
    ],
)
def test_impossible_span_is_refused(since, until, sentence):
    """What is no time, lies ahead or runs backwards is refused with a sentence."""
    with pytest.raises(ValidationError) as refusal:
        span.parse_span(since, until, NOW)
    assert refusal.value.messages[0].startswith(sentence)


@pytest.fixture
def entries(lapp, kazger, dpo):
    """Six entries of lapp, one of kazger in between, each a moment after the one before."""
    for number in range(3):
        make_subject(lapp, crm_id=f"S{number}")
    make_purpose(kazger)
    with journal.unit_of_work(by=dpo, role="dpo", operator=lapp):
        make_subject(lapp, crm_id="S3", surname="Ким")
    make_subject(lapp, crm_id="S4")
    return list(JournalEntry.objects.order_by("seq"))[-6:]


def lines_of(path):
    return [json.loads(line) for line in (path / "journal.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.django_db
def test_export_of_a_span_verifies(entries, lapp, tmp_path):
    """It begins with the hash that came before, ends with the last entry of the span, and matches that entry's head note."""
    before, first, last, after = entries[0], entries[1], entries[-2], entries[-1]
    said = export(tmp_path / "out", since=first.at.isoformat(), until=last.at.isoformat(), changes="csv")
    lines = lines_of(tmp_path / "out")
    assert lines[0] == {"from": first.seq, "previous": before.hash}
    assert [line["seq"] for line in lines[1:-1]] == list(range(first.seq, last.seq + 1))
    *shown, _trailer = (tmp_path / "out" / "journal.jsonl").read_bytes().splitlines(keepends=True)
    named = {"export": str(ExportRun.objects.get().uid), "sha256": hashlib.sha256(b"".join(shown)).hexdigest()}
    assert lines[-1] == {"count": 4, "seq": last.seq, "hash": last.hash} | named
    numbers = JournalEntry.objects.filter(seq__lte=last.seq)
    at = json.loads(last.body)["at"]
    note = f"PDR1 head\nseq {last.seq}\nhash {last.hash}\nat {at}\n"
    note += "".join(f"n {code} {numbers.filter(operator=code).count()}\n" for code in ("kazger", "lapp"))
    assert (tmp_path / "out" / "head.txt").read_text() == note
    assert verify(tmp_path / "out", tmp_path / "out" / "head.txt", f"from={first.seq}") == (
        0,
        f"4 entries, begins with entry {first.seq}, entries 1 to {before.seq} are not shown: "
        f"matches head note {last.seq} (unsigned)\n"
        f"proved: what is shown follows from hash {before.hash}\n"
        f"not proved: what entries 1 to {before.seq} said, nor that this was the hash of entry {before.seq}: "
        f"the head note of an export up to entry {before.seq} proves that\n",
    )
    command = f"python verify_journal.py journal.jsonl head.txt from={first.seq}"
    assert said.splitlines() == [said.splitlines()[0], f"{tmp_path}/out: 4 entries. Verify: {command}"]
    assert said.startswith("4 entries, 4 of them whole")
    assert command in (tmp_path / "out" / "README.txt").read_text()
    assert {row["seq"] for row in changes_of(tmp_path / "out")[:-1]} == {str(each.seq) for each in entries[1:-1]}
    run = ExportRun.objects.get()
    assert (run.count, run.filter["first"]) == (4, first.seq)
    assert after.seq > last.seq


def told_by_start(path):
    """What start.txt says: the sentences, the hash relied on, and the options of the command that makes the earlier part."""
    text = (path / "start.txt").read_text(encoding="utf-8")
    command = next(line for line in text.splitlines() if "manage.py export_audit" in line).split()
    assert command[:2] + command[-2:] == ["manage.py", "export_audit", "-o", "DIR"]
    options = {name.removeprefix("--"): value for name, value in zip(command[2:-2:2], command[3:-2:2], strict=True)}
    return text, options


@pytest.mark.django_db
@pytest.mark.parametrize("operator", ["", "lapp"])
def test_earlier_part_is_got_as_start_txt_says(entries, tmp_path, operator):
    """start.txt names the entry it begins after and its hash; the export it asks for ends there, and joins the two."""
    before, first = entries[1], entries[2]
    export(tmp_path / "later", since=first.at.isoformat(), operator=operator)
    text, options = told_by_start(tmp_path / "later")
    assert text.startswith(
        f"This journal does not begin with entry 1. It begins after entry {before.seq}, with entry {first.seq}.\n"
    )
    assert f"    seq {before.seq}\n    hash {before.hash}\n" in text
    assert f"Not proved is what entry {before.seq} and those before it say" in text
    assert options.pop("operator", "") == operator
    export(tmp_path / "earlier", operator=operator, until=options.pop("to"))
    assert options == {}
    head = (tmp_path / "earlier" / "head.txt").read_text()
    assert head.startswith(f"PDR1 head\nseq {before.seq}\nhash {before.hash}\n")
    code, told = verify(tmp_path / "later", tmp_path / "earlier" / "head.txt", f"from={first.seq}")
    assert (code, f"follows from hash {before.hash}, that of the head note\n" in told) == (0, True)
    assert f"from={first.seq}" in text
    assert "see start.txt" in (tmp_path / "later" / "README.txt").read_text()


@pytest.mark.django_db
def test_span_without_its_beginning_is_not_taken_for_the_whole(entries, tmp_path):
    """Verified without from=, the export is said to leave out what it leaves out."""
    export(tmp_path / "out", since=entries[1].at.isoformat())
    code, told = verify(tmp_path / "out", tmp_path / "out" / "head.txt")
    assert (code, told.startswith(f"line 1: missing: entries 1 to {entries[0].seq}")) == (1, True)


@pytest.mark.django_db
def test_span_of_an_operator_hides_the_others(entries, tmp_path):
    """An operator's extract of a span verifies, too, with its own number in the note alone."""
    first, last = entries[1], entries[-2]
    export(tmp_path / "out", operator="lapp", since=first.at.isoformat(), until=last.at.isoformat())
    code, told = verify(tmp_path / "out", tmp_path / "out" / "head.txt", f"from={first.seq}")
    assert (code, "(1 hidden)" in told) == (0, True)
    assert "kazger" not in (tmp_path / "out" / "head.txt").read_text()


@pytest.mark.django_db
def test_span_from_before_the_first_entry_is_the_whole(entries, tmp_path):
    """It begins with entry 1, after 32 zero bytes, and needs no further word to verify."""
    export(tmp_path / "out", since="2001-01-01")
    assert lines_of(tmp_path / "out")[0] == {"from": 1, "previous": "0" * 64}
    assert not (tmp_path / "out" / "start.txt").exists()
    assert verify(tmp_path / "out", tmp_path / "out" / "head.txt")[0] == 0


@pytest.mark.django_db
def test_span_since_the_last_entry_holds_the_export_itself(entries, tmp_path):
    """Where nothing happened since, the first entry is the one that says the export was made."""
    later = entries[-1].at + dt.timedelta(microseconds=1)
    export(tmp_path / "out", since=later.isoformat())
    start = JournalEntry.objects.get(action="export.start")
    assert [line.get("seq", line.get("from")) for line in lines_of(tmp_path / "out")] == [start.seq] * 3


@pytest.mark.django_db
@pytest.mark.parametrize(("since", "until"), [("", "2001-01-01"), ("2001-01-01", "2001-01-02")])
def test_span_without_an_entry_is_refused(entries, tmp_path, since, until):
    """Where nothing is, nothing is exported, and no run tells of it."""
    with pytest.raises(CommandError) as refusal:
        export(tmp_path / "out", since=since, until=until)
    sentence = "No entry of the journal lies in that time. Choose an earlier beginning or a later end."
    assert str(refusal.value) == sentence
    assert not ExportRun.objects.exists()


@pytest.mark.django_db
def test_span_is_asked_for_in_the_browser(entries, dpo, browser_client):
    """The page refuses a span without an entry beside the form, and the list of exports tells of one that was made."""
    client, url = browser_client(dpo), reverse("admin:registry_exportrun_audit")
    page = client.post(url, {"until": "2001-01-01"})
    assert "No entry of the journal lies in that time." in page.content.decode()
    response = client.post(url, {"since": entries[1].at.isoformat()})
    assert b"".join(response.streaming_content)[:2] == b"PK"
    runs = client.get(reverse("admin:registry_exportrun_changelist")).content.decode()
    assert f"from entry {entries[1].seq}" in runs
