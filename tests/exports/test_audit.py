"""The audit trail that is handed to a third party: it verifies, and it shows no personal value to whom it must not."""

import csv
import datetime as dt
import hashlib
import io
import json
import subprocess
import sys
import zipfile

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from registry import journal
from registry import models as m
from registry.exports import audit, changes, trail
from registry.exports.trace import Marks
from registry.journal.models import JournalEntry, JournalHead
from registry.operations.blocking import block
from registry.rules.dates import HOME_ZONE
from tests.factories import make_purpose, make_request, make_subject, make_user, save

pytestmark = pytest.mark.django_db


def export(path, **options):
    out = io.StringIO()
    call_command("export_audit", stdout=out, output=str(path), **options)
    return out.getvalue()


def verify(path, *arguments):
    """What the verifier says that lies in the export itself, run as the auditor runs it."""
    command = [sys.executable, "-I", "-S", path / "verify_journal.py", path / "journal.jsonl", *arguments]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    return told.returncode, told.stdout


def changes_of(path):
    with open(path / "changes.csv", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def subject(lapp, kazger, dpo):
    """A person of lapp, written and changed by its DPO; something of kazger in between."""
    with journal.unit_of_work(by=dpo, role="dpo", operator=lapp, reason="=came by mail"):
        subject = make_subject(lapp, crm_id="C1", surname="Ахметова", given_name="", phone="+77010000001")
        make_purpose(kazger)
    with journal.unit_of_work(by=dpo, role="dpo", operator=lapp, reason="She called"):
        subject.surname, subject.phone, subject.language = "Ахметов", "+77010000002", "kk"
        subject.full_clean()
        subject.save()
    return subject


def test_whole_trail_verifies(subject, tmp_path):
    """The export verifies with nothing but the files in it, up to the entry that says it was made."""
    said = export(tmp_path / "out")
    start = JournalEntry.objects.get(action="export.start")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "README.txt",
        "head.txt",
        "journal.jsonl",
        "verify_journal.py",
    ]
    matches = (0, f"{start.seq} entries: matches head note {start.seq} (unsigned)\n")
    assert verify(tmp_path / "out", tmp_path / "out" / "head.txt") == matches
    *lines, trailer = (tmp_path / "out" / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    assert lines == [
        json.dumps({"seq": e.seq, "body": e.body, "hash": e.hash}, ensure_ascii=False, separators=(",", ":"))
        for e in JournalEntry.objects.filter(seq__lte=start.seq).order_by("seq")
    ]
    sha256 = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    counted = {"count": start.seq, "seq": start.seq, "hash": start.hash}
    assert json.loads(trailer) == counted | {"export": str(m.ExportRun.objects.get().uid), "sha256": sha256}
    assert (tmp_path / "out" / "head.txt").read_text() == (
        f"PDR1 head\nseq {start.seq}\nhash {start.hash}\nat {json.loads(start.body)['at']}\nn kazger 3\nn lapp 5\n"
    )
    assert said.splitlines()[1] == (
        f"{tmp_path}/out: {start.seq} entries. Verify: python verify_journal.py journal.jsonl head.txt"
    )
    run, end = m.ExportRun.objects.get(), JournalEntry.objects.order_by("seq").last()
    digest = hashlib.sha256((tmp_path / "out" / "journal.jsonl").read_bytes()).hexdigest()
    assert (run.count, run.digest, run.operator, end.action) == (start.seq, digest, None, "export.finish")
    assert digest in (tmp_path / "out" / "README.txt").read_text()


def test_tampered_trail_is_named_by_its_line(subject, tmp_path):
    """A changed line of a real export is named by number."""
    export(tmp_path / "out")
    path = tmp_path / "out" / "journal.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[4] = lines[4].replace('\\"create\\"', '\\"change\\"')
    path.write_text("".join(lines), encoding="utf-8")
    assert verify(tmp_path / "out") == (1, "line 5: changed: its hash does not follow from the line before\n")


def test_operator_extract_hides_the_others(subject, tmp_path):
    """An operator's extract shows all of its own entries and of the others how many there are."""
    said = export(tmp_path / "out", operator="lapp")
    start = JournalEntry.objects.get(action="export.start")
    own = JournalEntry.objects.filter(operator="lapp", seq__lte=start.seq)
    hidden = start.seq - own.count()
    assert said.splitlines()[0].startswith(f"{start.seq - 1} entries, {own.count() - 1} of them whole, about ")
    assert verify(tmp_path / "out", tmp_path / "out" / "head.txt") == (
        0,
        f"{start.seq} entries ({hidden} hidden): matches head note {start.seq} (unsigned)\n",
    )
    text = (tmp_path / "out" / "journal.jsonl").read_text(encoding="utf-8")
    shown = [json.loads(line) for line in text.splitlines()[:-1]]
    assert [line["seq"] for line in shown if "body" in line] == list(own.order_by("seq").values_list("seq", flat=True))
    assert all(set(line) == {"seq", "digest"} for line in shown if "body" not in line)
    assert "kazger" not in text
    assert (tmp_path / "out" / "head.txt").read_text().splitlines()[4:] == [f"n lapp {own.count()}"]


def test_subject_extract_shows_what_touches_the_person(subject, dpo, tmp_path):
    """A person's extract shows each entry that touches them, lists and exports included."""
    other = make_subject(subject.operator)
    with journal.unit_of_work(by=dpo, role="dpo", operator=subject.operator):
        journal.record("list", object_type="datasubject", uids=[other.uid, subject.uid], count=2)
        journal.record("view", object_type="datasubject", uid=other.uid, subjects=[other.uid])
    export(tmp_path / "out", subject=str(subject.uid), changes="csv")
    lines = (tmp_path / "out" / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    bodies = [json.loads(line["body"]) for line in map(json.loads, lines[:-1]) if "body" in line]
    assert [body["action"] for body in bodies] == ["create", "change", "list", "export.start"]
    start = JournalEntry.objects.get(action="export.start")
    assert verify(tmp_path / "out", tmp_path / "out" / "head.txt") == (
        0,
        f"{start.seq} entries ({start.seq - 4} hidden): matches head note {start.seq} (unsigned)\n",
    )
    assert "\nn " not in (tmp_path / "out" / "head.txt").read_text()
    assert {row["uid"] for row in changes_of(tmp_path / "out")[:-1]} == {str(subject.uid)}


def test_trail_holds_no_personal_value(subject, tmp_path):
    """Neither the journal nor the masked changes hold a name, a phone or a reason."""
    export(tmp_path / "out", changes="csv")
    everything = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir()).decode()
    for value in ("Ахметов", "+7701", "came by mail", "She called"):
        assert value not in everything


def test_changes_are_one_field_a_line(subject, dpo, tmp_path):
    """The DPO reads from what to what, by whom, why, under which number; formulas are inert and phones intact."""
    export(tmp_path / "out", operator="lapp", by="natalia", changes="csv", reason="inspection")
    entries = list(JournalEntry.objects.filter(object_uid=subject.uid).order_by("seq"))
    text = (tmp_path / "out" / "changes.csv").read_bytes().decode("utf-8-sig")
    lines, run = text.splitlines(keepends=True), m.ExportRun.objects.get()

    def line(entry, field, old, new, reason):
        at = entry.at.astimezone(HOME_ZONE).isoformat(timespec="microseconds")
        actor = f"natalia (#{dpo.pk})"
        cells = [entry.seq, entry.n, at, actor, "dpo", "datasubject", subject.uid, field, old, new, reason]
        return ",".join(map(str, [*cells, Marks(run.salt)(cells)])) + "\r\n"

    created, changed = entries
    assert lines[0] == "seq,n,when,actor,role,object,uid,field,old,new,reason,trace\r\n"
    assert [each for each in lines if str(subject.uid) in each] == [
        line(created, "uid", "", subject.uid, "'=came by mail"),
        line(created, "operator", "", "lapp", "'=came by mail"),
        line(created, "crm_id", "", "C1", "'=came by mail"),
        line(created, "surname", "", "Ахметова", "'=came by mail"),
        line(created, "phone", "", "+77010000001", "'=came by mail"),
        line(created, "state", "", "active", "'=came by mail"),
        line(changed, "surname", "Ахметова", "Ахметов", "She called"),
        line(changed, "phone", "+77010000001", "+77010000002", "She called"),
        line(changed, "language", "", "kk", "She called"),
    ]
    digest = hashlib.sha256(("\ufeff" + "".join(lines[:-1])).encode()).hexdigest()
    assert lines[-1] == f"#end,rows,{len(lines) - 2},sha256,{digest},export,{run.uid}\r\n"


def masked(path):
    rows = [row for row in changes_of(path) if row["field"] == "surname"]
    return [(row["old"], row["new"], row["reason"]) for row in rows]


MASKED = [("", "(personal)", "(personal)"), ("(personal)", "(personal)", "(personal)")]
SHOWN = [("", "Ахметова", "=came by mail"), ("Ахметова", "Ахметов", "She called")]


@pytest.mark.parametrize(
    ("role", "at", "operator", "expected"),
    [
        ("dpo", "lapp", "lapp", SHOWN),
        ("dpo", "lapp kazger", "", SHOWN),
        ("auditor", "lapp", "lapp", MASKED),
        ("auditor", "lapp kazger", "", MASKED),
        ("", "", "lapp", MASKED),
        ("", "", "", MASKED),
    ],
)
def test_personal_values_are_for_the_dpo_of_that_operator(subject, tmp_path, role, at, operator, expected):
    """Only the DPO of the person's operator sees personal values and reasons; everybody else sees that there were some."""
    by = ""
    if role:
        by = make_user(role, *m.Operator.objects.filter(code__in=at.split()), username="reader").username
    export(tmp_path / "out", by=by, operator=operator, changes="csv", reason="inspection")
    got = [tuple(value.removeprefix("'") for value in row) for row in masked(tmp_path / "out")]
    assert got == expected


def test_personal_values_leave_for_a_reason(subject, tmp_path):
    """Whoever sees personal values in changes.csv says why; who sees none of them need not."""
    with pytest.raises(CommandError) as refusal:
        export(tmp_path / "out", operator="lapp", by="natalia", changes="csv", reason=" ")
    assert str(refusal.value) == "Say why: the export of people keeps the reason."
    assert not m.ExportRun.objects.exists()
    export(tmp_path / "out", operator="lapp", by="natalia")
    export(tmp_path / "two", operator="lapp", changes="csv")


def test_changes_are_told_of_whom_they_are(subject, dpo, tmp_path, monkeypatch):
    """As of every export of people, the journal names whose lines left, a chunk an entry, and nobody else."""
    monkeypatch.setattr(trail, "CHUNK_ROWS", 1)
    other = make_subject(subject.operator)
    with journal.unit_of_work(by=dpo, role="dpo", operator=subject.operator):
        journal.record("list", object_type="datasubject", uids=[other.uid], count=1)
    export(
        tmp_path / "out", operator="lapp", by="natalia", changes="csv", reason="inspection", subject=str(subject.uid)
    )
    run = m.ExportRun.objects.get()
    told = [json.loads(each.body) for each in JournalEntry.objects.filter(action="list", run=run.pk).order_by("seq")]
    assert [(body["uids"], body["count"], body["role"], body["actor"]) for body in told] == [
        ([str(subject.uid)], 1, "dpo", dpo.pk)
    ] * 2
    assert JournalEntry.objects.filter(action="export.start", run=run.pk).get().seq < told[0]["seq"]


def test_entry_of_the_end_holds_the_digest_of_every_file(subject, dpo, tmp_path):
    """What leaves is bound to the journal file by file; of changes.csv all but the last line, which says the same digest."""
    export(tmp_path / "out", operator="lapp", by="natalia", changes="csv", reason="x", since="2001-01-01")
    said = json.loads(JournalEntry.objects.get(action="export.finish").body)
    files = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    lines = files["changes.csv"].splitlines(keepends=True)
    files["changes.csv"] = b"".join(lines[:-1])
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert said["files"] == [f"{name} {digests[name]}" for name in sorted(digests)]
    assert digests["changes.csv"] in lines[-1].decode()
    readme = files["README.txt"].decode()
    assert [name for name in digests if digests[name] not in readme] == ["README.txt"]


def test_what_came_before_its_person_was_found_is_masked(lapp, dpo, tmp_path):
    """A mail and a request of somebody who is found, and blocked, later are theirs from their first row on; those of others stay."""
    ids, people, now = {}, [], timezone.now()
    given = {"operator": lapp, "received_at": now, "fetched_at": now, "standing": "request"}
    for name in ("Қасымова", "Ержанова"):
        mail = save(m.Message(**given, digest=str(len(ids)), sender=f"{name}@example.kz", text=f"{name} asks"))
        case = make_request(lapp, demand=f"{name} asks", applicant_name=name)
        mail.request = case
        save(mail)
        people.append(make_subject(lapp, surname="Ким"))
        with journal.unit_of_work(by=dpo, role="dpo", operator=lapp):
            case.link_person(people[-1], by=dpo, at=now)
        ids[name] = {str(case.uid), str(mail.uid)}
    with journal.unit_of_work(by=dpo, role="dpo", operator=lapp):
        block(people[0], law=lapp.laws.get().law, cause="inaccuracy", why="She says so", by=dpo, at=now)
    export(tmp_path / "out", operator="lapp", by="natalia", changes="csv", reason="inspection")
    assert "Қасымова" not in (tmp_path / "out" / "changes.csv").read_text(encoding="utf-8-sig")
    rows = changes_of(tmp_path / "out")[:-1]
    assert {row["uid"] for row in rows if "Ержанова" in row["new"]} == ids["Ержанова"]
    assert {row["uid"] for row in rows if row["new"] == "(personal)"} >= ids["Қасымова"]


def test_deleted_record_loses_every_value(lapp, dpo, tmp_path):
    """Of a deleted record the changes tell what it was."""
    purpose = make_purpose(lapp, "mail", name_en="Mail")
    with journal.unit_of_work(by=dpo, role="dpo", operator=lapp):
        purpose.delete()
    export(tmp_path / "out", operator="lapp", changes="csv")
    rows = [row for row in changes_of(tmp_path / "out") if row["uid"] == str(purpose.uid)][-5:]
    assert [(row["field"], row["old"], row["new"]) for row in rows] == [
        ("uid", str(purpose.uid), ""),
        ("operator", "lapp", ""),
        ("name_en", "Mail", ""),
        ("code", "mail", ""),
        ("is_marketing", "false", ""),
    ]


def test_nothing_is_written_over(subject, tmp_path):
    """A directory that holds something is left alone."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "journal.jsonl").write_text("mine")
    with pytest.raises(CommandError) as refusal:
        export(tmp_path / "out")
    assert str(refusal.value) == f"“{tmp_path}/out” exists and is not empty. Name a new directory."
    assert not m.ExportRun.objects.exists()


@pytest.mark.parametrize("uid", ["7f3a0000-0000-7000-8000-000000000001", "Ахметова"])
def test_unknown_person_is_refused(subject, tmp_path, uid):
    """A uid nobody has, or a name in its place, is refused with a sentence."""
    with pytest.raises(CommandError) as refusal:
        export(tmp_path / "out", subject=uid)
    assert str(refusal.value) == f"There is no data subject of the uid “{uid}” here. Copy it from the person’s page."


def test_person_of_another_operator_is_unknown(subject, tmp_path):
    """An operator's extract knows no other operator's people."""
    with pytest.raises(CommandError) as refusal:
        export(tmp_path / "out", subject=str(subject.uid), operator="kazger")
    assert str(refusal.value).startswith("There is no data subject of the uid")


def test_archive_holds_the_same_files(subject, tmp_path):
    """Downloaded as a ZIP it is the same export."""
    with open(tmp_path / "a.zip", "wb") as file:
        audit.export(audit.Archive(file), by=None, role="system", operator=subject.operator, changes_as="csv")
    with zipfile.ZipFile(tmp_path / "a.zip") as files:
        assert sorted(files.namelist()) == [
            "README.txt",
            "changes.csv",
            "head.txt",
            "journal.jsonl",
            "verify_journal.py",
        ]
        files.extractall(tmp_path / "out")
    assert verify(tmp_path / "out", tmp_path / "out" / "head.txt")[0] == 0


def test_trail_is_read_in_pieces(lapp, dpo, monkeypatch, django_assert_max_num_queries):
    """A long journal is read piece by piece: one query for each, whatever its length."""
    monkeypatch.setattr(trail, "CHUNK_ROWS", 10)
    with journal.unit_of_work(by=dpo, role="dpo", operator=lapp):
        for number in range(95):
            journal.record("list", object_type="purpose", count=number)
    seq = JournalHead.objects.get().seq
    head = trail.head_now()
    with django_assert_max_num_queries(seq // 10 + 1):
        assert b"".join(trail.blocks(head)).count(b"\n") == seq


def test_size_is_told_before(lapp, dpo, tmp_path):
    """An extract has a line for every entry: how big it will be is said first, and is about right."""
    with journal.unit_of_work(by=dpo, role="dpo", operator=lapp):
        for number in range(300):
            journal.record("list", object_type="purpose", count=number)
    size = trail.size("lapp")
    export(tmp_path / "out", operator="lapp")
    assert 0.8 < (tmp_path / "out" / "journal.jsonl").stat().st_size / size.bytes < 1.25


def test_link_is_shown_by_code(lapp, tmp_path):
    """A link that changed is shown by the code of what it leads to."""
    first, second = (
        save(m.LegalBasis(operator=lapp, code=code, name_en=code, kind="other")) for code in ("first", "second")
    )
    activity = save(m.ProcessingActivity(operator=lapp, code="a", name_en="A"))
    link = save(m.ActivityPurpose(activity=activity, purpose=make_purpose(lapp), basis=first))
    link.basis = second
    save(link)
    export(tmp_path / "out", changes="csv")
    rows = [row for row in changes_of(tmp_path / "out") if row["uid"] == str(link.uid) and row["field"] == "basis"]
    assert [(row["old"], row["new"]) for row in rows] == [("", "first"), ("first", "second")]


def test_links_are_shown_by_uid_however_many_there_are(subject, lapp, tmp_path, monkeypatch):
    """What is forgotten to save memory is forgotten between two pieces of the trail, and never within one."""
    purpose = make_purpose(lapp, "news")
    consent = save(m.Consent(subject=subject, purpose=purpose, given_on=dt.date(2025, 1, 1)))
    save(m.Agreement(subject=make_subject(lapp), number="5"))
    monkeypatch.setattr(changes.Codes, "MOST", 0)
    export(tmp_path / "out", changes="csv")
    rows = [row for row in changes_of(tmp_path / "out") if row["uid"] == str(consent.uid)]
    shown = {row["field"]: row["new"] for row in rows if row["field"] in ("subject", "purpose")}
    assert shown == {"subject": str(subject.uid), "purpose": "news"}
