"""manage.py import_subjects: exit codes, what it prints, the rejects file."""

import io
import json
import os

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from registry import tasks
from registry.imports import crm_file, storage
from registry.imports.crm_file import Said
from registry.models import Consent, DataSubject, ImportRun, ImportSource, JournalEntry, ListedRow, Operator, User
from tests import factories
from tests.queued import is_queued

from .crm import consent, csv_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def run_command(crm, tmp_path):
    """Runs the command over rows or bytes: (exit code, printed lines)."""

    def run(content, *said, operator="lapp"):
        path = tmp_path / "people.csv"
        path.write_bytes(content if isinstance(content, bytes) else csv_of(content))
        out = io.StringIO()
        code = 0
        try:
            call_command("import_subjects", path, "--operator", operator, *said, stdout=out)
        except SystemExit as stop:
            code = stop.code
        return code, out.getvalue().splitlines()

    return run


def told(lines):
    return json.loads(lines[-1])


def test_everything_applied_is_exit_0(run_command):
    """All rows taken: exit 0, and the last line is one JSON object whose rows add up."""
    code, lines = run_command([person(1, **consent()), person(2)], "--json")
    said = told(lines)
    assert code == 0
    assert said.pop("seconds") >= 0
    assert said == {
        "run": ImportRun.objects.get().pk,
        "rows": 2,
        "new": 2,
        "changed": 0,
        "same": 0,
        "rejected": 0,
        "stopped": 0,
        "damaged": 0,
        "doubles": 0,
        "further": 0,
        "missing": 0,
        "state": "applied",
        "encoding": "utf-8",
        "delimiter": ";",
        "warnings": 1,
    }
    assert lines[0] == (
        "Warning: 1 consent is incomplete and no ground for processing; it lacks: the operator’s name and BIN; the list of "
        "data collected."
    )


def test_one_of_a_kind_is_said_as_one(run_command):
    """One row, one warning."""
    _code, lines = run_command([person(1, surname="=Ким")])
    assert ": 1 row, 1 new, 0 changed," in lines[-1]
    assert ", 1 warning, " in lines[-1]


