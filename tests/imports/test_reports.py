"""The report of an import that nobody watches: owed from its beginning, mailed whatever ends the process in between."""

import datetime as dt
import io
import os
import smtplib
import time

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from registry import tasks
from registry.admin import vocabulary_import
from registry.imports import crm_file, report, storage
from registry.imports.apply import cancel
from registry.imports.crm_file import CRMFile
from registry.management.commands.worker import Worker
from registry.management.line import Line
from registry.models import DataSubject, ImportRun, ImportSource, User
from tests import factories
from tests.queued import work

from .crm import csv_of, person

pytestmark = pytest.mark.django_db
PEOPLE = [person(number) for number in range(5)]


@pytest.fixture
def source(crm):
    return factories.save(ImportSource(operator=crm.operator, name="Bitrix24", report_to="crm@lapp.kz"))


@pytest.fixture
def scheduled(folder, source):
    """The command as cron starts it, over a file put there or over what is there: (exit code, errors)."""

    def run(content=None):
        if content is not None:
            path = folder / "people.csv"
            path.write_bytes(content)
            os.utime(path, (time.time() - 60,) * 2)
        return called("import_folder", operator="lapp", source=source.name, folder=str(folder))

    return run


@pytest.fixture
def by_command(tmp_path, crm):
    """import_subjects over bytes: (exit code, errors, lines printed)."""

    def run(content, **said):
        path = tmp_path / "people.csv"
        path.write_bytes(content)
        out = io.StringIO()
        return *called("import_subjects", str(path), operator="lapp", stdout=out, **said), out.getvalue().splitlines()

    return run


def called(name, *arguments, **options):
    err, code = io.StringIO(), 0
    try:
        call_command(name, *arguments, stderr=err, **{"stdout": io.StringIO()} | options)
    except SystemExit as stop:
        code = stop.code
    return code, err.getvalue().splitlines()


def told():
    """The number of the run and the state of every report mailed."""
    return [(int(each.subject.split("#")[1].split(":")[0]), each.subject.rpartition(": ")[2]) for each in mail.outbox]


def crash(*args, **kwargs):
    raise KeyboardInterrupt


def refuse(self, messages):
    raise smtplib.SMTPServerDisconnected


def misspell(self, messages):
    raise UnicodeEncodeError("ascii", "почта@lapp.kz", 0, 5, "ordinal not in range")


@pytest.fixture
def cut_off(monkeypatch, folder):
    """Kills the process of a scheduled import in the middle of its people."""

    def kill(scheduled, step="applying", seconds_ago=31):
        for vendor in crm_file.CHUNK_ROWS:
            monkeypatch.setitem(crm_file.CHUNK_ROWS, vendor, 2)
        with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
            broken.setattr(Line, "__call__", lambda self, run, done: run.state == step and crash())
            scheduled(csv_of(PEOPLE))
        run = ImportRun.objects.get()
        # As kill -9 leaves it, which says no last word.
        heard_of_at = timezone.now() - dt.timedelta(seconds=seconds_ago)
        ImportRun.objects.update(step_role="system", alive_at=heard_of_at, expires_at=None)
        assert (run.state, run.rows_done, mail.outbox) == (step, 2 if step == "applying" else 0, [])
        return run

    return kill


@pytest.fixture
def once_around(monkeypatch):
    """The worker's duties, once."""

    def act():
        worker, purge = Worker(), vocabulary_import.purge

        def then_stop():
            purge()
            worker.running = False

        with monkeypatch.context() as stopping:
            stopping.setattr(vocabulary_import, "purge", then_stop)
            worker.run()

    return act


def test_report_outlives_a_crash_before_it_is_mailed(scheduled, folder, monkeypatch):
    """Applied, then the power was cut: the next call mails that report, too, and the file is taken out of the way."""
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(report, "send", crash)
        scheduled(csv_of(PEOPLE))
    first = ImportRun.objects.get()
    assert (first.state, first.reported_at, (folder / "people.csv").exists()) == ("applied", None, True)
    assert scheduled() == (0, [])
    assert told() == [(first.pk, "applied"), (first.pk + 1, "applied")]
    assert "new: 5" in mail.outbox[0].body
    assert "Nothing changed in the register." in mail.outbox[1].body
    assert not (folder / "people.csv").exists()
    assert not ImportRun.objects.filter(reported_at=None).exists()


