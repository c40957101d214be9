"""What is kept of an upload: files nobody else reads, texts without anybody's values, each for its time."""

import datetime as dt
import os
from pathlib import Path

import pytest
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db import connection
from django.utils import timezone

from registry.admin import vocabulary_import
from registry.exports import xlsx
from registry.imports import storage
from registry.imports.apply import apply, cancel, take
from registry.imports.inspection import FileRefused
from registry.management.commands.worker import Worker
from registry.models import DataSubject, ImportRun, JournalEntry, ListedRow
from tests import factories

from .crm import person
from .undoing import crash, undone

pytestmark = pytest.mark.django_db
HEADLESS = "C1;Иванов;Иван;870101300123;ivan@example.kz;8 (701) 000-00-01\nC2;Петрова;Анна;;;\n".encode()


@pytest.fixture
def open_umask():
    """A machine that gives everybody every right to new files."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def stopped(crm, chunks_of_two):
    """An import of three people and a rejected row that stopped after the first two people."""
    run = crm.plan([person(1, email="x"), *(person(number) for number in range(2, 5))])
    with pytest.raises(KeyboardInterrupt):
        crm.apply(run, progress=crash)
    ImportRun.objects.update(step_began_at=timezone.now(), alive_at=None, step_role="")
    return ImportRun.objects.get()


def kept_texts(run):
    run.refresh_from_db()
    return f"{run.file_name} {run.refusal} {run.warnings} {run.mapping} {run.defaults}"


def test_file_refused_leaves_no_listed_rows(crm):
    """A quote left open in the last line refuses the whole file, with nothing kept of it."""
    with pytest.raises(FileRefused, match="^Line 3: a quote opened here"):
        crm.plan('crm_id;given_name\nC1;Әсем;x\nC2;"Әсем\n'.encode())
    assert (ImportRun.objects.get().state, ListedRow.objects.count()) == ("refused", 0)


def test_plan_refused_later_takes_its_listed_rows_with_it(crm):
    """The register changed since the plan, so the plan is refused: the rows that were kept for it go with its file."""
    run = crm.plan([person(1), person(2, email="x")])
    assert ListedRow.objects.count() == 1
    factories.make_purpose(crm.operator, "advertising")
    with pytest.raises(FileRefused):
        crm.apply(run)
    assert (ImportRun.objects.get().state, ListedRow.objects.count()) == ("refused", 0)
    assert not storage.file_of(run).exists()


def test_lists_of_rows_that_were_applied_stay_for_a_week(crm, chunks_of_two):
    """Refused in the middle: which rows were turned down until then is still to be corrected in the CRM. The file goes at once."""
    run = crm.plan([person(1, email="x"), *(person(number) for number in range(2, 6))])
    taken = take(run, token=run.token, by=None)

    def cut_off(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(taken, **crm.acting, progress=cut_off)
    factories.make_purpose(crm.operator, "advertising")
    with pytest.raises(FileRefused):
        apply(ImportRun.objects.get(), **crm.acting)
    run.refresh_from_db()
    assert (run.state, run.rows_done, list(crm.reasons(run))) == ("cancelled", 3, [2])
    assert not storage.file_of(run).exists() and not storage.plan_of(run).exists()
    storage.purge_expired(timezone.now() + dt.timedelta(days=6))
    assert ListedRow.objects.count() == 1
    storage.purge_expired(timezone.now() + dt.timedelta(days=8))
    run.refresh_from_db()
    assert (run.state, ListedRow.objects.count()) == ("cancelled", 0)


def test_file_beyond_the_limit_is_refused_and_told(crm, settings):
    """A file that grows beyond the limit is refused, deleted, and an entry of the journal."""
    settings.IMPORT_MAX_BYTES = 100
    with pytest.raises(FileRefused, match="^The file has more than the 100 bytes allowed"):
        crm.upload([person(1), person(2)])
    run = ImportRun.objects.get()
    assert (run.state, storage.file_of(run).exists()) == ("refused", False)
    assert JournalEntry.objects.get(action="import.reject").object_uid == run.uid


def given_up():
    run = ImportRun.objects.get()
    cancel(run, by=run.owner, role="registrar")


def out_of_time():
    storage.purge_expired(timezone.now() + dt.timedelta(hours=2))


def gone():
    ImportRun.objects.all().delete()


@pytest.mark.parametrize(("end", "state"), [(given_up, "cancelled"), (out_of_time, "expired"), (gone, None)])
def test_file_whose_run_ends_before_it_passes_the_limit_is_refused_all_the_same(crm, settings, end, state):
    """Given up in another tab while it arrives: that it is too large is told, the run stays as it was ended, and no byte stays."""
    settings.IMPORT_MAX_BYTES = 100

    def pieces():
        yield b"x" * 60
        end()
        yield b"x" * 60

    said = {"operator": crm.operator, "owner": None, "role": "system", "file_name": "people.csv"}
    with pytest.raises(FileRefused, match="^The file has more than the 100 bytes allowed") as refusal:
        storage.upload(**said, chunks=pieces())
    assert ImportRun.objects.values_list("state", flat=True).first() == state
    assert not storage.file_of(refusal.value.run).exists()
    assert not JournalEntry.objects.filter(action="import.reject").exists()


def test_expired_files_are_purged_and_unfinished_ones_kept(crm):
    """An hour after its last step a waiting file goes, with its rejected rows; one that is being applied stays."""
    waiting = crm.plan([person(1), person(2, email="x")])
    unfinished = crm.plan([person(3)])
    take(unfinished, token=unfinished.token, by=None)
    assert oct(storage.file_of(waiting).stat().st_mode)[-3:] == "600"
    hour = dt.timedelta(hours=1)
    storage.purge_expired(timezone.now() + hour - dt.timedelta(minutes=1))
    assert storage.file_of(waiting).exists()
    storage.purge_expired(timezone.now() + hour + dt.timedelta(minutes=1))
    waiting.refresh_from_db()
    assert (waiting.state, waiting.expires_at, waiting.token) == ("expired", None, "")
    assert not storage.file_of(waiting).exists()
    assert not storage.plan_of(waiting).exists()
    assert ListedRow.objects.count() == 0
    assert storage.file_of(unfinished).exists()


def test_import_that_nobody_goes_on_with_is_given_up_after_a_week(crm, stopped):
    """Its file is not kept for ever. What was applied stays and can be undone, and its lists are kept as of every import that ended."""
    began_at, day = stopped.step_began_at, dt.timedelta(days=1)
    storage.purge_expired(began_at + 6 * day)
    assert storage.file_of(stopped).exists() and storage.plan_of(stopped).exists()
    storage.purge_expired(began_at + 8 * day)
    stopped.refresh_from_db()
    assert (stopped.state, stopped.rows_done, stopped.refusal) == ("cancelled", 3, "Nobody went on with it for a week.")
    assert not storage.file_of(stopped).exists() and not storage.plan_of(stopped).exists()
    entry = JournalEntry.objects.get(action="import.cancel")
    assert (entry.object_uid, entry.operator, entry.actor) == (stopped.uid, "lapp", None)
    assert (DataSubject.objects.count(), list(crm.reasons(stopped))) == (2, [2])
    storage.purge_expired(began_at + 15 * day)
    undone(crm, stopped)
    assert (stopped.state, DataSubject.objects.count(), ListedRow.objects.count()) == ("undone", 0, 0)


def test_import_that_somebody_is_at_is_not_given_up(stopped):
    """However long ago it began: it is heard of."""
    now = timezone.now()
    ImportRun.objects.update(step_began_at=now - dt.timedelta(days=8), alive_at=now)
    storage.purge_expired(now)
    stopped.refresh_from_db()
    assert (stopped.state, storage.file_of(stopped).exists()) == ("applying", True)


def test_worker_deletes_what_has_had_its_time(crm, monkeypatch):
    """Also where nobody opens a page: files of people do not lie about over a week-end."""
    run = crm.plan([person(1), person(2, email="x")])
    ImportRun.objects.filter(pk=run.pk).update(expires_at=timezone.now() - dt.timedelta(minutes=1))
    vocabulary = vocabulary_import.folder() / "0123.csv"
    vocabulary.write_text("code;name_en\n")
    book = xlsx.private_folder() / "xlsx-of-a-killed-export"
    book.mkdir()
    for left in (vocabulary, book):
        os.utime(left, (0, 0))
    worker, purge = Worker(), vocabulary_import.purge

    def then_stop():
        purge()
        worker.running = False

    monkeypatch.setattr(vocabulary_import, "purge", then_stop)
    worker.run()
    run.refresh_from_db()
    kept = [storage.file_of(run).exists(), ListedRow.objects.exists(), vocabulary.exists(), book.exists()]
    assert (run.state, kept) == ("expired", [False, False, False, False])


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("C:\\crm\\people.csv", "people.csv"),
        ("a\u202egpj.csv", "agpj.csv"),
        ("x" * 300, "x" * 200),
        ("", "—"),
    ],
)
def test_name_of_the_file_is_only_shown(given, shown):
    """Files are stored under names made here; their own name is text for the eye."""
    assert storage.shown_name(given) == shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("people-20260722.csv", "people-20260722.csv"),
        ("crm_20260722103000.csv", "crm_20260722103000.csv"),
        ("Иванов 870101300123.csv", "Иванов ….csv"),
        ("87010000001 anna@example.kz.csv", "… …"),
    ],
)
def test_name_of_the_file_tells_nobodys_number(given, shown):
    """Dates stay in the name; an IIN, a phone or an address does not."""
    assert storage.shown_name(given) == shown


def test_rows_confirmed_while_purging_stay(crm):
    """A plan confirmed in the very moment its hour ends keeps its file and its rejected rows."""
    run = crm.plan([person(1), person(2, email="x")])
    confirmed = []

    def confirm_first(execute, sql, params, many, context):
        if not confirmed and not sql.startswith("SELECT"):
            confirmed.append(sql)
            ImportRun.objects.filter(pk=run.pk).update(state="applying", expires_at=None)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(confirm_first):
        storage.purge_expired(timezone.now() + dt.timedelta(hours=2))
    run.refresh_from_db()
    assert confirmed
    assert (run.state, ListedRow.objects.count()) == ("applying", 1)
    assert storage.file_of(run).exists()
    assert storage.plan_of(run).exists()


def test_files_are_private_whatever_the_machine_allows(crm, open_umask):
    """Upload and plan can be read by the service alone."""
    run = crm.plan([person(1)])
    take(run, token=run.token, by=None, reason="July")
    for path in (storage.file_of(run), storage.plan_of(run)):
        assert oct(path.stat().st_mode)[-3:] == "600"


def test_upload_never_writes_through_what_is_there(crm, tmp_path, monkeypatch):
    """A link laid out where the upload is to go is not followed."""
    victim, trap = tmp_path / "victim", tmp_path / "trap.csv"
    victim.write_text("mine")
    trap.symlink_to(victim)
    monkeypatch.setattr(storage, "file_of", lambda run: trap)
    with pytest.raises(FileExistsError):
        crm.upload([person(1)])
    assert victim.read_text() == "mine"


def test_file_without_a_header_tells_its_rows_to_nobody_else(crm):
    """The first row stands where the header should: whoever brought it sees it, the run keeps nothing of it."""
    run = crm.upload(HEADLESS)
    from registry.imports.plan import make_plan

    with pytest.raises(FileRefused, match="^No column holds the id of the person") as refusal:
        make_plan(run, **crm.acting)
    assert "Columns found: “C1”, “Иванов”, “Иван”" in refusal.value.told
    for value in ("Иванов", "Иван", "870101300123", "ivan@", "(701)", "7010000001"):
        assert value not in kept_texts(run)
        assert not JournalEntry.objects.filter(body__contains=value).exists()


@pytest.mark.parametrize("said", ["Иванов=uid", "Иванов", "Петров=surname"])
def test_what_was_said_in_vain_is_not_kept(crm, said):
    """A mapping that does not fit may quote somebody's row: the refusal that is kept does not."""
    run = crm.upload(HEADLESS)
    from registry.imports.crm_file import Said
    from registry.imports.plan import make_plan

    with pytest.raises(FileRefused) as refusal:
        make_plan(run, Said(mapping=(said,)), **crm.acting)
    assert said.partition("=")[0] in refusal.value.told
    assert "ов" not in kept_texts(run)


