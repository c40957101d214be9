"""An audit export that fails leaves no personal value behind, nothing in the way of the next try, and no finished run."""

import errno
import io
import os
import zipfile

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.urls import reverse

from registry.exports import audit, runs
from registry.models import ExportRun
from tests.factories import make_subject

pytestmark = pytest.mark.django_db
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
FAILURES = {"full disk": (FULL, CommandError), "Ctrl+C": (KeyboardInterrupt(), KeyboardInterrupt)}
FAILURES["database gone"] = (OperationalError("the server closed the connection"), OperationalError)


@pytest.fixture
def subject(lapp, dpo):
    return make_subject(lapp, surname="Ахметова")


def export(path):
    options = {"operator": "lapp", "by": "natalia", "changes": "csv", "reason": "inspection"}
    call_command("export_audit", stdout=io.StringIO(), output=str(path), **options)


def fail_in_changes(monkeypatch, failure):
    """Journal and half of changes.csv are written then."""
    real = audit.write

    def write(file, pieces, *end):
        if not file.name.endswith("changes.csv.part"):
            return real(file, pieces, *end)
        file.write("Ахметова".encode())
        raise failure

    monkeypatch.setattr(audit, "write", write)


def fail_at_the_end(monkeypatch, failure):
    """Everything is written then, and nobody could be told."""

    def finish(*given, **said):
        raise failure

    monkeypatch.setattr(runs, "finish", finish)


@pytest.mark.parametrize("is_there", [False, True], ids=["new", "empty"])
@pytest.mark.parametrize("fail", [fail_in_changes, fail_at_the_end])
@pytest.mark.parametrize("name", FAILURES)
def test_failed_export_leaves_nothing(subject, tmp_path, monkeypatch, name, fail, is_there):
    """Whatever ends it, the directory is as it was before: the next try may have it."""
    out, (failure, raised) = tmp_path / "out", FAILURES[name]
    if is_there:
        out.mkdir()
    with monkeypatch.context() as patched:
        fail(patched, failure)
        with pytest.raises(raised):
            export(out)
    assert list(tmp_path.rglob("*")) == ([out] if is_there else [])
    assert ExportRun.objects.get().finished_at is None
    export(out)
    assert sorted(path.name for path in out.iterdir()) == [
        "README.txt", "changes.csv", "head.txt", "journal.jsonl", "verify_journal.py",
    ]  # fmt: skip


def test_failed_export_takes_nothing_of_others_along(subject, tmp_path, monkeypatch):
    """What somebody else put into the directory meanwhile stays, and the directory with it."""
    out = tmp_path / "out"

    def write(file, pieces, *end):
        (out / "notes.txt").write_text("mine")
        raise FULL

    monkeypatch.setattr(audit, "write", write)
    with pytest.raises(CommandError, match="out cannot be written: No space left on device."):
        export(out)
    assert [path.name for path in out.iterdir()] == ["notes.txt"]


def test_two_exports_do_not_share_a_directory(tmp_path):
    """One that was given the same empty directory while the first is at work fails, and leaves the files of the first."""
    first, second, out = audit.Directory(tmp_path / "out"), audit.Directory(tmp_path / "out"), tmp_path / "out"
    with first.file("journal.jsonl") as file:
        file.write(b"first")
    with pytest.raises(FileExistsError), second, second.file("journal.jsonl"):
        pass
    first.close()
    assert [(path.name, path.read_bytes()) for path in out.iterdir()] == [("journal.jsonl", b"first")]


def test_files_have_their_names_when_all_are_there(tmp_path):
    """Of an export that was killed no file passes for one of a whole trail."""
    directory = audit.Directory(tmp_path / "out")
    for name in ("journal.jsonl", "head.txt"):
        with directory.file(name) as file:
            file.write(b"whole")
        assert all(path.suffix == ".part" for path in directory.path.iterdir())
    directory.close()
    assert sorted(path.name for path in directory.path.iterdir()) == ["head.txt", "journal.jsonl"]
    assert {path.stat().st_mode & 0o777 for path in directory.path.iterdir()} == {0o600}


def test_archive_without_its_end_is_not_finished(subject, dpo, browser_client, monkeypatch):
    """The ZIP's list of files is written last: where there is no room for it the journal does not say that the export left."""

    def full(archive):
        raise FULL

    monkeypatch.setattr(zipfile.ZipFile, "_write_end_record", full)
    response = browser_client(dpo).post(reverse("admin:registry_exportrun_audit"), {"reason": ""})
    assert response.status_code == 503
    assert ExportRun.objects.get().finished_at is None