@pytest.mark.parametrize("fails", [refuse, misspell])
def test_report_waits_for_a_mail_server_that_is_away(scheduled, monkeypatch, fails):
    """Not mailed today, mailed by the next call, once, though the folder is empty by then."""
    with monkeypatch.context() as away:
        away.setattr(EmailBackend, "send_messages", fails)
        code, errors = scheduled(csv_of(PEOPLE))
        assert (code, len(errors)) == (3, 1)
    run = ImportRun.objects.get()
    assert (run.state, run.reported_at) == ("applied", None)
    assert (scheduled(), scheduled()) == ((0, []), (0, []))
    run.refresh_from_db()
    assert (told(), run.reported_at is None) == ([(run.pk, "applied")], False)


def test_worker_that_takes_a_scheduled_import_over_mails_its_report(scheduled, cut_off, queue):
    """The command was killed in the middle: the worker finishes the run and tells the mailbox."""
    run = cut_off(scheduled)
    tasks.take_over_cut_off()
    work()
    run.refresh_from_db()
    assert (run.state, run.new, told()) == ("applied", 5, [(run.pk, "applied")])
    assert run.reported_at is not None


def test_report_the_worker_cannot_mail_is_mailed_by_the_next_call(scheduled, cut_off, queue, monkeypatch, caplog):
    """The worker is no mail server's servant: it goes on, and the command makes good."""
    run = cut_off(scheduled)
    tasks.take_over_cut_off()
    with monkeypatch.context() as away:
        away.setattr(EmailBackend, "send_messages", refuse)
        work()
    assert f"Import #{run.pk}: its report was not mailed (SMTPServerDisconnected)" in caplog.text
    run.refresh_from_db()
    assert (run.state, run.reported_at, DBTaskResult.objects.get().status) == ("applied", None, "SUCCESSFUL")
    scheduled()
    assert (run.pk, "applied") in told()


@pytest.mark.parametrize("by_the_worker", [True, False])
def test_that_a_reading_was_cut_off_is_mailed_when_its_time_is_over(
    scheduled, cut_off, queue, once_around, by_the_worker
):
    """The worker read the file to its end, and nobody was there to have the plan applied: the mailbox learns that nothing was imported."""
    run = cut_off(scheduled, "planning")
    tasks.take_over_cut_off()
    work()
    run.refresh_from_db()
    assert (run.state, told()) == ("planned", [])
    ImportRun.objects.update(expires_at=timezone.now(), alive_at=timezone.now() - dt.timedelta(hours=1))
    if by_the_worker:
        once_around()
    assert told() == [(run.pk, "expired")] * by_the_worker
    scheduled()
    assert told() == [(run.pk, "expired"), (run.pk + 1, "applied")]
    assert "It was cut off before anything was written, and nobody went on with it in time." in mail.outbox[0].body
    assert "new:" not in mail.outbox[0].body
    assert report.owed() == []


def test_report_of_a_reading_that_was_cut_off_lasts_until_the_next_call(scheduled, cut_off):
    """No worker runs, and the CRM sends a file a month: what was owed the whole time is not thrown away with the reading."""
    run, week_ago = cut_off(scheduled, "planning", seconds_ago=30 * 24 * 3600), time.time() - 8 * 24 * 3600
    os.utime(storage._report_of(run.uid), (week_ago,) * 2)
    scheduled()
    assert told() == [(run.pk, "expired"), (run.pk + 1, "applied")]