def test_row_taken_for_a_header_is_not_kept(crm):
    """Mapped by hand a row can be made the header: its cells are numbered in what is kept, the mapped ones too."""
    run = crm.plan(HEADLESS, mapping=("C1=crm_id", "Иванов=surname", "Иван="))
    assert run.mapping == [
        ["column 1", "crm_id"], ["column 2", "surname"], ["column 3", ""], ["column 4", ""], ["column 5", ""],
        ["column 6", ""],
    ]  # fmt: skip
    assert run.warnings[0] == "Columns not imported: “column 3”, “column 4”, “column 5”, “column 6”."
    assert run.new == 1


def test_defaults_of_personal_fields_are_not_kept(crm):
    """A value given for a whole file is kept with the run unless it is somebody's."""
    said = ("email=anna@example.kz", "agreement_number=A-17", "language=kk")
    run = crm.plan([person(1, email="", language="")], defaults=said)
    assert run.defaults == {"email": "…", "agreement_number": "…", "language": "kk"}
    assert "anna" not in kept_texts(run) and "A-17" not in kept_texts(run)


@pytest.mark.parametrize("hours", [0, 2])
def test_files_a_killed_process_left_go_an_hour_later(crm, hours, monkeypatch):
    """Killed between the end of the run and the end of its files: they hold everybody's data, and nobody asks for them again."""
    run = crm.plan([person(1)])
    other = crm.plan([person(2)])
    monkeypatch.setattr(storage, "discard", lambda run: None)
    crm.apply(run)
    monkeypatch.undo()
    run.refresh_from_db()
    assert run.expires_at is None and storage.file_of(run).exists()
    now = timezone.now() + dt.timedelta(hours=hours)
    ImportRun.objects.filter(pk=other.pk).update(expires_at=now + dt.timedelta(minutes=1))
    storage.purge_expired(now)
    assert storage.file_of(run).exists() == storage.plan_of(run).exists() == (hours == 0)
    assert storage.file_of(other).exists()


