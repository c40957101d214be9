"""Reconcile looks whether the files of cases and messages are there, and are those that were kept."""

import pytest
from django.core.management import call_command
from django.utils import timezone

from registry.imports.mail_intake import file_message
from registry.journal import unit_of_work
from registry.models import CaseAttachment
from registry.operations.attachments import attach
from registry.operations.kept_files import findings
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
RAW = b"From: asem@example.kz\r\nTo: info@lapp.kz\r\nSubject: Hello\r\nMessage-ID: <1@x.kz>\r\n\r\nMy data, please.\r\n"
GONE = "its file is gone: restore it from a backup of the private folder"
ANOTHER = "its file is not the one that was kept: restore it from a backup of the private folder"


@pytest.fixture
def private(settings, tmp_path):
    settings.PRIVATE_DIR = tmp_path
    return tmp_path


@pytest.fixture
def attachment(lapp, private):
    case = factories.make_request(lapp)
    with unit_of_work(by=None, role="system", operator=lapp):
        return attach(case, name="Касымова.txt", content=b"My card", by=None, at=timezone.now())


@pytest.fixture
def message(lapp, private):
    return file_message(RAW, operator=lapp, by=None, role="system").message


def told():
    return [str(finding) for finding in findings()]


def test_files_as_they_were_kept_agree(attachment, message, private):
    """Also a file that has not got its name yet, of a process that was killed, and one that waits for its record."""
    (private / attachment.path).rename(private / "cases" / "new" / attachment.path.removeprefix("cases/"))
    (private / "messages" / "new" / "0").write_bytes(b"of a process that is still at it")
    assert told() == []


@pytest.mark.parametrize("kept", ["attachment", "message"])
@pytest.mark.parametrize("content", [None, b"Something else", RAW.replace(b"My", b"No")])
def test_file_that_is_gone_or_another_one_is_named_by_its_record(kept, content, request, private):
    """After a restore without the private folder, or where somebody was at it; never by what it was called."""
    record = request.getfixturevalue(kept)
    if content is None:
        (private / record.path).unlink()
    else:
        (private / record.path).write_bytes(content)
    assert told() == [f"{record._meta.model_name} {record.uid}: {ANOTHER if content else GONE}"]


def test_command_says_so(attachment, private, capsys):
    """With the other findings, and as a failure."""
    (private / attachment.path).unlink()
    with pytest.raises(SystemExit):
        call_command("reconcile")
    assert capsys.readouterr().out == f"caseattachment {attachment.uid}: {GONE}\n1 finding.\n"


def test_file_that_no_record_knows_is_named(attachment, private):
    """Somebody's data would lie there for ever: the folder is of a later backup than the database."""
    CaseAttachment.objects.all()._raw_delete("default")
    assert told() == [
        f"{attachment.path}: no record knows this file: it is of a register other than this one, or was put there"
    ]
