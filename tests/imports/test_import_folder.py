"""manage.py import_folder: files of a remembered source, taken once, moved away, and reported by mail."""

import fcntl
import os
import smtplib

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError

from registry.imports import crm_file
from registry.imports.crm_file import CRMFile
from registry.models import DataSubject, ImportRun, JournalEntry, User
from tests import factories

from .crm import csv_of, person
from .scheduled import CONTENT, FIVE, names, put

pytestmark = pytest.mark.django_db


def test_files_are_imported_oldest_first_and_moved(command, folder, source):
    """As the source is remembered; what is done lies in done/, nothing else is touched."""
    put(folder, "b.csv", "crm_id;surname\nC1;Ахметов\n".encode(), seconds_ago=90)
    put(folder, "a.csv", "crm_id;surname\nC1;Ахметова\n".encode(), seconds_ago=60)
    put(folder, "notes.txt", b"not for us")
    code, lines, _errors = command()
    assert code == 0
    assert [line.partition(":")[0] for line in lines] == ["b.csv", "a.csv"]
    assert names(folder) == ["done/a.csv", "done/b.csv", "notes.txt"]
    subject = DataSubject.objects.get()
    assert (subject.surname, subject.language) == ("Ахметова", "kk")
    assert set(ImportRun.objects.values_list("source", "state")) == {(source.pk, "applied")}


def test_rows_left_are_exit_2_and_reported(command, folder):
    """The report names counts and lists, and nobody."""
    put(folder, "people.csv")
    code, lines, _errors = command()
    run = ImportRun.objects.get()
    assert code == 2
    assert lines == [
        f"people.csv: import #{run.pk}, 2 rows, 1 new, 0 changed, 0 same, 1 rejected, 0 stopped.",
    ]
    (report,) = mail.outbox
    assert (report.to, report.subject) == (["crm@lapp.kz"], f"CRM import #{run.pk}: applied")
    text = report.body.splitlines()
    assert text[:4] == ["Operator: lapp", "Source: Bitrix24, sales", "File: people.csv", "State: applied"]
    assert {"rows: 2", "new: 1", "rejected: 1", "On the page of the import, for a week: Rejected rows."} <= set(text)
    assert not any(value in report.body for value in ("anna", "Қасымова", "C000000", "http", "+7701"))


def test_file_refused_is_moved_aside_and_reported(command, folder):
    """One bad file does not keep the next from being imported; what its header holds is not mailed."""
    put(folder, "a.csv", "C1;Иванов\nC2;Петров\n".encode(), seconds_ago=90)
    put(folder, "b.csv", csv_of([person(1)]))
    code, lines, _errors = command()
    assert (code, names(folder)) == (2, ["done/b.csv", "refused/a.csv"])
    assert "a.csv: is refused: No column holds the id of the person in the CRM." in lines[0]
    assert "Nothing was imported. No column holds the id" in mail.outbox[0].body
    assert "Иванов" not in mail.outbox[0].body + lines[0]


def test_file_too_large_is_refused_and_reported(command, folder, settings):
    """Refused before it is read, and said so."""
    settings.IMPORT_MAX_BYTES = 10
    put(folder, "a.csv")
    assert command()[0] == 2
    assert "bytes allowed" in mail.outbox[0].body
    assert names(folder) == ["refused/a.csv"]


def test_same_file_again_changes_nothing_and_says_so(command, folder):
    """The CRM puts the same file there again: no history is written, the mailbox hears of it, and both copies are kept."""
    put(folder, "people.csv", csv_of([person(1)]))
    command()
    history = DataSubject.history.count()
    put(folder, "people.csv", csv_of([person(1)]))
    code, lines, _errors = command()
    run = ImportRun.objects.latest("pk")
    assert (code, lines) == (
        0,
        [f"people.csv: import #{run.pk}, 1 row, 0 new, 0 changed, 1 same, 0 rejected, 0 stopped."],
    )
    assert (names(folder), DataSubject.history.count()) == (["done/people-2.csv", "done/people.csv"], history)
    assert [("Nothing changed in the register." in report.body) for report in mail.outbox] == [False, True]