def test_rows_rejected_or_stopped_is_exit_2(run_command, tmp_path):
    """Some rows left: exit 2; they are in the rejects file with the CRM's columns, the line and the reason."""
    out = tmp_path / "rejects.csv"
    rows = [person(1), person(2, surname="?"), person(3, email="=x", given_name="@SUM(A1)")]
    code, lines = run_command(rows, "--json", "--rejects", str(out))
    said = told(lines)
    assert (code, said["new"], said["stopped"], said["rejected"]) == (2, 1, 1, 1)
    assert said["rows"] == sum(said[kind] for kind in ("new", "changed", "same", "rejected", "stopped"))
    assert out.read_text(encoding="utf-8").splitlines() == [
        "crm_id;surname;given_name;email;phone;language;line;reason",
        "C0000002;?;Әсем;asem2@example.kz;8 (701) 000-00-02;ru;3;surname “?”: a letter of the name was lost on the way (“?”): "
        "export in UTF-8, or accept damaged names",
        "C0000003;Қасымова;'@SUM(A1);'=x;8 (701) 000-00-03;ru;4;email “=x”: an e-mail address looks like name@example.kz: "
        "correct it or leave it empty",
    ]
    assert oct(out.stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1251"])
def test_rejects_are_in_the_dialect_of_the_file(run_command, tmp_path, encoding):
    """The CRM's owner gets the encoding and delimiter the CRM wrote, and what is corrected there can be imported."""
    out = tmp_path / "rejects.csv"
    content = "ID\tФамилия\tE-mail\nC1\tИванов\tx\nC2\tПетров\ta@b.kz\n".encode(encoding)
    assert run_command(content, "--rejects", str(out))[0] == 2
    text = out.read_bytes().decode(encoding)
    assert text.splitlines()[0] == "ID\tФамилия\tE-mail\tline\treason"
    code, lines = run_command(text.replace("\tx\t", "\tc@d.kz\t").encode(encoding), "--json")
    assert (code, told(lines)["new"], told(lines)["encoding"]) == (0, 1, encoding)


def test_ragged_row_keeps_its_surplus_cells_after_the_reason(run_command, tmp_path):
    """Nothing of a row is lost on its way back."""
    out = tmp_path / "rejects.csv"
    run_command(b"crm_id;surname\nC1\nC2;A;B;C\n", "--rejects", str(out))
    rows = out.read_text(encoding="utf-8").splitlines()
    assert rows[1].startswith("C1;;2;")
    assert rows[2].endswith(";B;C")


@pytest.mark.parametrize(
    ("content", "said", "reason"),
    [
        (b"", (), "The file is empty. Export it from the CRM again."),
        (b"MZ\x00", (), "This is a file of kind EXE, not CSV. Save or export it as CSV."),
        (b"crm_id;surname\nC1;A\n", ("--encoding", "koi8-r"), "This encoding is not read here."),
        (b"crm_id;surname\nC1;A\n", ("--map", "Name=surname"), "The file has no column of a name that was mapped."),
        (b"crm_id;surname\nC1;A\n", ("--operator", "nobody"), "There is no operator “nobody”. Known are: lapp."),
        (b"crm_id;surname\nC1;A\n", ("--by", "nobody"), "There is no active user “nobody”."),
    ],
)
def test_refused_file_is_exit_1(run_command, content, said, reason):
    """A refused file ends with a sentence and exit 1 (CommandError's), nothing written."""
    with pytest.raises(CommandError) as refusal:
        run_command(content, *said)
    assert str(refusal.value).startswith(reason)
    assert (refusal.value.returncode, DataSubject.objects.count()) == (1, 0)


def test_missing_file_is_exit_1(crm):
    """A path that leads nowhere is said so."""
    with pytest.raises(CommandError, match="^nowhere.csv cannot be read or written: No such file or directory."):
        call_command("import_subjects", "nowhere.csv", "--operator", "lapp")


@pytest.mark.parametrize("path", ["no/such/dir/x.csv", "."])
def test_rejects_that_cannot_be_written_refuse_before_anything_is_done(run_command, tmp_path, path):
    """Exit 1 means that nothing was done: a path of no use is found out before the file is read."""
    with pytest.raises(CommandError, match="cannot be read or written") as refusal:
        run_command([person(1)], "--rejects", str(tmp_path / path), "--json")
    assert refusal.value.returncode == 1
    assert (DataSubject.objects.count(), ImportRun.objects.count()) == (0, 0)


def test_rejects_over_an_old_file_are_private_too(run_command, tmp_path):
    """A file that everybody could read is closed to them before personal values are written into it."""
    out = tmp_path / "rejects.csv"
    out.write_text("old and longer than what comes " * 20)
    out.chmod(0o666)
    assert run_command([person(1, email="x")], "--rejects", str(out))[0] == 2
    assert oct(out.stat().st_mode)[-3:] == "600"
    assert out.read_text(encoding="utf-8").splitlines()[1].startswith("C0000001;")
    assert "old" not in out.read_text(encoding="utf-8")


def test_refused_file_leaves_the_rejects_as_they_were(run_command, tmp_path):
    """Nothing to write: an old file keeps its text, and no empty one is left lying about."""
    old, fresh = tmp_path / "old.csv", tmp_path / "fresh.csv"
    old.write_text("of last week")
    for out in (old, fresh):
        with pytest.raises(CommandError):
            run_command(b"crm_id;surname\n", "--rejects", str(out))
    assert (old.read_text(), fresh.exists()) == ("of last week", False)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_full_disk_after_applying_is_told_and_the_json_is_printed(run_command):
    """What is applied is applied: the exit code and the last line say so, and where the rejected rows are."""
    code, lines = run_command([person(1), person(2, email="x")], "--rejects", "/dev/full", "--json")
    assert (code, told(lines)["new"], told(lines)["rejected"]) == (2, 1, 1)
    assert ListedRow.objects.count() == 1


def test_plan_only_writes_nothing(run_command):
    """The counts of what would happen; no person, no file kept."""
    code, lines = run_command([person(1)], "--plan-only", "--json")
    run = ImportRun.objects.get()
    assert (code, told(lines)["new"], DataSubject.objects.count(), run.state) == (0, 1, 0, "cancelled")
    assert JournalEntry.objects.latest("seq").action == "import.cancel"


def test_worker_applies_what_the_command_read(run_command, settings):
    """--background reads the file here, and says what the plan has; the worker applies it when it comes to it."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}
    code, lines = run_command([person(1), person(2, email="x")], "--background", "--json")
    run = ImportRun.objects.get()
    assert lines[-3] == f"Import #{run.pk} waits for the worker, which applies it. Its page shows how far it is."
    said = told(lines)
    assert (code, said["state"], said["new"], said["rejected"]) == (2, "applying", 1, 1)
    assert (DataSubject.objects.count(), is_queued(run)) == (0, True)
    tasks.perform(run)
    assert (run.state, DataSubject.objects.count()) == ("applied", 1)


def test_what_is_said_is_heeded(run_command):
    """Mapping, default, damaged names, actor and reason."""
    lapp = Operator.objects.get()
    registrar = factories.make_user("registrar", lapp, username="aigul")
    content = "Номер клиента;Имя\nC1;?сем\n".encode()
    said = ("--map", "Номер клиента=crm_id", "--default", "language=kk", "--accept-damaged-names", "--by", "aigul")
    assert run_command(content, *said, "--reason", "July")[0] == 0
    subject = DataSubject.objects.get()
    row = subject.history.get()
    assert (subject.given_name, subject.language) == ("?сем", "kk")
    assert (row.history_user_id, row.history_change_reason) == (registrar.pk, "July")
    entry = JournalEntry.objects.get(object_type="datasubject")
    assert (entry.actor, json.loads(entry.body)["role"]) == (registrar.pk, "registrar")


def test_whoever_may_not_import_is_refused_and_told_of(run_command, lapp, kazger):
    """Only a DPO or a registrar of the operator imports people; that somebody else tried is an entry of the journal."""
    factories.make_user("auditor", lapp, username="audit")
    factories.make_user("dpo", kazger, username="other")
    for name in ("audit", "other"):
        with pytest.raises(CommandError) as refusal:
            run_command([person(1)], "--by", name)
        assert str(refusal.value) == (
            f"“{name}” may not do this for lapp. Name in --by who may: Data protection officer, Registrar."
        )
        entry = JournalEntry.objects.latest("seq")
        assert (entry.action, entry.operator, entry.object_type) == ("refused", "lapp", "importrun")
        assert entry.actor == User.objects.get(username=name).pk
    assert not ImportRun.objects.exists()


def test_cut_off_import_is_finished_by_the_same_command(run_command, monkeypatch):
    """The same file again after a crash goes on where the first run stopped."""
    from registry.imports import apply as engine
    from registry.imports import crm_file

    monkeypatch.setitem(crm_file.CHUNK_ROWS, "sqlite", 2)
    monkeypatch.setitem(crm_file.CHUNK_ROWS, "postgresql", 2)
    rows = [person(number, **consent()) for number in range(5)]
    whole = engine._with_retries

    def crash(run, *args):
        if run.rows_done:
            raise KeyboardInterrupt
        return whole(run, *args)

    with monkeypatch.context() as broken:
        broken.setattr(engine, "_with_retries", crash)
        with pytest.raises(KeyboardInterrupt):
            run_command(rows)
    code, lines = run_command(rows, "--json")
    run = ImportRun.objects.get()
    assert lines[0] == f"Import #{run.pk} was cut off after 2 rows and goes on from there."
    assert (code, told(lines)["new"], run.state) == (0, 5, "applied")
    assert (DataSubject.objects.count(), Consent.objects.count()) == (5, 5)


def cut_off(operator, owner, rows, monkeypatch, *, reason=""):
    """A run of these rows that died after its first chunk of two."""
    monkeypatch.setitem(crm_file.CHUNK_ROWS, connection.vendor, 2)
    who = {"by": owner, "role": "registrar"}
    run = storage.upload(
        operator=operator, owner=owner, role="registrar", file_name="people.csv", chunks=[csv_of(rows)]
    )
    tasks.begin_planning(run, Said(), **who)

    def crash(run, done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tasks.begin_apply(run, token=run.token, **who, reason=reason, line=crash)
    return run


def test_cut_off_import_does_not_go_on_with_other_options(run_command, lapp, monkeypatch):
    """Whoever corrects a mapping and calls again is told that it would not count: nothing of the file is applied meanwhile."""
    rows = [person(number) for number in range(5)]
    factories.save(ImportSource(operator=lapp, name="Bitrix24"))
    factories.make_user("registrar", lapp, username="aliya")
    run = cut_off(lapp, User.objects.get(username="aliya"), rows, monkeypatch)
    for said in (["--map", "email="], ["--default", "language=kk"], ["--blank-clears"], ["--source", "Bitrix24"]):
        with pytest.raises(
            CommandError, match=f"Import #{run.pk} of this file was cut off, and its plan was made from"
        ):
            run_command(rows, "--by", "aliya", *said)
    assert DataSubject.objects.count() == 2
    run_command(rows, "--by", "aliya", "--source", "")
    run.refresh_from_db()
    assert (run.state, run.new) == ("applied", 5)


def test_refusal_of_what_was_cut_off_says_what_stays(run_command, lapp, monkeypatch):
    """The register is no longer that of the plan: the rest is refused, and the last sentence is not as if nothing had been done."""
    rows = [person(number) for number in range(5)]
    factories.make_user("registrar", lapp, username="aliya")
    run = cut_off(lapp, User.objects.get(username="aliya"), rows, monkeypatch)
    factories.make_purpose(lapp, "advertising", is_marketing=True)
    with pytest.raises(CommandError) as refusal:
        run_command(rows, "--by", "aliya")
    assert str(refusal.value) == (
        "Purposes, policies or data lists of the register changed since the plan. Upload the file again. "
        f"Import #{run.pk} had applied 2 of 5 rows before: what was applied stays."
    )
    run.refresh_from_db()
    assert (run.state, DataSubject.objects.count()) == ("cancelled", 2)


def test_import_that_runs_is_not_called_cut_off(run_command, lapp, monkeypatch):
    """Called again with other options while the worker is at it: it is left alone, and nobody is told to give it up."""
    rows = [person(number) for number in range(5)]
    factories.make_user("registrar", lapp, username="aliya")
    run = cut_off(lapp, User.objects.get(username="aliya"), rows, monkeypatch)
    ImportRun.objects.update(alive_at=timezone.now())
    with pytest.raises(CommandError, match="Another process is at this import"):
        run_command(rows, "--by", "aliya", "--map", "email=")
    run.refresh_from_db()
    assert (run.state, run.rows_done) == ("applying", 2)


def test_dpo_finishes_what_a_colleague_left(run_command, lapp, monkeypatch):
    """A registrar's import was cut off: the DPO goes on with the same file, another registrar begins anew."""
    left, other = (factories.make_user("registrar", lapp) for _each in range(2))
    factories.make_user("dpo", lapp, username="natalia")
    rows = [person(number) for number in range(5)]
    run = cut_off(lapp, left, rows, monkeypatch, reason="July export")
    assert "cut off" not in run_command(rows, "--plan-only", "--by", other.username)[1][0]
    _code, lines = run_command(rows, "--by", "natalia")
    assert lines[0] == f"Import #{run.pk} was cut off after 2 rows and goes on from there."
    run.refresh_from_db()
    assert (run.state, run.new) == ("applied", 5)
    reasons = DataSubject.history.values_list("history_change_reason", flat=True)
    assert set(reasons) == {"July export"}
    assert JournalEntry.objects.get(action="import.apply").actor == User.objects.get(username="natalia").pk


def test_nothing_personal_is_printed(run_command):
    """The terminal shows lines and columns, never a value."""
    rows = [person(1, email="anna at b.kz", iin="98765"), person(2, surname="?асымова"), person(3, surname="=1+1")]
    _code, lines = run_command(rows, "--json")
    text = "\n".join(lines)
    assert "Line 4, surname: the cell begins like a formula" in text
    assert not any(value in text for value in ("anna", "асымова", "1+1", "98765", "C000"))