@pytest.mark.parametrize("end", ["applied", "cancelled", "undone"])
def test_files_a_killed_process_left_go_though_the_run_has_lists(crm, end, monkeypatch):
    """The rows turned down stay their week; the whole file does not stay with them, for its page says that it is deleted."""
    crm.load([person(3)])
    run = crm.plan([person(1), person(2, email="x")])
    monkeypatch.setattr(storage, "discard", lambda run: None)
    if end == "cancelled":
        cancel(run, **crm.acting)
    else:
        crm.apply(run)
    if end == "undone":
        undone(crm, run)
    monkeypatch.undo()
    storage.plan_of(run).with_suffix(".new").touch()
    run.refresh_from_db()
    assert (run.state, run.expires_at > timezone.now() + dt.timedelta(days=6)) == (end, True)
    storage.purge_expired()
    assert storage.file_of(run).exists()
    storage.purge_expired(timezone.now() + dt.timedelta(hours=2))
    assert list(storage.file_of(run).parent.glob(f"{run.uid.hex}.*")) == [storage.seen_of(run)]
    assert ListedRow.objects.filter(run=run).count() == 1


def test_uploads_a_killed_process_left_go_a_day_later(settings, tmp_path):
    """Django spools a large file to the disk before anybody sees it; what else lies in the folder is not touched."""
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    now = timezone.now()
    with TemporaryUploadedFile("people.csv", "text/csv", 1, None) as spooled:
        left = Path(spooled.temporary_file_path())
    fresh, other = tmp_path / "tmp1.upload.csv", tmp_path / "xlsx-a"
    for path, age in ((left, 24), (fresh, 23), (other, 24)):
        path.write_text("crm_id;surname")
        os.utime(path, ((now - dt.timedelta(hours=age)).timestamp(),) * 2)
    storage.purge_expired(now - dt.timedelta(seconds=1))
    assert left.exists()
    storage.purge_expired(now + dt.timedelta(seconds=1))
    assert sorted(tmp_path.iterdir()) == [fresh, other]


def test_purging_needs_no_folder_of_uploads(settings, tmp_path):
    """A machine on which nothing was ever uploaded."""
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "missing"
    storage.purge_expired()


def test_a_phone_with_blanks_is_not_kept_in_a_files_name():
    """However a number is grouped, it is somebody's; a date is not."""
    assert storage.shown_name("8 (701) 123 45 67.csv") == "….csv"
    assert storage.shown_name("leads +7 701 123-45-67.csv") == "leads ….csv"
    assert storage.shown_name("leads 2026-11-22 10-30.csv") == "leads 2026-11-22 10-30.csv"