def test_register_follows_a_crm_that_goes_back(command, folder):
    """File A, then B, then A again, byte for byte: the register stands where the CRM does, at A."""
    for number, surname in enumerate(("Ахметова", "Оспанова", "Ахметова")):
        put(folder, f"{number}.csv", f"crm_id;surname\nC1;{surname}\n".encode())
        assert command()[0] == 0
        assert DataSubject.objects.get().surname == surname
    assert list(ImportRun.objects.order_by("pk").values_list("new", "changed")) == [(1, 0), (0, 1), (0, 1)]


def test_file_is_read_anew_where_its_source_was_corrected(command, folder, source):
    """The same bytes, but a column was said to be another field meanwhile."""
    content = "crm_id;surname;Tel\nC1;Ахметова;8 (701) 000-00-01\n".encode()
    put(folder, "people.csv", content)
    command()
    source.mapping = "Tel=phone"
    factories.save(source)
    put(folder, "people.csv", content)
    assert command()[0] == 0
    assert DataSubject.objects.get().phone == "+77010000001"


def test_file_that_is_still_written_waits(command, folder, monkeypatch):
    """Written to a moment ago, or while it was copied: the next time it may be whole."""
    put(folder, "new.csv", seconds_ago=-3600)  # a moment ago, however slow the machine is
    growing = put(folder, "growing.csv")
    from registry.management import importing

    whole = importing.stored

    def stored(path, *args):
        run = whole(path, *args)
        growing.write_bytes(CONTENT * 2)
        return run

    monkeypatch.setattr(importing, "stored", stored)
    for name in ("growing.csv", "new.csv"):
        code, lines, _errors = command()
        assert (code, lines[0]) == (2, f"{name}: is still being written, left for the next time.")
        assert (folder / name).exists() and not DataSubject.objects.exists()
        (folder / name).unlink()


def test_newer_file_waits_for_the_older_one(command, folder, monkeypatch):
    """The register follows the CRM: the older file, left for a passing error, must not overwrite what the newer one said."""
    put(folder, "old.csv", csv_of([person(1, phone="87010000001")]), seconds_ago=120)
    put(folder, "new.csv", csv_of([person(1, phone="87010000002")]))
    with monkeypatch.context() as broken:
        broken.setattr(CRMFile, "chunks", lambda *_args, **_kwargs: 1 / 0)
        code, lines, _errors = command()
    assert (code, lines) == (
        2,
        [
            "old.csv: was not imported for an error that the log names, left for the next time.",
            "1 newer file waits behind it, for the newest is to have the last word.",
        ],
    )
    assert command()[0] == 0
    assert (DataSubject.objects.get().phone, names(folder)) == ("+77010000002", ["done/new.csv", "done/old.csv"])


def test_plan_only_writes_and_moves_nothing(command, folder):
    """It says what would be done."""
    put(folder, "people.csv")
    code, lines, _errors = command("--plan-only")
    assert (code, "1 new, 0 changed, 0 same, 1 rejected" in lines[0]) == (2, True)
    assert (names(folder), DataSubject.objects.count(), mail.outbox) == (["people.csv"], 0, [])
    assert ImportRun.objects.get().state == "cancelled"


def test_file_cut_off_before_is_finished(command, folder, monkeypatch):
    """Killed in the middle, the next call goes on with the same run."""
    for vendor in crm_file.CHUNK_ROWS:
        monkeypatch.setitem(crm_file.CHUNK_ROWS, vendor, 2)
    put(folder, "people.csv", csv_of([person(number) for number in range(5)]))
    from registry.management.line import Line

    def crash(self, run, done):
        if run.state == "applying":
            raise KeyboardInterrupt

    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(Line, "__call__", crash)
        command()
    assert ImportRun.objects.get().rows_done == 2
    code, _lines, _errors = command()
    run = ImportRun.objects.get()
    assert (code, run.state, run.new, names(folder)) == (0, "applied", 5, ["done/people.csv"])


