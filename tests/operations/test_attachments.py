"""Files of cases: private, each there as long as its row."""

import os
import stat
import time
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import CaseAttachment, JournalEntry
from registry.operations import private_files
from registry.operations.attachments import FOLDER, attach, content_of, download_name
from tests import factories

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\nAn identity card"


@pytest.fixture(autouse=True)
def private(settings, tmp_path):
    settings.PRIVATE_DIR = tmp_path
    return tmp_path


@pytest.fixture
def request_(lapp):
    return factories.make_request(lapp)


def attached(case, content=PDF, name="card.pdf", by=None):
    with unit_of_work(by=by, role="system", operator=case.operator):
        return attach(case, name=name, content=content, by=by, at=timezone.now())


def files(private):
    return sorted(path for path in private.rglob("*") if path.is_file())


def test_file_lies_in_private_storage_under_no_name_of_its_own(
    request_, private, dpo, django_capture_on_commit_callbacks
):
    """Nobody else on the machine reads it, and its name on the disk tells nothing; the row says what it was called."""
    mask = os.umask(0)  # whatever whoever starts the process lets others read
    try:
        with django_capture_on_commit_callbacks(execute=True):
            attachment = attached(request_, name="C:\\docs\\../Қасымова\u202e Әсем.pdf\r\n", by=dpo)
    finally:
        os.umask(mask)
    (path,) = files(private)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path == private / attachment.path
    assert len(path.name) == 32 and path.suffix == ""
    assert attachment.name == "Қасымова Әсем.pdf"
    assert (attachment.media_type, attachment.size, attachment.added_by) == ("application/pdf", len(PDF), dpo)
    assert content_of(attachment) == PDF
    assert download_name(attachment) == f"{request_.number}-{attachment.pk}.pdf"
    assert "Қасымова" not in str(attachment) + JournalEntry.objects.last().body


def test_file_that_is_not_taken_leaves_nothing(request_, private):
    """A program under the name of a picture is refused, with what to do instead."""
    with pytest.raises(ValidationError, match="Files of this type are not taken"):
        attached(request_, b"MZ\x90\0", name="photo.jpg")
    assert not CaseAttachment.objects.exists()
    assert files(private) == []


def test_closed_case_takes_no_file(request_, private):
    """A closed case stays as it is; the file is not even written."""
    with unit_of_work(by=None, role="system"):
        request_.close_as("duplicate", by=None, at=timezone.now(), note="the same letter by post")
    with pytest.raises(ValidationError, match="closed and stays as it is"):
        attached(request_)
    assert files(private) == []


def test_file_of_what_was_rolled_back_goes(request_, private):
    """Without its row a file is nobody's: it never gets its name, and is deleted when no transaction can be its own."""
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        attached(request_)
        raise ZeroDivisionError
    (path,) = files(private)
    assert path.parent.name == "new"
    private_files.sweep(FOLDER, CaseAttachment)
    assert files(private) == [path]  # it may be another process's, which is about to commit
    grow_old(path)
    private_files.sweep(FOLDER, CaseAttachment)
    assert files(private) == []


def test_file_is_read_and_named_also_where_the_process_was_killed(request_, private):
    """Killed between the commit and the name: the file is read all the same, and gets its name from whoever comes next."""
    attachment = attached(request_)  # in a test nothing is committed, hence nothing named
    (path,) = files(private)
    assert content_of(attachment) == PDF
    grow_old(path)
    private_files.sweep(FOLDER, CaseAttachment)
    assert files(private) == [private / attachment.path]
    assert content_of(attachment) == PDF


def test_file_that_was_exchanged_is_not_handed_out(request_, private):
    """Whoever writes over a file on the disk is found out."""
    attachment = attached(request_)
    (path,) = files(private)
    path.write_bytes(b"%PDF-1.7\nSomebody else's card")
    with pytest.raises(ValueError, match=f"The file of attachment {attachment.pk} is not the one that was attached"):
        content_of(attachment)


def grow_old(path: Path):
    os.utime(path, (time.time() - 4000,) * 2)