def test_next_call_for_another_file_tells_of_an_import_that_was_cut_off(scheduled, cut_off):
    """No worker runs, and the file was replaced: nobody would go on with the import, so the mailbox is told, once."""
    run = cut_off(scheduled, seconds_ago=3601)
    assert [scheduled(csv_of([person(7)])), scheduled()] == [(0, [])] * 2
    assert told() == [(run.pk + 1, "applied"), (run.pk, "being applied")]
    assert "It stands at 2 of 5 rows, and no process is at it." in mail.outbox[1].body


def test_import_that_is_given_up_after_a_week_is_mailed(scheduled, cut_off, once_around):
    """By the worker, for nobody else may come: that it goes no further, and where it ended."""
    run = cut_off(scheduled, seconds_ago=8 * 24 * 3600)
    ImportRun.objects.update(step_role="")
    once_around()
    assert told() == [(run.pk, "given up")]
    assert "It was given up after 2 of 5 rows.\nNobody went on with it for a week.\n" in mail.outbox[0].body
    assert report.owed() == []


@pytest.mark.parametrize(("seconds_ago", "by_the_worker"), [(1, False), (31, True)])
def test_worker_mails_that_an_import_was_given_up_where_no_process_is_at_it(
    scheduled, cut_off, once_around, seconds_ago, by_the_worker
):
    """Whoever is at it notices after its rows, and tells of it itself."""
    run = cut_off(scheduled, seconds_ago=seconds_ago)
    cancel(run, by=None, role="system")
    once_around()
    assert told() == [(run.pk, "given up")] * by_the_worker


@pytest.mark.parametrize(("seconds_ago", "again"), [(31, csv_of([person(7)])), (3601, None)])
def test_import_that_may_still_be_gone_on_with_is_not_told_of(scheduled, cut_off, seconds_ago, again):
    """A worker may be about to take it over; and a call for the same file comes to its end before anything is told."""
    run = cut_off(scheduled, seconds_ago=seconds_ago)
    scheduled(again)
    assert told() == [(run.pk + 1 if again else run.pk, "applied")]


def test_error_of_the_program_is_mailed_once(scheduled, folder, monkeypatch):
    """It comes back with every call of cron, its report does not; when the program is repaired, that is told."""

    def broken(self, *args, **kwargs):
        raise ValueError("anna at b.kz")

    with monkeypatch.context() as wrong:
        wrong.setattr(CRMFile, "chunks", broken)
        assert [scheduled(csv_of(PEOPLE))[0], scheduled()[0]] == [2, 2]
    first = ImportRun.objects.earliest("pk")
    assert told() == [(first.pk, "file refused")]
    assert "Nothing was imported. An error of the program stopped the reading" in mail.outbox[0].body
    assert "anna" not in mail.outbox[0].body
    assert scheduled()[0] == 0
    assert told()[1:] == [(first.pk + 2, "applied")]


def test_error_in_the_middle_is_mailed_and_so_is_the_end(scheduled, monkeypatch):
    """Stopped with a part of the people written: the mailbox is told so, and again when the rest was done."""
    from registry.imports import apply as engine

    for vendor in crm_file.CHUNK_ROWS:
        monkeypatch.setitem(crm_file.CHUNK_ROWS, vendor, 2)
    whole = engine._with_retries

    def broken(run, *args):
        if run.rows_done:
            raise ValueError("anna at b.kz")
        return whole(run, *args)

    with monkeypatch.context() as wrong:
        wrong.setattr(engine, "_with_retries", broken)
        assert [scheduled(csv_of(PEOPLE))[0], scheduled()[0]] == [2, 2]
    run = ImportRun.objects.get()
    assert told() == [(run.pk, "being applied")]
    assert "It stopped after 2 of 5 rows, for an error that the log names" in mail.outbox[0].body
    assert scheduled()[0] == 0
    assert told()[1:] == [(run.pk, "applied")]
    assert "new: 5" in mail.outbox[1].body


def test_same_file_refused_again_is_told_again(scheduled):
    """What is wrong with it is the CRM's to repair: whoever sends it again hears again."""
    for _each in range(2):
        assert scheduled(b"Name\nAnna\n")[0] == 2
    assert [state for _run, state in told()] == ["file refused"] * 2