@pytest.mark.parametrize("same_times", [True, False])
def test_file_replaced_while_it_is_imported_waits(command, folder, after_two_rows, same_times):
    """The CRM has put another one there meanwhile: it is not moved away unread, however alike the two are."""
    before = put(folder, "people.csv", FIVE).stat()
    other = FIVE.replace(b"example", b"somewhe")

    def replaced(run):
        path = folder / "people.csv"
        path.write_bytes(other)
        if same_times:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    after_two_rows(replaced)
    code, lines, _errors = command()
    run = ImportRun.objects.get()
    assert (code, lines) == (
        2,
        [
            f"people.csv: import #{run.pk}, 5 rows, 5 new, 0 changed, 0 same, 0 rejected, 0 stopped.",
            "people.csv: was replaced meanwhile: the new file is left for the next time.",
        ],
    )
    assert (names(folder), (folder / "people.csv").read_bytes()) == (["people.csv"], other)


def test_mail_that_fails_undoes_nothing_and_is_exit_3(command, folder, monkeypatch):
    """The import stands; the one who runs it is told, and cron, too."""

    def refuse(self, messages):
        raise smtplib.SMTPRecipientsRefused({"crm@lapp.kz": (550, b"no such user")})

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    put(folder, "people.csv", csv_of([person(1)]))
    code, _lines, errors = command()
    run = ImportRun.objects.get()
    assert (code, run.state, names(folder)) == (3, "applied", ["done/people.csv"])
    assert errors == [
        f"The report of import #{run.pk} was not mailed (SMTPRecipientsRefused): the next call tries again. The page of the "
        "import says the same."
    ]


def test_error_of_the_program_shows_nobody(command, folder, monkeypatch, caplog):
    """What an error says may be a person's value: cron's mail gets a sentence, the file waits."""

    def broken(self, *args, **kwargs):
        raise ValueError("anna at b.kz")

    monkeypatch.setattr(CRMFile, "chunks", broken)
    put(folder, "people.csv")
    code, lines, errors = command()
    assert (code, names(folder)) == (2, ["people.csv"])
    assert lines == ["people.csv: was not imported for an error that the log names, left for the next time."]
    assert "anna" not in "".join(lines + errors)
    assert ImportRun.objects.get().refusal.startswith("An error of the program stopped the reading")


def test_user_imports_in_their_role_and_gets_the_report(command, folder, lapp):
    """--by acts in the role of that user, who is mailed beside the source's mailbox."""
    factories.make_user("registrar", lapp, username="aigul")
    User.objects.filter(username="aigul").update(email="aigul@lapp.kz")
    put(folder, "people.csv", csv_of([person(1)]))
    assert command("--by", "aigul")[0] == 0
    assert mail.outbox[0].to == ["crm@lapp.kz", "aigul@lapp.kz"]
    entry = JournalEntry.objects.get(action="import.apply")
    assert entry.actor == User.objects.get(username="aigul").pk
    factories.make_user("auditor", lapp, username="audit")
    with pytest.raises(CommandError, match="“audit” may not do this for lapp."):
        command("--by", "audit")


def test_two_at_once_in_one_folder_are_one(command, folder):
    """cron starts the next before the last has ended: the next one does nothing."""
    put(folder, "people.csv")
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(CommandError, match="^Another process is importing from this folder: nothing is done.$"):
        command()
    os.close(descriptor)


def test_links_and_missing_folders(command, folder, tmp_path):
    """A link into another folder is not followed; a folder that is not there is said."""
    (folder / "link.csv").symlink_to(put(tmp_path, "elsewhere.csv"))
    assert command()[:2] == (0, [f"There is no file to import in {folder}."])
    with pytest.raises(CommandError, match="nowhere cannot be read or written: No such file or directory."):
        command("--folder", str(tmp_path / "nowhere"))
    with pytest.raises(CommandError, match="^lapp has no source “1C”. Known are: “Bitrix24, sales”.$"):
        command("--source", "1C")