def test_nobody_is_told_of_what_was_imported_in_the_browser(scheduled, source, crm):
    """Whoever looks at the page has the report before their eyes."""
    run = crm.load(PEOPLE)
    ImportRun.objects.filter(pk=run.pk).update(source=source)
    scheduled()
    assert mail.outbox == []


def test_report_nobody_asks_for_any_more_lapses(crm, source):
    """The lists it points at are kept for a week: a day later nobody is told of the run."""
    run = crm.load(PEOPLE)
    storage.owe_report(run)
    storage.purge_expired(timezone.now() + dt.timedelta(days=6))
    assert [each.pk for each in report.owed()] == [run.pk]
    storage.purge_expired(timezone.now() + dt.timedelta(days=8))
    assert report.owed() == []


def test_command_mails_the_report_of_its_source(by_command, source, lapp):
    """import_subjects tells the mailbox of the source and whoever imports, as a folder does."""
    factories.make_user("registrar", lapp, username="aigul")
    User.objects.filter(username="aigul").update(email="aigul@lapp.kz")
    assert by_command(csv_of(PEOPLE), source="Bitrix24", by="aigul")[:2] == (0, [])
    run = ImportRun.objects.get()
    assert told() == [(run.pk, "applied")]
    assert mail.outbox[0].to == ["crm@lapp.kz", "aigul@lapp.kz"]
    assert run.reported_at is not None


def test_command_mails_what_became_of_a_refused_file(by_command, source, settings):
    """Refused as it was read, or for its size: the mailbox waits for a report either way."""
    with pytest.raises(CommandError, match="^No column holds the id"):
        by_command(b"Name\nAnna\n", source="Bitrix24")
    settings.IMPORT_MAX_BYTES = 5
    with pytest.raises(CommandError, match="^The file has more than the 5 bytes"):
        by_command(b"Name\nAnna\n", source="Bitrix24")
    assert [state for _run, state in told()] == ["file refused"] * 2
    assert "Source: Bitrix24" in mail.outbox[1].body


@pytest.mark.parametrize("said", [{"plan_only": True, "source": "Bitrix24"}, {"source": "Quiet"}, {"source": ""}])
def test_command_mails_nothing_where_there_is_nothing_to_tell(by_command, source, said):
    """A look at the plan, a source without a mailbox, no source: no report."""
    factories.save(ImportSource(operator=source.operator, name="Quiet"))
    by_command(csv_of(PEOPLE), **said)
    assert (mail.outbox, report.owed()) == ([], [])


def test_command_that_could_not_mail_is_exit_3_and_makes_good(by_command, source, monkeypatch):
    """The import stands; the next call for the source mails both reports."""
    with monkeypatch.context() as away:
        away.setattr(EmailBackend, "send_messages", refuse)
        code, errors, _lines = by_command(csv_of([*PEOPLE, person(9, email="x")]), source="Bitrix24")
    run = ImportRun.objects.get()
    assert (code, run.state, DataSubject.objects.count()) == (3, "applied", 5)
    assert errors == [
        f"The report of import #{run.pk} was not mailed (SMTPServerDisconnected): the next call tries again. The page of the "
        "import says the same."
    ]
    by_command(csv_of(PEOPLE), source="Bitrix24")
    assert told() == [(run.pk, "applied"), (run.pk + 1, "applied")]


def test_worker_mails_the_report_of_what_it_applies_for_the_command(by_command, source, queue):
    """--background: nothing is mailed before the people are there."""
    by_command(csv_of(PEOPLE), source="Bitrix24", background=True)
    assert mail.outbox == []
    work()
    assert told() == [(ImportRun.objects.get().pk, "applied")]


def test_no_report_names_anybody(scheduled):
    """Mail is read by many: counts and sentences only."""
    scheduled(csv_of([person(1, email="anna at b.kz"), person(2, surname="?асымова"), person(3, given_name="=1+1")]))
    text = mail.outbox[0].body
    assert not any(value in text for value in ("anna", "асымова", "1+1", "C000", "+7701"))
